"""Finds photos by what they show: CLIP vectors, exactly or through an index, calibrated against the library's own."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.database.pool import Connection
from allinone.errors import InvalidRequest
from allinone.search.calibration import LEAST_BACKGROUND, MOST_BACKGROUND, Calibration, keep
from allinone.search.hits import Cutoff
from allinone.search.ranking import PictureHit
from allinone.search.scope import Scope
from allinone.search.statements import statement
from allinone.search.vector_index import HALVES, composed, settings
from allinone.tasks import together

MOST_PICTURE_HITS = 200
BACKGROUND_AGE = 600.0  # seconds a background is used before it is sampled again
MOST_BACKGROUNDS = 8  # of 2,000 x 512 numbers: 4 MiB each
MOST_DIMENSIONS = 1900  # a vector must fit into one page of the database

Vector = NDArray[np.float32]
Lend = Callable[[], AbstractAsyncContextManager[Connection]]
"""Lends a connection for a transaction."""

_Key = tuple[tuple[UUID, ...], str, int]
_Row = tuple[UUID, datetime | None, float]  # id, time taken, cosine
_cosine = itemgetter(2)


def unit_vector(vector: Vector) -> Vector:
    """`vector` with length 1.

    Raises:
        InvalidRequest: it is empty, zero, not finite, too long, or no vector at all.
    """
    values = np.asarray(vector, dtype=np.float32)
    if values.ndim != 1 or not 0 < values.size <= MOST_DIMENSIONS:
        message = f"A vector of 1 to {MOST_DIMENSIONS} numbers is needed; this one has shape {values.shape}."
        raise InvalidRequest(message)
    length = float(np.linalg.norm(values.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        message = "The vector is zero or has numbers that are not finite."
        raise InvalidRequest(message)
    return (values / length).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PictureQuestion:
    """Which vectors to compare with which."""

    vector: Vector  # of length 1
    model: str
    scope: Scope

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements."""
        return self.scope.parameters | {
            "vector": self.vector,
            "model": self.model,
            "dimensions": len(self.vector),
        }


class Backgrounds:
    """Sampled vectors of libraries, kept for a while; bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[_Key, tuple[float, Vector | None]] = OrderedDict()

    async def calibrate(self, connection: Connection, question: PictureQuestion) -> Calibration | None:
        """Measure the question's vector against its owners' photos, or everybody's where they have too few.

        None where these are too few as well.
        """
        key = (tuple(sorted(question.scope.owners)), question.model, len(question.vector))
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept[0] > BACKGROUND_AGE:
            sample = await _sample(connection, question, "background")
            if sample is None or len(sample) < LEAST_BACKGROUND:
                sample = await _sample(connection, question, "background_of_all")
            calibration = Calibration.of(sample, question.vector)
            if calibration is None:
                return None  # not kept: a small library grows past the bound at any moment
            kept = (self._clock(), sample)
            self._kept[key] = kept
            while len(self._kept) > MOST_BACKGROUNDS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return Calibration.of(kept[1], question.vector)


async def _sample(connection: Connection, question: PictureQuestion, name: str) -> Vector | None:
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement(name), question.parameters | {"most": MOST_BACKGROUND})
    rows = await cursor.fetchall()
    return np.stack([_array(embedding) for (embedding,) in rows]) if rows else None


def _array(embedding: object) -> Vector:
    to_numpy = getattr(embedding, "to_numpy", None)
    return np.asarray(to_numpy() if to_numpy else embedding, dtype=np.float32)


async def find_pictures(
    lend: Lend,
    question: PictureQuestion,
    calibration: Calibration | None,
    cutoff: Cutoff,
    *,
    lists: int = 0,
    most: int = MOST_PICTURE_HITS,
) -> list[PictureHit]:
    """The likest photos, as far as the cut-off lets them; through the index of so many `lists`, if any.

    With an index two connections are asked at the same time: hold none meanwhile.
    """
    indexed = lists and question.scope.within is None
    rows = await _nearest_indexed(lend, question, lists, most) if indexed else None
    if rows is None:
        async with lend() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement("nearest"), question.parameters | {"most": most})
            rows = await cursor.fetchall()
    kept = keep([similarity for _, _, similarity in rows], calibration, cutoff)
    return [
        PictureHit(asset_id, taken_at, similarity, calibration.z(similarity) if calibration else None)
        for asset_id, taken_at, similarity in rows[:kept]
    ]


async def _nearest_indexed(lend: Lend, question: PictureQuestion, lists: int, most: int) -> list[_Row] | None:
    """The nearest of both halves; None where one gave up before it had seen enough photos of these owners."""
    halves = await together(_nearest_of_half(lend, question, half, lists, most) for half in HALVES)
    if any(len(rows) < most for rows in halves):
        return None
    return sorted((row for rows in halves for row in rows), key=_cosine, reverse=True)[:most]


async def _nearest_of_half(lend: Lend, question: PictureQuestion, half: int, lists: int, most: int) -> list[_Row]:
    query = composed("nearest_indexed", question.model, len(question.vector), half)
    async with lend() as connection, connection.pipeline(), connection.transaction():
        await connection.execute(settings(lists))
        cursor = connection.cursor(binary=True)
        await cursor.execute(query, question.parameters | {"most": most})
        return await cursor.fetchall()


async def similarities(
    connection: Connection, question: PictureQuestion, asset_ids: Sequence[UUID]
) -> dict[UUID, float]:
    """The cosine of each of some assets that has a vector."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement("similarities"), question.parameters | {"assets": list(asset_ids)})
    return dict(await cursor.fetchall())


async def stored_vector(connection: Connection, asset_id: UUID, model: str, owners: Sequence[UUID]) -> Vector | None:
    """The vector of one asset; None where there is none, or it belongs to somebody else."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement("vector"), {"asset_id": asset_id, "model": model, "owners": list(owners)})
    row = await cursor.fetchone()
    return None if row is None else _array(row[0])
