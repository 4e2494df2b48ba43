"""Reads the weights of a checkpoint without running anything in it.

A `.pt` or `.bin` of PyTorch (since 1.6) is a ZIP of raw tensor bytes and one pickle that says how they form
tensors. A pickle can call any function; this reader allows the five names that tensors need and refuses the rest.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from allinone.errors import InvalidRequest

Reader = Callable[[], NDArray[np.float32]]

DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype(np.float32),
    "HalfStorage": np.dtype(np.float16),
    "DoubleStorage": np.dtype(np.float64),
    "LongStorage": np.dtype(np.int64),
    "IntStorage": np.dtype(np.int32),
    "BFloat16Storage": np.dtype(np.uint16),  # widened to float32 when read
}


@dataclass(frozen=True, slots=True)
class _Storage:
    """Raw numbers in the archive: where, and of which type."""

    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view on a storage, as torch describes it; offsets and strides count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Weights(Mapping[str, NDArray[np.float32]]):
    """Tensors by name, read from disk when asked for, so that a 4 GB checkpoint needs no 4 GB of memory."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = dict(readers)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    def renamed(self, new_name: Callable[[str], str]) -> "Weights":
        """The same tensors under other names."""
        return Weights({new_name(name): reader for name, reader in self._readers.items()})

    def reader(self, name: str) -> Reader:
        """Reads one tensor later."""
        return self._readers[name]


def read_checkpoint(path: Path) -> Weights:
    """The weights in a `.pt`, `.bin` or `.safetensors` file, or in a transformers folder that holds one.

    Raises:
        InvalidRequest: not such a file, or its pickle asks for more than tensors.
    """
    if path.is_dir():
        for name in ("model.safetensors", "pytorch_model.bin"):
            if (path / name).is_file():
                return read_checkpoint(path / name)
        message = f"{path} holds neither model.safetensors nor pytorch_model.bin."
        raise InvalidRequest(message)
    if not path.is_file():
        message = f"There is no checkpoint at {path}."
        raise InvalidRequest(message)
    return _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)


def _read_safetensors(path: Path) -> Weights:
    try:
        file: Any = safe_open(path, framework="numpy")
    except Exception as error:
        message = f"{path} is not a safetensors file, or is cut off: {error}"
        raise InvalidRequest(message) from error

    def reader(name: str) -> Reader:
        return lambda: np.asarray(file.get_tensor(name), dtype=np.float32)

    return Weights({name: reader(name) for name in file.keys()})  # noqa: SIM118  # not a mapping


def _read_torch(path: Path) -> Weights:
    try:
        archive = zipfile.ZipFile(path)
        pickled = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        content = _TensorUnpickler(io.BytesIO(archive.read(pickled))).load()
    except (zipfile.BadZipFile, StopIteration) as error:
        message = f"{path} is not a PyTorch checkpoint (made by PyTorch 1.6 or later), or it is cut off."
        raise InvalidRequest(message) from error
    except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError, IndexError) as error:
        message = f"{path} holds more than tensors and is not opened: {error}"
        raise InvalidRequest(message) from error
    tensors = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(tensors, dict):
        message = f"{path} holds no state_dict."
        raise InvalidRequest(message)
    folder = pickled.removesuffix("data.pkl")
    found = {str(name): value for name, value in tensors.items() if isinstance(value, _Tensor)}

    def reader(tensor: _Tensor) -> Reader:
        return lambda: _load(archive, folder, tensor)

    return Weights({name: reader(tensor) for name, tensor in found.items()})


def _load(archive: zipfile.ZipFile, folder: str, tensor: _Tensor) -> NDArray[np.float32]:
    raw = np.frombuffer(archive.read(f"{folder}data/{tensor.storage.key}"), DTYPES[tensor.storage.kind])
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if min((tensor.offset, *tensor.strides, *tensor.shape), default=0) < 0 or last >= max(raw.size, 1):
        message = "A tensor reaches outside its data: the checkpoint is damaged."
        raise InvalidRequest(message)
    if tensor.storage.kind == "BFloat16Storage":
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    bytes_apart = [stride * raw.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(raw[tensor.offset :], tensor.shape, bytes_apart, writeable=False)
    return np.ascontiguousarray(view, dtype=np.float32)


class _TensorUnpickler(pickle.Unpickler):
    """Knows how tensors are put together, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda data, *_: data
        if module == "torch" and name in DTYPES:
            return name
        message = f"it asks for {module}.{name}"
        raise pickle.UnpicklingError(message)

    def persistent_load(self, identifier: Any) -> _Storage:
        tag, kind, key, *_ = identifier
        if tag != "storage" or kind not in DTYPES:
            message = f"it refers to a {tag!r} of kind {kind!r}"
            raise pickle.UnpicklingError(message)
        return _Storage(str(key), kind)


def _rebuild_tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: object) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))
