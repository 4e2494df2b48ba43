"""The SQL of this room, by file name."""

from functools import cache
from importlib import resources

INDEX_ONLY = (
    "select set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
"""For one transaction: PostgreSQL does not know what reading tokens costs, nor that candidates are few."""


@cache
def statement(name: str) -> bytes:
    """The text of `queries/NAME.sql`."""
    return resources.files("allinone.search").joinpath("queries", f"{name}.sql").read_bytes()
