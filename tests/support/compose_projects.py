"""Compose files put together as users do: in a folder that has Immich's compose file and .env, and our repository."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parent / "immich_compose"
OURS = "immich-all-in-one/deploy"
PROFILES = ("cuda", "openvino", "monitoring", "s3")

BESIDE_IMMICH = ("docker-compose.yml", f"{OURS}/compose.yaml")
COMBINATIONS = {
    "beside Immich": BESIDE_IMMICH,
    "beside Immich, with zhparser": (*BESIDE_IMMICH, f"{OURS}/zhparser.yaml"),
    "beside Immich, on S3": (*BESIDE_IMMICH, f"{OURS}/s3.yaml"),
    "beside Immich, with zhparser, on S3": (*BESIDE_IMMICH, f"{OURS}/zhparser.yaml", f"{OURS}/s3.yaml"),
    "all in one": ("all-in-one.yaml",),
    "all in one, with zhparser, on S3": ("all-in-one.yaml", "zhparser.yaml", "s3.yaml"),
}
MINIMUM = (2, 24, 4)


class ComposeMissing(Exception):
    """Docker Compose is not installed, or too old."""


def compose_command() -> list[str]:
    """`docker compose`, or the program by itself.

    Raises:
        ComposeMissing: there is none that knows `!reset`.
    """
    found = []
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            answer = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
            version = answer.stdout.strip().removeprefix("v").split("-")[0]
            found.append(version)
            parts = version.split(".")
            if all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= MINIMUM:
                return command
    raise ComposeMissing(f"Docker Compose {'.'.join(map(str, MINIMUM))} or later is needed; found: {found or 'none'}")


@contextmanager
def project(files: Sequence[str]) -> Iterator[Path]:
    """A folder in which `files` mean what they mean to a user."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "immich-all-in-one").symlink_to(ROOT)
        if files[0] == "docker-compose.yml":
            shutil.copy(STAND_IN / "docker-compose.yml", home)
            shutil.copy(STAND_IN / "env", home / ".env")
        else:
            for file in (ROOT / "deploy").glob("*.yaml"):
                shutil.copy(file, home)
            shutil.copy(ROOT / "deploy/example.env", home / ".env")
            shutil.copytree(ROOT / "deploy/monitoring", home / "monitoring")
        yield home


def merged(files: Sequence[str], *profiles: str) -> dict[str, Any]:
    """What Compose makes of `files` with `profiles`.

    Raises:
        AssertionError: it refuses them; with its own words.
    """
    with project(files) as home:
        arguments = [argument for file in files for argument in ("-f", file)]
        arguments += [argument for profile in profiles for argument in ("--profile", profile)]
        done = subprocess.run(
            [*compose_command(), *arguments, "config", "--format", "json"],
            cwd=home, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, f"{files} {profiles}: {done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found
