"""The SQL of this room, by file name."""

import re
from functools import cache
from importlib import resources

_PART = re.compile(r"\{(asset_[a-z]+)\}")


@cache
def statement(name: str) -> bytes:
    """The text of `queries/NAME.sql`; where it says {asset_...}, the file of that name stands in."""
    return _PART.sub(lambda part: _read(part[1]), _read(name)).encode()


def _read(name: str) -> str:
    return resources.files("allinone.library").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8").rstrip()
