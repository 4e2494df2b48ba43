"""How common tokens are, as PostgreSQL has sampled it: tells how much of a library must be asked for enough photos."""

import time
from collections.abc import Callable, Mapping

from allinone.database.pool import Connection
from allinone.search.statements import statement

AGE = 300.0  # seconds a sample is used; PostgreSQL takes a new one when a tenth of the rows has changed


class Commonness:
    """The shares of photos that have the most common tokens, remembered for a while.

    A share that is wrong costs time, never photos. A database that has not been analysed has none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, Mapping[str, float]] | None = None

    async def shares(self, connection: Connection) -> Mapping[str, float]:
        """Of the three thousand or so most common tokens, the share of all photos with text, 0..1 and above 0."""
        if self._kept is None or self._clock() - self._kept[0] > AGE:
            cursor = await connection.execute(statement("common_tokens"))
            self._kept = self._clock(), dict(await cursor.fetchall())
        return self._kept[1]
