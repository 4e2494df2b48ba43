"""How like a query photos are, measured by Immich's own vectors."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.errors import AllInOneError
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.immich.vectors import ImmichVectors
from allinone.search.calibration import KEPT_Z, Calibration
from allinone.search.ranking import PictureHit

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a query pictures are; without a calibration only their order counts."""

    similarities: Mapping[UUID, float]
    calibration: Calibration | None

    def hit(self, asset_id: UUID, taken_at: datetime | None) -> PictureHit | None:
        """One picture; None where it has no vector."""
        similarity = self.similarities.get(asset_id)
        if similarity is None:
            return None
        z = self.calibration.z(similarity) if self.calibration else None
        return PictureHit(asset_id, taken_at, similarity, z)

    def with_more(self, other: "Likeness") -> "Likeness":
        """This one with other pictures, measured beside the same background."""
        return Likeness({**self.similarities, **other.similarities}, self.calibration)

    @property
    def least(self) -> float | None:
        """The cosine from which pictures are like enough."""
        if self.calibration is None:
            return None
        return self.calibration.mean + KEPT_Z * self.calibration.deviation


async def measure(
    vectors: ImmichVectors, vector: Vector, owners: Sequence[UUID], asset_ids: Sequence[UUID]
) -> Likeness:
    """Compare pictures with a query, and with the other photos of the same owners.

    Raises:
        DatabaseUnavailable: Immich's database cannot be read.
    """
    similarities, sample = await asyncio.gather(vectors.similarities(vector, asset_ids), vectors.sample(owners))
    usable = sample is not None and sample.shape[1] == len(vector)
    return Likeness(similarities, Calibration.of(sample, vector) if usable else None)


def by_order(asset_ids: Sequence[UUID]) -> Likeness:
    """Where nothing could be measured: Immich's order is all there is."""
    return Likeness({asset_id: 1.0 - 1e-4 * place for place, asset_id in enumerate(asset_ids)}, None)


class LikenessMeter:
    """Measures within a time; where that fails, Immich's order stands in, and it is counted."""

    def __init__(self, vectors: ImmichVectors, metrics: ImmichSearchMetrics, *, seconds: float) -> None:
        self._vectors = vectors
        self._metrics = metrics
        self._seconds = seconds

    async def of_text(
        self, vector: Vector | None, owners: Sequence[UUID], asset_ids: Sequence[UUID]
    ) -> Likeness | None:
        """Of the photos that have the text; None where it cannot be measured."""
        if vector is None:
            return None
        try:
            async with asyncio.timeout(self._seconds):
                return await measure(self._vectors, vector, owners, asset_ids)
        except (AllInOneError, TimeoutError) as error:
            self._metrics.fell_back("likeness", error)
            return None

    async def of_both(
        self, vector: Vector | None, text: Likeness | None, owners: Sequence[UUID], pictures: Sequence[UUID]
    ) -> Likeness:
        """Of those and of `pictures`, which are in Immich's order."""
        if text is None:
            return by_order(pictures)
        missing = [asset_id for asset_id in pictures if asset_id not in text.similarities]
        more = await self.of_text(vector, owners, missing)
        return by_order(pictures) if more is None else text.with_more(more)
