"""The text of Immich's assets, as its rows have it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from allinone.database.pool import Connection
from allinone.immich.shelves import shelf
from allinone.wire.ocr import OcrLine


@dataclass(frozen=True, slots=True)
class Version:
    """What tells whether an asset's text in the index is what Immich has.

    Attributes:
        shelf: see `shelves`.
        taken_at: on the wall clock where it was taken.
        lines: how many are visible.
        digest: of their ids; lines are never changed, only replaced.
    """

    shelf: UUID
    taken_at: datetime | None
    lines: int
    digest: int


@dataclass(frozen=True, slots=True)
class ImmichText:
    """An asset's visible lines, in no order; `width`, `height` in pixels, 0 where not known."""

    asset_id: UUID
    version: Version
    width: int
    height: int
    lines: tuple[OcrLine, ...]


class TextIndex(Protocol):
    """Holds the text. Calls with a connection are part of its transaction."""

    async def give_way(self) -> None:
        """Return when there is room for writing; asked before anything is held."""

    async def put(self, texts: Sequence[ImmichText], connection: Connection) -> None:
        """Replace the text of these assets."""

    async def remove(self, asset_ids: Sequence[UUID], connection: Connection) -> None:
        """Forget these assets; unknown ones are no error."""


def version_of(row: Sequence[Any]) -> Version:
    """From a row of `digests`, without its id: owner, visibility, trashed, taken, lines, digest."""
    owner, visibility, trashed, taken, lines, digest = row
    return Version(shelf(owner, visibility, trashed=trashed), taken, lines, digest)


def gather(rows: Iterable[Sequence[Any]]) -> list[ImmichText]:
    """Assets from the rows of `texts`."""
    heads: dict[UUID, Sequence[Any]] = {}
    lines: dict[UUID, list[tuple[UUID, OcrLine]]] = {}
    digests: dict[UUID, int] = {}
    for row in rows:
        asset_id, line_id = row[0], row[7]
        heads.setdefault(asset_id, row)
        if line_id is not None:
            lines.setdefault(asset_id, []).append((line_id, _line(row)))
            digests[asset_id] = digests.get(asset_id, 0) ^ row[8]
    return [
        ImmichText(
            asset_id,
            version_of((*head[1:5], len(lines.get(asset_id, ())), digests.get(asset_id, 0))),
            head[5] or 0,
            head[6] or 0,
            tuple(line for _, line in sorted(lines.get(asset_id, ()), key=lambda pair: pair[0])),
        )
        for asset_id, head in heads.items()
    ]


def _line(row: Sequence[Any]) -> OcrLine:
    x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score = row[10:20]
    return OcrLine(row[9], (x1, y1, x2, y2, x3, y3, x4, y4), box_score, text_score)
