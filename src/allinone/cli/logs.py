"""How our processes log: one line an event, on standard error."""

import logging
import os
import re
import sys

from rich.console import Console
from rich.logging import RichHandler

from allinone.errors import ConfigurationError

LEVELS = ("debug", "info", "warning", "error")
PLAIN = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

# Line breaks would let a file's name write lines of its own; escapes and directions would repaint a terminal.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class OneLine(logging.Formatter):
    """Shows what is no text, in names that come from outside, as \\xNN. Tracebacks stay as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the name is logging's
        """The line, without the traceback."""
        return _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], super().formatMessage(record))


def configure() -> None:
    """Set logging up by `ALLINONE_LOG_LEVEL`: in colour on a terminal, plain lines elsewhere.

    Raises:
        ConfigurationError: no such level.
    """
    level = os.environ.get("ALLINONE_LOG_LEVEL", "info").lower()
    if level not in LEVELS:
        message = f"ALLINONE_LOG_LEVEL is {level!r}; it may be one of {', '.join(LEVELS)}."
        raise ConfigurationError(message)
    handler: logging.Handler
    if sys.stderr.isatty():
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
