"""Asks the programs that our answers are compared with, in their own virtual environment.

torch, cn_clip, transformers and insightface must not be importable by our code: they run in a process of their own,
with files in and out. Scripts lie in tests/reference.
"""

import itertools
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-reference" / "bin" / "python"
STAMP = ROOT / ".venv-reference" / "stamp"

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script of tests/reference answered.

    Attributes:
        values: anything JSON can hold.
        arrays: by name.
        folder: what else it wrote, and where the question lies.
    """

    values: dict[str, Any]
    arrays: Arrays
    folder: Path


class Reference:
    """Runs scripts of tests/reference, each in a fresh process with a fixed seed."""

    def __init__(self, folder: Path) -> None:
        assert STAMP.exists(), (
            "What this test compares with is not installed. `./run test` installs it at its start; what it said there "
            "tells why it could not."
        )
        self._folder = folder
        self._numbers = itertools.count(1)

    def ask(
        self, script: str, arrays: Mapping[str, NDArray[Any]] | None = None, *, timeout: float = 170, **values: Any
    ) -> Answer:
        """Run tests/reference/`script`.py with `arrays` and `values`; blocks for at most `timeout` seconds."""
        folder = self._folder / f"{next(self._numbers):03d}-{script}"
        folder.mkdir()
        (folder / "question.json").write_text(json.dumps(values, default=str))
        if arrays:
            np.savez(folder / "question.npz", **arrays)
        command = [str(PYTHON), "-E", "-s", str(ROOT / "tests" / "reference"), script, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
        with np.load(folder / "answer.npz") as file:
            answered = dict(file)
        return Answer(json.loads((folder / "answer.json").read_text()), answered, folder)
