"""Writes the archive that `torch.save` writes, without torch: a pickle of descriptions beside raw bytes."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Storage:
    """Stands for raw numbers; pickled as a reference into the archive."""

    def __init__(self, key: str, size: int) -> None:
        self.key, self.size = key, size


class _Tensor:
    """Pickled as a call of torch's own function."""

    def __init__(self, storage: _Storage, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.arguments = (storage, 0, shape, strides, False, OrderedDict())

    def __reduce__(self) -> Any:
        return _torch()._utils._rebuild_tensor_v2, self.arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, _Storage):
            return ("storage", _torch().FloatStorage, value.key, "cpu", value.size)
        return None


def save(path: Path, content: Any) -> None:
    """Write `content`, in which arrays stand for tensors, as torch does."""
    arrays: dict[str, bytes] = {}
    with _PretendedTorch():
        stream = io.BytesIO()
        _Pickler(stream, protocol=2).dump(_replace(content, arrays))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        for key, raw in arrays.items():
            archive.writestr(f"archive/data/{key}", raw)


def _replace(value: Any, arrays: dict[str, bytes]) -> Any:
    if isinstance(value, np.ndarray):
        return _tensor(value, arrays)
    if isinstance(value, Mapping):
        return OrderedDict((name, _replace(inner, arrays)) for name, inner in value.items())
    return value


def _tensor(value: NDArray[Any], arrays: dict[str, bytes]) -> _Tensor:
    key = str(len(arrays))
    # As torch does for a transposed tensor: the bytes as they lie, and the strides that read them.
    arrays[key] = value.astype(np.float32, order="K").tobytes(order="A")
    strides = tuple(stride // value.itemsize for stride in value.strides)
    return _Tensor(_Storage(key, value.size), value.shape, strides)


class _PretendedTorch:
    """Makes `torch._utils._rebuild_tensor_v2` and `torch.FloatStorage` picklable by name."""

    def __enter__(self) -> None:
        self.real = {name: sys.modules.pop(name, None) for name in ("torch", "torch._utils")}
        torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
        torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

        def _rebuild_tensor_v2(*_: Any) -> None: ...

        _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
        utils._rebuild_tensor_v2 = _rebuild_tensor_v2
        torch._utils = utils
        sys.modules.update({"torch": torch, "torch._utils": utils})

    def __exit__(self, *_: object) -> None:
        for name, module in self.real.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


def _torch() -> Any:
    return sys.modules["torch"]
