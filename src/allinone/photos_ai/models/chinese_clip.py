"""Chinese-CLIP: pictures and words to vectors that can be compared."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from allinone.errors import ModelMissing
from allinone.images.square import squeezed
from allinone.photos_ai.model_folder import ModelFolder
from allinone.photos_ai.models.word_pieces import WordPieces
from allinone.photos_ai.sessions import Session, open_session

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
# What each value of a byte becomes, for each channel: shape (3, 256).
_NORMALISED = ((np.arange(256, dtype=np.float32)[:, None] / 255 - MEAN) / DEVIATION).T.copy()


class ImageTower:
    """Pictures to vectors. Threads may share it."""

    def __init__(self, folder: ModelFolder, *, device: str = "cpu") -> None:
        self._folder = folder
        self._session = _open(folder, folder.image, device)
        self._input = self._session.get_inputs()[0]
        self._one_at_a_time = isinstance(self._input.shape[0], int)

    @property
    def input_size(self) -> int:
        """Side of the square it looks at, pixels: for `images.square.decode_square`."""
        return self._folder.manifest.input_size

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of RGB `pixels`, of any size. Blocks."""
        vector: NDArray[np.float32] = self.embed_many([pixels])[0]
        return vector

    def embed_many(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The L2-normalised vectors, shape (len(pictures), dim), of RGB pixels, each of any size. Blocks."""
        return unit(self.features_many(pictures))

    def features_many(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """As `embed_many`, of the length the model gives them. Blocks.

        All of them are computed at once, where the model allows it: more memory for each, and not faster on a
        processor without many cores.
        """
        blobs = [preprocess(pixels, self.input_size) for pixels in pictures]
        batches = [blob[None] for blob in blobs] if self._one_at_a_time else [np.stack(blobs)] if blobs else []
        answers = [_run(self._session, self._input, batch, self._folder) for batch in batches]
        return np.concatenate(answers) if answers else np.empty((0, self._folder.manifest.dim), np.float32)


class TextTower:
    """Words to vectors. Threads may share it."""

    def __init__(self, folder: ModelFolder, *, device: str = "cpu") -> None:
        self._folder = folder
        self._pieces = load_word_pieces(folder)
        self._session = _open(folder, folder.text, device)
        self._input = self._session.get_inputs()[0]

    def embed(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of `text`, of which 50 word pieces count. Blocks."""
        return unit(self.features(text))

    def features(self, text: str) -> NDArray[np.float32]:
        """As `embed`, of the length the model gives it. Blocks."""
        tokens = np.array([self._pieces.encode(text)])
        vector: NDArray[np.float32] = _run(self._session, self._input, tokens, self._folder)[0]
        return vector


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors along the last axis, each of length 1."""
    normalised: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return normalised


def preprocess(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """RGB `pixels` as cn_clip prepares them: straight to a square, shape (3, size, size)."""
    square = squeezed(pixels, size)
    prepared = np.empty((3, size, size), np.float32)
    for channel, values in enumerate(_NORMALISED):
        cv2.LUT(cv2.extractChannel(square, channel), values, prepared[channel])
    return prepared


def load_word_pieces(folder: ModelFolder) -> WordPieces:
    """The vocabulary of a model.

    Raises:
        ModelMissing: it is damaged.
    """
    try:
        return WordPieces(folder.vocabulary)
    except (OSError, ValueError, KeyError) as error:
        raise _unloadable(folder, folder.vocabulary, error) from error


def _open(folder: ModelFolder, path: Path, device: str) -> Session:
    try:
        return open_session(path, device=device)
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        raise _unloadable(folder, path, error) from error


def _unloadable(folder: ModelFolder, path: Path, error: Exception) -> ModelMissing:
    return ModelMissing(
        f"{path.name} of the CLIP model {folder.manifest.name} cannot be loaded: {error}. "
        f"Fetch it again with `./run models pull {folder.manifest.name}`."
    )


def _run(session: Session, declared: object, values: NDArray[np.generic], folder: ModelFolder) -> NDArray[np.float32]:
    """Vectors, one for each row of `values`."""
    given: NDArray[np.generic] = values.astype(_type_of(declared), copy=False)
    found = session.run(None, {getattr(declared, "name", ""): given})[0]
    vectors: NDArray[np.float32] = found.astype(np.float32, copy=False)
    if vectors.shape != (len(values), folder.manifest.dim):
        message = (
            f"The CLIP model {folder.manifest.name} gave {vectors.shape[-1]} numbers where its model.json promises "
            f"{folder.manifest.dim}. Fetch it again with `./run models pull {folder.manifest.name}`."
        )
        raise ModelMissing(message)
    return vectors


def _type_of(declared: object) -> type:
    types = {"tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
    return types.get(getattr(declared, "type", ""), np.float32)
