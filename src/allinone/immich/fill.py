"""Whether the index was ever filled with all of an Immich's text."""

from allinone.database.pool import Database
from allinone.immich.statements import statement


async def is_filled(database: Database) -> bool:
    """Whether a comparison of everything has come to its end, in this process or another.

    Raises:
        DatabaseUnavailable: our database does not answer.
    """
    async with database.connection() as own:
        row = await (await own.execute(statement("filled"))).fetchone()
    return bool(row and row[0])
