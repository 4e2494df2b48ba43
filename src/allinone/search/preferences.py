"""How somebody wants text and pictures weighed, kept for all of their searches."""

from dataclasses import dataclass, replace
from uuid import UUID

from allinone.database.pool import Database
from allinone.errors import InvalidRequest
from allinone.search.hits import Cutoff, Fusion, RankRequest
from allinone.search.statements import statement


@dataclass(frozen=True, slots=True)
class Preference:
    """What somebody chose; None is as usual."""

    picture_weight: float | None = None
    cutoff: Cutoff | None = None
    fusion: Fusion | None = None

    def applied(self, request: RankRequest) -> RankRequest:
        """The request with what was chosen in place of the defaults."""
        chosen = {"picture_weight": self.picture_weight, "cutoff": self.cutoff, "fusion": self.fusion}
        return replace(request, **{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]


class Preferences:
    """Everybody's preferences. All methods raise DatabaseUnavailable where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UUID) -> Preference:
        """What somebody chose; nothing, where they never did."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement("preference"), {"user_id": user_id})
            row = await cursor.fetchone()
        return Preference() if row is None else Preference(*row)

    async def put(self, user_id: UUID, preference: Preference) -> None:
        """Keep what somebody chose, in place of what they chose before.

        Raises:
            InvalidRequest: the weight is not from 0 to 1.
        """
        weight = preference.picture_weight
        if weight is not None and not 0.0 <= weight <= 1.0:
            message = f"picture_weight must be from 0 (text alone counts) to 1, not {weight}."
            raise InvalidRequest(message)
        row = {
            "user_id": user_id,
            "picture_weight": weight,
            "cutoff": preference.cutoff,
            "fusion": preference.fusion,
        }
        async with self._database.connection() as connection:
            await connection.execute(statement("put_preference"), row)
