import logging

from allinone.cli.logs import PLAIN, OneLine


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
