"""Puts the text that is followed in Immich into the index, its lines in reading order."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from allinone.database.pool import Connection
from allinone.immich.texts import ImmichText
from allinone.search.index import AssetText, SearchIndex
from allinone.search.reading_order import reading_order
from allinone.wire.ocr import OcrLine

GUESSED_SIZE = (4, 3)  # where Immich does not know a picture's proportions
UPRIGHT = 1.5  # how much higher than wide a line of vertical text is


class FollowedIndex:
    """The index, as following fills it."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    async def put(self, texts: Sequence[ImmichText], connection: Connection) -> None:
        """Replace the text of these assets. Searches in this process go first."""
        await self._index.give_way()
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
    corners = [np.array(line.box, dtype=np.float64).reshape(4, 2) * size for line in text.lines]
    placed = [at for at, box in enumerate(corners) if np.isfinite(box).all() and np.abs(box).max() < 1e9]
    boxes = [corners[at].astype(np.float32) for at in placed]
    vertical = [_is_vertical(box, text.lines[at].text) for box, at in zip(boxes, placed, strict=True)]
    order = [placed[at] for at in reading_order(boxes, vertical)]
    return [text.lines[at] for at in [*order, *(at for at in range(len(corners)) if at not in set(placed))]]


def _is_vertical(box: np.ndarray[tuple[int, ...], np.dtype[np.float32]], text: str) -> bool:
    width, height = np.ptp(box[:, 0]), np.ptp(box[:, 1])
    return len(text) > 1 and bool(height > UPRIGHT * width)
