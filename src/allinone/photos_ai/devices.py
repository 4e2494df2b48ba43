"""Where models compute: what was asked for, and what this machine can do."""

import logging
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Literal

import onnxruntime

_log = logging.getLogger(__name__)

_CUDA = "CUDAExecutionProvider"
# a model of one node that answers what it is given
_PROBE = bytes.fromhex(
    "08093a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801"
    "620f0a0179120a0a08080112040a02080142040a001011"
)
_HOW = "It takes onnxruntime-gpu instead of onnxruntime (docs/how-to/gpu.md) and NVIDIA's driver; or set DEVICE=cpu."
_WITHOUT = "this ONNX Runtime was built without CUDA"


@dataclass(frozen=True, slots=True)
class Device:
    """Where models compute.

    Attributes:
        name: as `/check` and `doctor` tell it.
        notice: one line for people where it is not what they asked for.
    """

    name: Literal["cpu", "cuda"]
    notice: str | None = None


def choose_device(wanted: str) -> Device:
    """What `wanted` ("auto", "cpu", "cuda") comes down to here; "auto" takes the best there is."""
    if wanted == "cpu":
        return Device("cpu")
    fault = _cuda_fault()
    if fault is None:
        return Device("cuda")
    if wanted != "auto":
        return Device("cpu", f"DEVICE=cuda, but {fault}: computing on the CPU. {_HOW}")
    if fault == _WITHOUT:
        return Device("cpu")
    return Device("cpu", f"onnxruntime-gpu is installed, but {fault}: computing on the CPU. {_HOW}")


@cache
def _cuda_fault() -> str | None:
    """Why CUDA cannot be used; None where it can. A provider that is listed may still lack its libraries."""
    if _CUDA not in onnxruntime.get_available_providers():
        return _WITHOUT
    _load_libraries()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(_PROBE, options, providers=[_CUDA])
    except Exception as error:  # noqa: BLE001  # ONNX Runtime's errors have no common base but this
        return f"CUDA would not start ({str(error).splitlines()[0][:200]})"
    return None if _CUDA in session.get_providers() else "CUDA's libraries or its driver are missing"


def _load_libraries() -> None:
    """Load CUDA and cuDNN, which the extra `cuda` puts among Python's packages: ONNX Runtime does not look there."""
    said = StringIO()
    try:
        with redirect_stdout(said):
            onnxruntime.preload_dlls(directory="")
    except (OSError, RuntimeError) as error:
        said.write(str(error))
    if said.getvalue():
        _log.debug("Loading CUDA's libraries: %s", said.getvalue().strip())
