"""OpenVINO sessions: faster than ONNX Runtime on processors that compute in bfloat16, and for Intel's."""

import importlib
import importlib.util
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allinone.errors import ConfigurationError

TELEMETRY = "openvino_telemetry"


@dataclass(frozen=True, slots=True)
class _Port:
    """An input or output, described as ONNX Runtime describes it."""

    name: str
    shape: list[int | None]


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the file says about itself, as ONNX Runtime gives it."""

    custom_metadata_map: dict[str, str] = field(default_factory=dict)


class OpenVinoSession:
    """A model compiled by OpenVINO. Threads may share it: each call has an infer request to itself.

    Two threads in one request get each other's numbers, and nothing says so. It computes in bfloat16 where the
    processor can: there lies its speed, and one character in some hundreds comes out differently.
    """

    def __init__(self, path: Path, *, callers: int = 1) -> None:
        core = _openvino().Core()
        model = core.read_model(path)
        self._metadata = _Metadata(_custom_metadata(model))
        self._compiled = core.compile_model(
            model,
            "CPU",
            {
                "NUM_STREAMS": callers,
                "INFERENCE_NUM_THREADS": callers,
                "PERFORMANCE_HINT": "LATENCY" if callers == 1 else "THROUGHPUT",
                "ENABLE_CPU_PINNING": False,  # other processes of ours use the same cores
                # Pictures have sizes by the thousand; what is compiled for each would be kept, 2 GB after 1,000 images.
                # Without, a page costs 6 % more.
                "CPU_RUNTIME_CACHE_CAPACITY": 0,
            },
        )
        self._idle: deque[Any] = deque()

    def run(self, _: None, inputs: Mapping[str, NDArray[Any]], /) -> list[NDArray[np.float32]]:
        """Compute all outputs."""
        try:
            request = self._idle.pop()  # the latest: its buffers are still in the cache
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        outputs = [np.array(tensor.data) for tensor in request.output_tensors]  # copies: the request is used again
        self._idle.append(request)
        return outputs

    def get_inputs(self) -> list[_Port]:
        """Descriptions of the inputs."""
        return [_port(port) for port in self._compiled.inputs]

    def get_outputs(self) -> list[_Port]:
        """Descriptions of the outputs."""
        return [_port(port) for port in self._compiled.outputs]

    def get_modelmeta(self) -> _Metadata:
        """What the file says about itself."""
        return self._metadata


def openvino_installed() -> bool:
    """Whether the extra `openvino` is there."""
    return importlib.util.find_spec("openvino") is not None


def _openvino() -> Any:
    """OpenVINO, without its telemetry.

    Importing it makes an identity in the home directory and sends it to Google Analytics, unless the package that
    does so cannot be imported; then it uses an empty stand-in of its own.

    Raises:
        ConfigurationError: it is not installed, or was imported before with its telemetry.
    """
    if sys.modules.get(TELEMETRY) is not None:
        message = f"{TELEMETRY} was imported before OpenVINO could be kept from it. Uninstall it."
        raise ConfigurationError(message)
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # Python's own way to say: not importable
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        message = "OpenVINO is not installed: pip install 'immich-all-in-one[openvino]'."
        raise ConfigurationError(message) from error


def _custom_metadata(model: Any) -> dict[str, str]:
    if "framework" not in model.get_rt_info():
        return {}
    framework = model.get_rt_info("framework").astype(dict)
    return {name: str(value.astype(str)) for name, value in framework.items()}


def _port(port: Any) -> _Port:
    shape = [dimension.get_length() if dimension.is_static else None for dimension in port.get_partial_shape()]
    return _Port(port.any_name, shape)
