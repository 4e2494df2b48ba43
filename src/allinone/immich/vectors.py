"""Immich's vectors of pictures, compared where they are."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.immich.database import ImmichDatabase
from allinone.immich.statements import statement

SAMPLE_SECONDS = 600.0  # a sample's age from which it is drawn again
MOST_SAMPLES = 8  # of 2,000 x 512 numbers: 4 MiB each
SAMPLE = 2000
FEW = 50  # photos; mean and deviation of fewer say nothing

Vector = NDArray[np.float32]


class ImmichVectors:
    """Reads `smart_search`."""

    def __init__(self, immich: ImmichDatabase, clock: Callable[[], float] = time.monotonic) -> None:
        self._immich = immich
        self._clock = clock
        self._samples: OrderedDict[tuple[UUID, ...], tuple[float, Vector | None]] = OrderedDict()
        self._drawing: dict[tuple[UUID, ...], asyncio.Task[Vector | None]] = {}

    async def similarities(self, vector: Vector, asset_ids: Sequence[UUID]) -> dict[UUID, float]:
        """The cosine of `vector` with each of the assets that has one of its length.

        Raises:
            DatabaseUnavailable: Immich's database cannot be read, or its vectors have another length.
        """
        if not asset_ids:
            return {}
        text = "[" + ",".join(map(str, vector.tolist())) + "]"
        async with self._immich.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement("similarities"), {"vector": text, "assets": list(asset_ids)})
            return dict(await cursor.fetchall())

    async def sample(self, owners: Sequence[UUID]) -> Vector | None:
        """Unit vectors of some photos of `owners`, or of everybody's where they have few, shape (n, dim).

        None where there are none.

        An old sample is used while a new one is drawn.

        Raises:
            DatabaseUnavailable: Immich's database cannot be read.
        """
        key = tuple(sorted(owners))
        kept = self._samples.get(key)
        if kept is not None and self._clock() - kept[0] <= SAMPLE_SECONDS:
            self._samples.move_to_end(key)
            return kept[1]
        drawing = self._drawing.get(key)
        if drawing is None:
            drawing = self._drawing[key] = asyncio.create_task(self._draw(key), name="sample of vectors")
            drawing.add_done_callback(lambda task: self._drawn(key, task))
        if kept is not None:
            return kept[1]
        return await asyncio.shield(drawing)

    async def close(self) -> None:
        """End what is being drawn."""
        tasks = list(self._drawing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _drawn(self, key: tuple[UUID, ...], task: asyncio.Task[Vector | None]) -> None:
        self._drawing.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits for it was told; nobody else needs to know

    async def _draw(self, key: tuple[UUID, ...]) -> Vector | None:
        async with self._immich.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement("background"), {"owners": list(key), "most": SAMPLE})
            rows = await cursor.fetchall()
            if len(rows) < FEW:
                await cursor.execute(statement("background_of_all"), {"most": SAMPLE})
                rows = await cursor.fetchall()
        sample = await asyncio.to_thread(_unit_rows, [row[0] for row in rows]) if rows else None
        self._samples[key] = (self._clock(), sample)
        while len(self._samples) > MOST_SAMPLES:
            self._samples.popitem(last=False)
        return sample


def _unit_rows(embeddings: Sequence[object]) -> Vector:
    rows = np.stack(
        [np.asarray(getattr(one, "to_numpy", lambda one=one: one)(), dtype=np.float32) for one in embeddings]
    )
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vector = rows / np.maximum(lengths, 1e-12)
    return unit


def _array(embedding: object) -> Vector:
    to_numpy = getattr(embedding, "to_numpy", None)
    return np.asarray(to_numpy() if to_numpy else embedding, dtype=np.float32)
