"""Finds faces and turns each into a vector by which the same person is found again: InsightFace's model packs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allinone.photos_ai.face_pack import open_networks
from allinone.photos_ai.models.face_detection import SIZES, FaceDetector
from allinone.photos_ai.models.face_recognition import FaceRecognizer, aligned


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a picture.

    Attributes:
        box: x1, y1, x2, y2 in pixels; parts may lie outside of the picture.
        score: the detector's confidence, 0..1.
        embedding: float32, shape (512,), L2-normalised.
        landmarks: float32, shape (5, 2): x, y in pixels of both eyes, the nose and both corners of the mouth.
    """

    box: tuple[float, float, float, float]
    score: float
    embedding: NDArray[np.float32]
    landmarks: NDArray[np.float32]


class FaceReader:
    """Detector and recogniser together. Threads may share it."""

    def __init__(self, detector: FaceDetector, recognizer: FaceRecognizer) -> None:
        self._detector = detector
        self._recognizer = recognizer

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu", sizes: Sequence[tuple[int, int]] = SIZES) -> "FaceReader":
        """From a model pack's folder, of which only two networks are read. Blocks.

        Args:
            folder: with the pack's .onnx files in it, or in folders in it.
            device: "cpu" or "cuda".
            sizes: (width, height) the detector looks at a picture in, one after the other.

        Raises:
            ModelMissing: no folder, or no usable pack in it; the message names the command that brings it.
        """
        networks = open_networks(folder, device=device)
        return cls(FaceDetector(networks.detection, sizes=sizes), FaceRecognizer(networks.recognition))

    def read(self, pixels: NDArray[np.uint8], *, minimum_score: float) -> list[Face]:
        """The faces in upright RGB `pixels`, shape (height, width, 3), the surest first. Blocks.

        Args:
            pixels: the picture.
            minimum_score: faces the detector is less sure of are dropped.
        """
        found = self._detector.detect(pixels, minimum_score=minimum_score)
        crops = [aligned(pixels, landmarks) for landmarks in found.landmarks]
        usable = [at for at, crop in enumerate(crops) if crop is not None]
        vectors = self._recognizer.embed([crop for crop in crops if crop is not None])
        return [
            Face(_box(found.boxes[at]), float(found.scores[at]), vector, found.landmarks[at])
            for at, vector in zip(usable, vectors, strict=True)
        ]


def _box(corners: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in corners)
    return x1, y1, x2, y2
