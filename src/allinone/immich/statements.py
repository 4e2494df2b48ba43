"""The SQL of this room, by file name."""

from functools import cache
from importlib import resources

# Dates outside Python's calendar count as unknown. Immich keeps the wall clock's time as if it were UTC.
TAKEN = """case when asset."localDateTime" >= '0001-01-02' and asset."localDateTime" < '9999-12-31'
    then asset."localDateTime" at time zone 'UTC' end"""


@cache
def statement(name: str, *, visible: bool = True) -> bytes:
    """The text of `queries/NAME.sql`.

    Args:
        name: of the file.
        visible: whether Immich's lines tell that they are hidden by an edit.

    {visible} in it stands for the condition that a line is shown, {taken} for when an asset was taken.
    """
    text = resources.files("allinone.immich").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
    text = text.replace("{visible}", 'line."isVisible"' if visible else "true").replace("{taken}", TAKEN)
    return text.strip().encode()
