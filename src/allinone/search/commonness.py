"""How common tokens are, as PostgreSQL has sampled it: tells how much of a library must be asked for enough photos."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from allinone.database.pool import Connection
from allinone.search.statements import statement
from allinone.search.tokens import BEGINNING

AGE = 300.0  # seconds a sample is used; PostgreSQL takes a new one when a tenth of the rows has changed


class Commonness:
    """The shares of photos that have the most common tokens, remembered for a while.

    A share that is wrong costs time, never photos. A database that has not been analysed has none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, Mapping[str, float]] | None = None

    async def shares(self, connection: Connection) -> Mapping[str, float]:
        """Of the three thousand or so most common tokens, the share of all photos with text, 0..1 and above 0.

        Of what they begin with, too, marked by BEGINNING.
        """
        if self._kept is None or self._clock() - self._kept[0] > AGE:
            cursor = await connection.execute(statement("common_tokens"))
            self._kept = self._clock(), with_beginnings(await cursor.fetchall())
        return self._kept[1]


def with_beginnings(tokens: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The shares of tokens, and of what they begin with: as if no token told of another."""
    shares = dict(tokens)
    without: defaultdict[str, float] = defaultdict(lambda: 1.0)
    for token, share in shares.items():
        for length in range(1, len(token) + 1):
            without[token[:length] + BEGINNING] *= 1.0 - share
    return shares | {beginning: 1.0 - rest for beginning, rest in without.items() if rest < 1.0}
