"""The text of Immich's assets, as its rows have it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import groupby
from operator import xor
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
    """Assets from the rows of `texts`, in which those of an asset come one after the other."""
    # By the number of the id, which takes a tenth of the id's own time to compare.
    return [_text(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row[0].int)]


def _text(rows: Sequence[Sequence[Any]]) -> ImmichText:
    """An asset from its rows."""
    asset_id, owner, visibility, trashed, taken, width, height, line_id, *_ = rows[0]
    with_line = rows if line_id is not None else []
    digest = reduce(xor, (row[8] for row in with_line), 0)
    version = version_of((owner, visibility, trashed, taken, len(with_line), digest))
    return ImmichText(asset_id, version, width or 0, height or 0, tuple(map(_line, with_line)))


def _line(row: Sequence[Any]) -> OcrLine:
    x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score = row[10:20]
    return OcrLine(row[9], (x1, y1, x2, y2, x3, y3, x4, y4), box_score, text_score)
