"""Puts the text that is followed in Immich into the index, its lines in reading order."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from allinone.database.pool import Connection
from allinone.immich.texts import ImmichText
from allinone.search.index import AssetText, SearchIndex
from allinone.search.reading_order import reading_order
from allinone.wire.ocr import Box, OcrLine

GUESSED_SIZE = (4, 3)  # where Immich does not know a picture's proportions
UPRIGHT = 1.5  # how much higher than wide a line of vertical text is
FARTHEST = 1e9  # pixels


class FollowedIndex:
    """The index, as following fills it."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    async def give_way(self) -> None:
        """Let the searches in this process go first."""
        await self._index.give_way()

    async def put(self, texts: Sequence[ImmichText], connection: Connection) -> None:
        """Replace the text of these assets."""
        rows = await asyncio.to_thread(lambda: [_row(text) for text in texts])
        await self._index.put_texts(rows, connection=connection)

    async def remove(self, asset_ids: Sequence[UUID], connection: Connection) -> None:
        """Forget these assets."""
        if asset_ids:
            await self._index.remove(asset_ids, connection=connection)


def _row(text: ImmichText) -> AssetText:
    return AssetText(text.asset_id, text.version.shelf, text.version.taken_at, in_reading_order(text))


def in_reading_order(text: ImmichText) -> list[OcrLine]:
    """The lines as a person reads them; Immich keeps no order. Lines without a place that makes sense stand last."""
    size = (text.width, text.height) if text.width > 0 and text.height > 0 else GUESSED_SIZE
    corners = [_pixels(line.box, size) for line in text.lines]
    placed = [at for at, (xs, ys) in enumerate(corners) if all(-FARTHEST < number < FARTHEST for number in xs + ys)]
    boxes = [np.array(corners[at], np.float32).T for at in placed]
    vertical = [_is_vertical(*corners[at], text.lines[at].text) for at in placed]
    order = [placed[at] for at in reading_order(boxes, vertical)]
    return [text.lines[at] for at in [*order, *sorted(set(range(len(corners))).difference(placed))]]


def _pixels(box: Box, size: tuple[int, int]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The corners of a box: those across, those down."""
    (x1, y1, x2, y2, x3, y3, x4, y4), (width, height) = box, size
    return (x1 * width, x2 * width, x3 * width, x4 * width), (y1 * height, y2 * height, y3 * height, y4 * height)


def _is_vertical(xs: Sequence[float], ys: Sequence[float], text: str) -> bool:
    return len(text) > 1 and max(ys) - min(ys) > UPRIGHT * (max(xs) - min(xs))
