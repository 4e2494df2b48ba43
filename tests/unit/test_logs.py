import json
import logging
from datetime import datetime

from allinone.cli.logs import PLAIN, JsonLine, OneLine
from allinone.http.correlation import CURRENT


def test_a_name_cannot_write_lines_of_its_own_or_repaint_a_terminal():
    name = "a\nINFO all is well\r\x1b[31m\u202egpj.exe 發票.jpg"
    record = logging.LogRecord("allinone", logging.WARNING, "", 0, "%s cannot be read", (name,), None)
    line = OneLine(PLAIN).format(record)
    assert line.endswith(r": a\nINFO all is well\r\x1b[31m\u202egpj.exe 發票.jpg cannot be read")


def test_tracebacks_keep_their_lines():
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (type(error), error, error.__traceback__))
    assert len(OneLine(PLAIN).format(record).splitlines()) > 3


def test_json_lines_say_which_request_they_belong_to() -> None:
    record = logging.LogRecord("allinone.x", logging.WARNING, "", 0, "a\nb %s", ("發票",), None)
    record.status, record.ms = 200, 1.5
    token = CURRENT.set("number 7")
    try:
        line = JsonLine().format(record)
    finally:
        CURRENT.reset(token)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["level"], found["logger"]) == ("a\nb 發票", "warning", "allinone.x")
    assert (found["request_id"], found["status"], found["ms"]) == ("number 7", 200, 1.5)
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
    assert "request_id" not in json.loads(JsonLine().format(record))
