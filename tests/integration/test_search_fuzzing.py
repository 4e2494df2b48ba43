"""A short run of the fuzzer, so that it cannot rot; longer ones by hand."""

import os
import subprocess
import sys
from pathlib import Path

ROUNDS = os.environ.get("ALLINONE_TEST_FUZZ_ROUNDS", "3000")
FUZZERS = Path(__file__).parents[1] / "fuzz"


def test_no_text_is_too_strange(tmp_path: Path):
    command = [
        sys.executable,
        FUZZERS / "search_text.py",
        f"-runs={ROUNDS}",
        f"-artifact_prefix={tmp_path}/",
        "-seed=1",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert f"Done {ROUNDS} runs" in ended.stderr
