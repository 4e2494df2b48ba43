"""Backends killed, all of them away, four times as much work as they can do: nothing lost.

`ALLINONE_TEST_CHAOS=full` runs it at full size, five minutes: kills every 10 s for 2 minutes, 30 s without
any backend.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

from support import immich_requests as immich

FULL = os.environ.get("ALLINONE_TEST_CHAOS") == "full"
KILLS, EVERY = (12, 10.0) if FULL else (4, 1.2)
AWAY = 30.0 if FULL else 3.0
OVERLOAD_SECONDS = 40.0 if FULL else 6.0
IMAGE = b"\xff\xd8" + bytes(170_000) + b"\xff\xd9"
FORM = immich.form(immich.OCR, image=IMAGE)
ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024

pytestmark = pytest.mark.timeout(400)


class BackendProcess:
    """A backend that can be killed."""

    def __init__(self, seconds: float, at_once: int = 64) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._seconds, self._at_once = seconds, at_once
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, on the same port as before."""
        command = [sys.executable, "-m", "support.slow_backend", str(self.port), str(self._seconds), str(self._at_once)]
        self.process = subprocess.Popen(command, cwd=ROOT / "tests", env=os.environ | {"PYTHONPATH": str(ROOT / "src")})

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def backends(count: int, seconds: float, at_once: int = 64) -> Iterator[list[BackendProcess]]:
    started = [BackendProcess(seconds, at_once) for _ in range(count)]
    try:
        for each in started:
            each.start()
        yield started
    finally:
        for each in started:
            each.kill()


@asynccontextmanager
async def gateway(processes: list[BackendProcess], log: Path, **more: str) -> AsyncIterator[tuple[int, psutil.Process]]:
    """`allinone gateway` as a person starts it; its port and its process."""
    lines = ",".join(f"work=predict+http://127.0.0.1:{each.port}{more.pop('options', '')}" for each in processes)
    environment = os.environ | {
        "ALLINONE_BACKENDS": lines,
        "ALLINONE_ROUTES": "ocr=work,clip=work,facial-recognition=work,*=work",
        "PYTHONPATH": str(ROOT / "src"),
        **more,
    }
    with log.open("wb") as output:
        process = _start(environment, output)
    try:
        port = _port(log)
        await _until_ready(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _start(environment: dict[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "allinone", "gateway", "--host", "127.0.0.1", "--port", "0"]
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


def _port(log: Path) -> int:
    for _ in range(300):
        found = re.search(r"listens at http://127\.0\.0\.1:(\d+)", log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.1)
    raise AssertionError(log.read_text())


async def _until_ready(port: int) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            status = (await client.get(f"http://127.0.0.1:{port}/status")).json()
            if all(backend["state"] == "up" for backend in status["backends"]):
                return
            await asyncio.sleep(0.1)
    raise AssertionError(status)


class Clients:
    """Immich's workers: each sends its next photo when the last one is answered."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._stop = False
        self._tasks: list[asyncio.Task[None]] = []
        self.answers: list[tuple[float, immich.HttpAnswer]] = []

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._count)]

    async def stop(self) -> None:
        """Let everybody have the last answer."""
        self._stop = True
        await asyncio.gather(*self._tasks)

    async def _work(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        wire = immich.request(self._port, FORM)
        while not self._stop:
            begun = time.monotonic()
            writer.write(wire)
            answer = await immich.read_answer(reader)
            self.answers.append((time.monotonic() - begun, answer))
        writer.close()

    def failed(self) -> list[immich.HttpAnswer]:
        """Answers that lose a photo's data."""
        return [answer for _, answer in self.answers if answer.status != 200]


async def test_a_backend_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    with backends(2, 0.03) as (victim, survivor):
        async with gateway([victim, survivor], tmp_path / "log") as (port, _):
            clients = Clients(port, 8)
            clients.start()
            for _ in range(KILLS):
                await asyncio.sleep(EVERY * 0.7)
                victim.kill()
                await asyncio.sleep(EVERY * 0.3)
                victim.start()
            await clients.stop()
            assert len(clients.answers) > 100
            assert clients.failed() == []
    print(f"{KILLS} kills, {len(clients.answers)} answers, {len(clients.failed())} failed")


async def test_all_backends_away_for_a_while_lose_nothing(tmp_path: Path) -> None:
    with backends(2, 0.03) as both:
        async with gateway(both, tmp_path / "log") as (port, _):
            clients = Clients(port, 8)
            clients.start()
            await asyncio.sleep(1)
            for each in both:
                each.kill()
            await asyncio.sleep(0.5)
            before = len(clients.answers)
            await asyncio.sleep(AWAY)
            assert len(clients.answers) == before, "all wait"
            for each in both:
                each.start()
            await asyncio.sleep(4)
            await clients.stop()
            assert clients.failed() == []
            waited = [took for took, _ in clients.answers if took > AWAY * 0.9]
            assert len(waited) == 8
            assert len(clients.answers) > before + 8
    print(f"away {AWAY:.0f} s, {len(clients.answers)} answers, 0 failed, {len(waited)} waited")


async def test_four_times_the_work_is_answered_in_time_and_memory(tmp_path: Path) -> None:
    with backends(1, 0.05, at_once=8) as (only,):
        async with gateway([only], tmp_path / "log") as (port, process):
            unloaded, _ = await _measure(port, 8, OVERLOAD_SECONDS / 2)
            memory = process.memory_info().rss
            loaded, clients = await _measure(port, 32, OVERLOAD_SECONDS)
            grown = (process.memory_info().rss - memory) / MIB
            assert clients.failed() == []
            assert max(took for took, _ in clients.answers) < 300
            assert _p99(loaded) <= 2 * _p99(unloaded), (_p99(loaded), _p99(unloaded))
            assert grown < 64
    print(
        f"p99 of a backend's time: {_p99(unloaded):.0f} ms with 8 clients, {_p99(loaded):.0f} ms with 32; "
        f"slowest answer {max(took for took, _ in clients.answers):.2f} s; memory grew by {grown:.0f} MiB"
    )


async def test_a_crowd_is_answered_and_memory_stays_bounded(tmp_path: Path) -> None:
    """More clients than may wait: those beyond are told so at once, and nobody is left without an answer."""
    limits = {
        "ALLINONE_GATEWAY_WAITING": "40",
        "ALLINONE_GATEWAY_MEMORY": str(8 * MIB),
        "ALLINONE_GATEWAY_MAX_BODY": str(MIB),
    }
    with backends(1, 0.05, at_once=8) as (only,):
        async with gateway([only], tmp_path / "log", **limits) as (port, process):
            memory = process.memory_info().rss
            answers = await asyncio.gather(*(immich.ask(port, FORM, seconds=120) for _ in range(300)))
            statuses = {status: [a.status for a in answers].count(status) for status in (200, 503)}
            assert sum(statuses.values()) == 300
            assert statuses[200] >= 40
            assert (process.memory_info().rss - memory) / MIB < 64
            assert (await immich.ask(port, FORM)).status == 200


async def _measure(port: int, count: int, seconds: float) -> tuple[list[float], Clients]:
    """Milliseconds that a backend took for each request it was given, by the answers' own account."""
    clients = Clients(port, count)
    clients.start()
    await asyncio.sleep(seconds)
    await clients.stop()
    times = [float(answer.headers["server-timing"].split("dur=")[1].split(",")[0]) for _, answer in clients.answers]
    return times, clients


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
