"""Runs the `allinone` command as a person would: as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

from allinone.database.data_directory import DataDirectory

PATIENCE = 90.0  # seconds; a bound for a broken build, not a goal

Answer = TypeVar("Answer")


def run_allinone(*arguments: str | Path, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "allinone", *map(str, arguments), "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/")


def wait_for(question: Callable[[], Answer | None], what: str, patience: float = PATIENCE) -> Answer:
    """Ask until the answer is true.

    Raises:
        AssertionError: it never was; tells the last answer.
    """
    deadline = time.monotonic() + patience
    answer = None
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    message = f"waited {patience:.0f} s for {what}; the last answer was {answer!r}"
    raise AssertionError(message)


@dataclass
class RunningUp:
    """An `allinone up` that answers."""

    process: subprocess.Popen[bytes]
    url: str
    log_file: Path

    def get(self, path: str) -> httpx.Response:
        """GET from the running server."""
        return httpx.get(self.url + path, timeout=30)

    def post(self, path: str, body: object) -> httpx.Response:
        """POST JSON to the running server."""
        return httpx.post(self.url + path, json=body, timeout=30)

    def found(self, query: str) -> list[str]:
        """File names that a smart search finds, best first."""
        answer = self.post("api/search/smart", {"query": query})
        answer.raise_for_status()
        return [item["originalFileName"] for item in answer.json()["assets"]["items"]]

    def children(self) -> list[psutil.Process]:
        """Every process below it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def worker(self) -> psutil.Process:
        """Its index worker."""
        return wait_for(lambda: next((p for p in self.children() if "index-worker" in _arguments(p)), None), "worker")

    def log(self) -> str:
        """All it has written so far."""
        return self.log_file.read_text()


@contextmanager
def running_up(data_dir: Path, *arguments: str | Path, **environment: str) -> Iterator[RunningUp]:
    """Start `up` on a free port, wait until it is ready, and end it with SIGTERM."""
    log_file = data_dir.parent / f"{data_dir.name}.log"
    command = [sys.executable, "-m", "allinone", "up", "--port", "0", "--data-dir", str(data_dir)]
    with log_file.open("ab") as output:
        process = subprocess.Popen(
            [*command, *map(str, arguments)], stdout=output, stderr=output, cwd="/", env=os.environ | environment
        )
    try:
        url = wait_for(lambda: _url(process, data_dir, log_file), f"up to be ready; see {log_file}")
        running = RunningUp(process, url, log_file)
        wait_for(lambda: running.get("readyz").status_code == httpx.codes.OK, "/readyz")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _url(process: subprocess.Popen[bytes], data_dir: Path, log_file: Path) -> str | None:
    assert process.poll() is None, f"up ended with {process.returncode}: {log_file.read_text()}"
    holder = DataDirectory(data_dir).holder()
    return holder.url if holder else None


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False
