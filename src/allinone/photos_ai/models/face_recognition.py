"""Whose face it is: ArcFace, on faces brought to where it expects eyes, nose and mouth."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from allinone.photos_ai.sessions import Session

SIDE = 112  # pixels of the square that the network sees
DIMENSION = 512
_BATCH = 8
_MEAN = _SPREAD = 127.5

# Where both eyes, the nose and both corners of the mouth belong in that square: ArcFace's own training data.
_PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)


class FaceRecognizer:
    """ArcFace. Threads may share it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        declared = session.get_inputs()[0]
        self._input = declared.name
        self._batch = _BATCH if not isinstance(declared.shape[0], int) else declared.shape[0]

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """L2-normalised vectors, shape (n, 512), of faces as `aligned` gives them."""
        parts = [self._vectors(crops[at : at + self._batch]) for at in range(0, len(crops), self._batch)]
        vectors = np.concatenate(parts) if parts else np.empty((0, DIMENSION), np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        normalised: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-12))
        return normalised

    def _vectors(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        blob = cv2.dnn.blobFromImages(list(crops), 1 / _SPREAD, mean=(_MEAN,) * 3)
        return self._session.run(None, {self._input: blob})[0]


def aligned(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The face with those landmarks, shape (5, 2), cut out of RGB `pixels`, shape (112, 112, 3).

    None where the landmarks lie on one point: no network that works says so.
    """
    # A turn, a scale and a shift are one complex factor and one complex summand; least squares finds both.
    found, wanted = (points.astype(np.float64) @ np.array([1, 1j]) for points in (landmarks, _PLACES))
    away = found - found.mean()
    spread = float(np.vdot(away, away).real)
    if not np.isfinite(spread) or spread < 1e-6:
        return None
    factor = np.vdot(away, wanted - wanted.mean()) / spread
    shift = wanted.mean() - factor * found.mean()
    matrix = np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
    crop: NDArray[np.uint8] = cv2.warpAffine(pixels, matrix, (SIDE, SIDE))
    return crop
