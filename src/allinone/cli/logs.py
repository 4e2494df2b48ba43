"""How our processes log: one line an event, on standard error."""

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.logging import RichHandler

from allinone.errors import ConfigurationError
from allinone.http.correlation import CURRENT

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
FIELDS = ("method", "path", "status", "ms")
"""What some events tell besides their message."""
PLAIN = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

# Line breaks would let a file's name write lines of its own; escapes and directions would repaint a terminal.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class OneLine(logging.Formatter):
    """Shows what is no text, in names that come from outside, as \\xNN. Tracebacks stay as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the name is logging's
        """The line, without the traceback."""
        return _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], super().formatMessage(record))


class JsonLine(logging.Formatter):
    """One JSON object an event, with the number of the request it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := CURRENT.get():
            line["request_id"] = request
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure() -> None:
    """Set logging up by `ALLINONE_LOG_LEVEL` and `ALLINONE_LOG_FORMAT`: in colour on a terminal, plain lines elsewhere,
    or JSON.

    Raises:
        ConfigurationError: no such level or format.
    """
    level = os.environ.get("ALLINONE_LOG_LEVEL", "info").lower()
    if level not in LEVELS:
        message = f"ALLINONE_LOG_LEVEL is {level!r}; it may be one of {', '.join(LEVELS)}."
        raise ConfigurationError(message)
    form = os.environ.get("ALLINONE_LOG_FORMAT", "text").lower() or "text"
    if form not in FORMATS:
        message = f"ALLINONE_LOG_FORMAT is {form!r}; it may be one of {', '.join(FORMATS)}."
        raise ConfigurationError(message)
    handler: logging.Handler
    if form == "json":
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLine())
    elif sys.stderr.isatty():
        handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        handler.setFormatter(OneLine("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(PLAIN))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("allinone").setLevel(level.upper())
    # What these two say of a database that is away, with tracebacks, our own lines say once.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
