"""The references are there, and only where they belong."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from support.reference import Reference


def test_the_references_are_installed(reference: Reference) -> None:
    found = reference.ask("versions").values
    assert found["cn-clip"] == "1.6.0"
    assert found["torch"].startswith("2.")
    assert found["used"] == 4
    assert found["numpy"] == np.__version__


@pytest.mark.parametrize("name", ["torch", "torchvision", "cn_clip", "transformers", "insightface"])
def test_our_own_environment_has_none_of_them(name: str) -> None:
    assert importlib.util.find_spec(name) is None


def test_a_question_that_fails_says_why(reference: Reference) -> None:
    with pytest.raises(AssertionError, match="No module named 'no_such_script'"):
        reference.ask("no_such_script")


def test_nothing_of_ours_asks_for_them() -> None:
    code = "import sys, allinone.cli.main; print([name for name in ('torch', 'transformers') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
