"""Makes CLIP similarities comparable between queries: how far above the other photos is this one?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from allinone.search.hits import Cutoff

LEAST_BACKGROUND = 50  # photos; of fewer, mean and deviation say nothing
MOST_BACKGROUND = 2000
NO_STRENGTH_Z, FULL_STRENGTH_Z = 2.0, 6.0
KEPT_Z = 3.0
LEAST_DEVIATION = 1e-4  # photos that are all alike tell nothing apart


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean and deviation of a query's similarity over the background."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, background: NDArray[np.float32] | None, vector: NDArray[np.float32]) -> "Calibration | None":
        """Measure `vector`, shape (dim,), against a background, shape (n, dim); None where that is small."""
        if background is None or len(background) < LEAST_BACKGROUND:
            return None
        # Not by BLAS, whose threads wait for each other longer than so small a product takes.
        similarities = np.einsum("ij,j->i", background, vector).astype(np.float64)
        return cls(float(similarities.mean()), max(float(similarities.std()), LEAST_DEVIATION))

    def z(self, similarity: float) -> float:
        """Deviations above the mean."""
        return (similarity - self.mean) / self.deviation


def strength(z: float) -> float:
    """A z-score as 0..1."""
    return min(max((z - NO_STRENGTH_Z) / (FULL_STRENGTH_Z - NO_STRENGTH_Z), 0.0), 1.0)


def beyond_scale(z: float | None) -> float:
    """How far a z-score is off the scale of `strength`: what tells apart those that all have strength 0, or 1."""
    if z is None or NO_STRENGTH_Z <= z <= FULL_STRENGTH_Z:
        return 0.0
    return round(z - (NO_STRENGTH_Z if z < NO_STRENGTH_Z else FULL_STRENGTH_Z), 6)


def keep(similarities: Sequence[float], calibration: Calibration | None, cutoff: "Cutoff") -> int:
    """How many of the `similarities`, which must descend, are like enough to be shown."""
    kept = len(similarities)
    if cutoff != "off" and calibration is not None:
        kept = sum(calibration.z(similarity) >= KEPT_Z for similarity in similarities)
    if cutoff == "strict" and kept > 1:
        gaps = [before - after for before, after in pairwise(similarities[:kept])]
        kept = gaps.index(max(gaps)) + 1
    return kept
