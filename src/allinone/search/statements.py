"""The SQL of this room, by file name."""

from functools import cache
from importlib import resources

INDEX_ONLY = (
    "select set_config('enable_seqscan', 'off', false), set_config('max_parallel_workers_per_gather', '0', false)"
)
"""Settings to ask for candidates with: PostgreSQL does not know what reading tokens costs, nor that candidates are few.
They are the session's, for set with each question they took an eighteenth of a search."""

PLANNED_ONCE = f"{INDEX_ONLY}, set_config('plan_cache_mode', 'force_generic_plan', false)"
"""The same, with the plan that a connection made before: which words are asked for makes no difference to it."""


@cache
def statement(name: str) -> bytes:
    """The text of `queries/NAME.sql`."""
    return resources.files("allinone.search").joinpath("queries", f"{name}.sql").read_bytes()
