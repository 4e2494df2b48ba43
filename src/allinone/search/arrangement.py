"""The order in which photos' text lies in the tables: that of time, in which it is read.

A search looks at hundreds of the newest photos that have a word. Where these lie together they are on a few pages,
which are at hand. An Immich is read for the first time by the ids of its photos, which are random: of a million each
lies on a page of its own then, and a search for a common word takes PostgreSQL half as long again.
"""

from allinone.search.index_building import making
from allinone.search.statements import statement

WORTHWHILE = 100_000
"""Photos with text from which on it is done: fewer are at hand wherever they lie."""

ORDERED = 0.5
"""The correlation of place and time below which it is done. What is new goes to the end and keeps it near 1: a good
part of all texts must have been written again to bring it down so far."""


async def arrange(dsn: str) -> bool:
    """Put the text tables into the order of time where they are not in it; whether it was done.

    Searches go on meanwhile, writers wait: some 10 s of a hundred thousand photos, two minutes of a million. All is
    done in one transaction, so it may be interrupted at any moment. Nothing is done while another process makes an
    index.

    Raises:
        psycopg.Error: somebody held the tables for too long, or the disk has no room for them twice; nothing changed.
    """
    async with making(dsn) as connection:
        if connection is None:
            return False
        asked = {"least": WORTHWHILE, "ordered": ORDERED}
        row = await (await connection.execute(statement("scattered"), asked)).fetchone()
        if row is None or not row[0]:
            return False
        async with connection.transaction():
            await connection.execute(statement("arrange"))
        return True
