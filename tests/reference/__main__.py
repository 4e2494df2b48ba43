"""Runs in .venv-reference: `python tests/reference NAME FOLDER` lets NAME.py answer what lies in FOLDER.

In:  FOLDER/question.json (an object), FOLDER/question.npz (arrays, where there are any).
Out: FOLDER/answer.json, FOLDER/answer.npz.

NAME.py has `answer(values, arrays, folder) -> (values, arrays)`; `folder` is the caller's, for files of any kind.
"""

import importlib
import json
import random
import sys
from pathlib import Path

import numpy as np

SEED = 20240601


def main(name: str, folder: Path) -> None:
    random.seed(SEED)
    np.random.seed(SEED)  # what the references themselves draw from
    values = json.loads((folder / "question.json").read_text())
    arrays = {}
    if (folder / "question.npz").exists():
        with np.load(folder / "question.npz") as file:
            arrays = dict(file)
    values, arrays = importlib.import_module(name).answer(values, arrays, folder)
    np.savez(folder / "answer.npz", **arrays)
    (folder / "answer.json").write_text(json.dumps(values))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
