"""The SQL of this room, one statement a file in `queries/`."""

from functools import cache
from importlib import resources

from psycopg import sql


@cache
def statement(name: str) -> sql.SQL:
    """The statement in `queries/NAME.sql`."""
    return sql.SQL(resources.files("allinone.library").joinpath("queries", f"{name}.sql").read_text("utf-8"))
