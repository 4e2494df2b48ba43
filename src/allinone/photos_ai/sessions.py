"""ONNX Runtime sessions, set up so that memory goes back to the system."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Session(Protocol):
    """A model ready to compute. Threads may share it."""

    def run(self, outputs: None, inputs: Mapping[str, NDArray[Any]], /) -> list[NDArray[np.float32]]:
        """Compute all outputs."""

    def get_inputs(self) -> list[Any]:
        """Descriptions of the inputs."""

    def get_outputs(self) -> list[Any]:
        """Descriptions of the outputs."""

    def get_modelmeta(self) -> Any:
        """What the file says about itself."""


def open_session(path: Path, *, device: str = "cpu", cores: int = 1) -> Session:
    """Load a model. Blocks.

    Each call computes on one core unless told otherwise: several at once on several pictures are faster than several
    cores on one. With more, the others' threads are shared by all calls: one that is busy is done without. The arena
    that would keep the largest memory ever needed is off.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # who waits leaves the core to others
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False  # sizes differ from picture to picture
    options.log_severity_level = 3
    session: Session = onnxruntime.InferenceSession(str(path), options, providers=_providers(device))
    return session


def _providers(device: str) -> list[str]:
    return ["CUDAExecutionProvider", "CPUExecutionProvider"] if device == "cuda" else ["CPUExecutionProvider"]
