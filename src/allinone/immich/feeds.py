"""Immich's change feeds: which assets changed since we last looked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from allinone.immich.database import ImmichSchema

OVERLAP = timedelta(seconds=60)
"""Rows get their position when they are written and are seen when their transaction commits: as long as this after a
position was read, smaller ones may still appear."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A query of `queries/`, ordered by position: a UUIDv7, or a time.

    Attributes:
        name: what its position is kept under, and the name of the query.
        by_time: positions are times.
    """

    name: str
    by_time: bool = False

    def at(self, moment: datetime) -> str:
        """The position that all rows written after `moment` are beyond."""
        if self.by_time:
            return moment.astimezone(UTC).isoformat()
        milliseconds = max(0, int(moment.timestamp() * 1000))
        return str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62)))

    def start(self, kept: str | None, now: datetime) -> str:
        """Where to read from: what was kept, less the overlap. `now` is the clock of Immich's database."""
        recent = self.at(now - OVERLAP)
        if kept is None:
            return recent
        return min(kept, recent, key=self._order)

    def later(self, one: str, other: str) -> str:
        """The position further on."""
        return max(one, other, key=self._order)

    def _order(self, position: str) -> datetime | UUID:
        return datetime.fromisoformat(position) if self.by_time else UUID(position)


def feeds_of(schema: ImmichSchema) -> list[Feed]:
    """The feeds that this version of Immich has."""
    found = []
    if schema.has("asset_ocr.updateId"):
        found.append(Feed("feed_ocr"))
    elif schema.has("asset_job_status.ocrAt"):
        found.append(Feed("feed_ocr_time", by_time=True))
    for name, column in (
        ("feed_ocr_deleted", "asset_ocr_audit.id"),
        ("feed_asset", "asset.updateId"),
        ("feed_asset_deleted", "asset_audit.id"),
    ):
        if schema.has(column):
            found.append(Feed(name))
    return found
