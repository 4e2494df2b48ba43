"""Chinese-CLIP: pictures and words to vectors that can be compared."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tokenizers import BertWordPieceTokenizer

from allinone.errors import ModelMissing
from allinone.photos_ai.model_folder import ModelFolder
from allinone.photos_ai.sessions import Session, open_session

CONTEXT = 52  # tokens, with [CLS] and [SEP]
MOST_CHARACTERS = 2000  # far more than 50 word pieces hold

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


class ImageTower:
    """Pictures to vectors. Threads may share it."""

    def __init__(self, folder: ModelFolder, *, device: str = "cpu") -> None:
        self._folder = folder
        self._session = _open(folder, folder.image, device)
        self._input = self._session.get_inputs()[0]

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of RGB `pixels`. Blocks."""
        blob = preprocess(pixels, self._folder.manifest.input_size)[None]
        return _normalised(self._session, self._input.name, blob.astype(_type_of(self._input)), self._folder)


class TextTower:
    """Words to vectors. Threads may share it."""

    def __init__(self, folder: ModelFolder, *, device: str = "cpu") -> None:
        self._folder = folder
        self._tokenizer = load_tokenizer(folder.vocabulary)
        self._session = _open(folder, folder.text, device)
        self._input = self._session.get_inputs()[0]

    def embed(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of `text`, of which 50 word pieces count. Blocks."""
        tokens = np.array([tokenize(self._tokenizer, text)])
        return _normalised(self._session, self._input.name, tokens.astype(_type_of(self._input)), self._folder)


def preprocess(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """RGB `pixels` as cn_clip prepares them: straight to a square, shape (3, size, size)."""
    square = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    scaled = (np.asarray(square, np.float32) / 255 - MEAN) / DEVIATION
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)


def load_tokenizer(vocabulary: Path) -> BertWordPieceTokenizer:
    """BERT's word pieces, in lower case."""
    tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    tokenizer.no_padding()
    return tokenizer


def tokenize(tokenizer: BertWordPieceTokenizer, text: str) -> list[int]:
    """[CLS], at most 50 word pieces of `text`, [SEP]; nothing is padded."""
    clean = text[:MOST_CHARACTERS].encode("utf-8", "replace").decode()  # lone surrogates have no UTF-8
    pieces = tokenizer.encode(clean, add_special_tokens=False).ids[: CONTEXT - 2]
    return [tokenizer.token_to_id("[CLS]"), *pieces, tokenizer.token_to_id("[SEP]")]


def _open(folder: ModelFolder, path: Path, device: str) -> Session:
    try:
        return open_session(path, device=device)
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        message = (
            f"{path.name} of the CLIP model {folder.manifest.name} cannot be loaded: {error}. "
            f"Fetch it again with `./run models pull {folder.manifest.name}`."
        )
        raise ModelMissing(message) from error


def _type_of(declared: object) -> type:
    types = {"tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
    return types.get(getattr(declared, "type", ""), np.float32)


def _normalised(session: Session, name: str, values: NDArray[np.generic], folder: ModelFolder) -> NDArray[np.float32]:
    vector = session.run(None, {name: values})[0][0].astype(np.float32)
    if vector.shape != (folder.manifest.dim,):
        message = (
            f"The CLIP model {folder.manifest.name} gave {vector.shape[-1]} numbers where its model.json promises "
            f"{folder.manifest.dim}. Fetch it again with `./run models pull {folder.manifest.name}`."
        )
        raise ModelMissing(message)
    normalised: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return normalised
