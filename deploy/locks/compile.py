"""Makes the locks of the images' variants: what each needs beyond requirements.lock, with hashes.

    python deploy/locks/compile.py        # needs uv on PATH; run it whenever requirements.lock has changed

`cuda.lock` has onnxruntime-gpu, which takes the place of onnxruntime: the Dockerfile removes the one first.
`build.lock` has what builds the wheel.
"""

import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMPILE = "uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet"
EXTRAS = {"cuda": ("--no-emit-package", "onnxruntime"), "openvino": (), "ray": ()}


def compiled(*arguments: str) -> str:
    """A lock, as text."""
    done = subprocess.run([*COMPILE.split(), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def blocks(lock: str) -> dict[str, str]:
    """The lines of each package, by `name==version`."""
    found = re.findall(r"^(\S+==\S+)(.*?)(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    return {pin: pin + rest for pin, rest in found}


def main() -> None:
    """Write all locks."""
    base = blocks((ROOT / "requirements.lock").read_text())
    for extra, options in EXTRAS.items():
        arguments = ("pyproject.toml", "--extra", extra, "-c", "requirements.lock", *options)
        further = [block for pin, block in blocks(compiled(*arguments)).items() if pin not in base]
        (HERE / f"{extra}.lock").write_text("".join(further))
    (HERE / "cpu.lock").write_text("# Nothing beyond requirements.lock.\n")
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        requires = re.search(r"^requires = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
        assert requires is not None  # noqa: S101
        wanted.write(requires[1].replace('"', "").replace(", ", "\n") + "\nbuild\n")
        wanted.flush()
        (HERE / "build.lock").write_text(compiled(wanted.name, "--no-annotate"))


if __name__ == "__main__":
    main()
