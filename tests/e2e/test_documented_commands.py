"""Every command of the documentation that can run here is run as it stands there, block by block."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.allinone_process import RunningUp, run_allinone, running_up, wait_for
from support.compose_projects import STAND_IN, compose_command
from support.documented_commands import CANNOT_RUN_HERE, ROOT, Block, blocks, reason

# the pages of three languages share many: each is run once
RUNNABLE = list({tuple(block.runnable()): block for block in blocks() if block.runnable()}.values())
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home: a folder of photos, the launcher, and our repository inside Immich's folder."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "Pictures").mkdir()
    shutil.copy(ROOT / "samples/receipt-taiwan.jpg", folder / "Pictures")
    launcher = folder / "run"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m allinone "$@"\n')
    launcher.chmod(0o755)
    shutil.copy(STAND_IN / "docker-compose.yml", folder)
    shutil.copy(STAND_IN / "env", folder / ".env")
    shutil.copytree(ROOT / "deploy", folder / "immich-all-in-one/deploy", symlinks=True)
    (folder / "deploy").symlink_to(ROOT / "deploy")
    return folder


@pytest.fixture(scope="module")
def indexed(home: Path) -> Path:
    """A data directory in which that folder has been read."""
    directory = home / "data"
    done = run_allinone("index", home / "Pictures", data_dir=directory)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[RunningUp]:
    """`allinone up` on that folder, for the commands that ask it."""
    with running_up(home / "served", "--library", home / "Pictures") as running:
        wait_for(lambda: running.found("ocr:發票"), "the receipt")
        yield running


def as_run_here(command: str, request: pytest.FixtureRequest) -> str:
    """`command` with what differs here: ports, a photo's name, and Compose asked to check instead of to start."""
    if command.startswith("docker compose"):
        command = command.replace("docker compose", " ".join(compose_command()), 1)
        return re.sub(r" up -d.*$", " --profile '*' config --quiet", command)
    if re.search(r"\./run (up|gateway)\b", command):
        started = f"{command.replace(' --host 0.0.0.0', '')} --host 127.0.0.1 --port 0"
        if "./run up" in command:  # two of them may not share a data directory
            started += ' --data-dir "$(mktemp -d)"'
        return f"starts_and_ends {shlex.quote(started)}"
    if command.startswith("curl"):
        up: RunningUp = request.getfixturevalue("up")
        (photo,) = up.post("api/search/smart", {"query": "ocr:發票"}).json()["assets"]["items"]
        command = command.replace("http://127.0.0.1:8070/", up.url).replace('"..."', f'"{photo["id"]}"')
    return command.replace("COMMAND", "search").replace("PHOTO", "$HOME/Pictures/receipt-taiwan.jpg")


STARTS_AND_ENDS = """
starts_and_ends() {  # a command that serves: it must say that it listens, and end well when asked to
    log=$(mktemp); setsid bash -c "exec env $1" > "$log" 2>&1 & started=$!
    for _ in $(seq 600); do grep -q 'http://127.0.0.1:' "$log" && break; kill -0 $started || break; sleep 0.1; done
    grep -q 'http://127.0.0.1:' "$log" || { cat "$log"; return 1; }
    kill -INT -- -$started; wait $started || [ $? -eq 130 ]
}
"""


@pytest.mark.parametrize("block", RUNNABLE, ids=str)
def test_what_the_documentation_says_works(
    block: Block, home: Path, indexed: Path, request: pytest.FixtureRequest
) -> None:
    commands = [as_run_here(command, request) for command in block.runnable()]
    script = "\n".join(["set -euo pipefail", STARTS_AND_ENDS, *commands])
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin"
    environment = {"HOME": str(home), "ALLINONE_DATA_DIR": str(indexed), "PATH": path, "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    assert '"statusCode"' not in done.stdout, done.stdout


def test_a_backup_brings_everything_back(home: Path, indexed: Path, tmp_path: Path) -> None:
    away, back = [block.commands for block in blocks() if block.page.name == "backup.md"]
    directory = tmp_path / "data"
    subprocess.run(["cp", "-a", indexed, directory], check=True)  # with its owners
    environment = {"ALLINONE_DATA_DIR": str(directory), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-ec", "\n".join(away)], cwd=tmp_path, env=environment, check=True)
    shutil.rmtree(directory)
    subprocess.run(["bash", "-ec", "\n".join(back)], cwd=tmp_path, env=environment, check=True)
    found = run_allinone("search", "ocr:發票", "--json", data_dir=directory)
    assert "receipt-taiwan.jpg" in found.stdout, found.stderr


def test_every_reason_not_to_run_a_command_is_needed() -> None:
    commands = [command for block in blocks() for command in block.commands]
    unused = {start for start in CANNOT_RUN_HERE if not any(re.match(start, command) for command in commands)}
    assert unused == set()
    assert sum(reason(command) is None for command in commands) >= 20
