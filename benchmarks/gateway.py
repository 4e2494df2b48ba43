"""The gateway beside Caddy and beside a proxy of Starlette and httpx, before the same backend that answers at once.

Each proxy is one process on the first core; load and backend share the second one (`--unpinned`: all on all). A request
is what Immich sends for a photo: a form with a JPEG of 170 kB. Rounds take turns, so that what disturbs one disturbs
all; the table shows each one's best round, and processor time for a request, which other work on the machine touches
least.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent / "proxying"
GOALS = {"beside Caddy": 0.75, "beside httpx": 5.0, "added p50, ms": 2.0}
CADDYFILE = """{
    admin off
    auto_https off
    persist_config off
}
http://127.0.0.1:%d {
    reverse_proxy 127.0.0.1:%d
}
"""


@dataclass
class Proxy:
    """One competitor, and what was measured of it."""

    name: str
    port: int
    process: psutil.Process | None
    rates: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    processes: int = 0

    def cpu_seconds(self) -> float:
        if self.process is None:
            return 0.0
        everybody = [self.process, *self.process.children(recursive=True)]
        return sum(each.cpu_times().user + each.cpu_times().system for each in everybody)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--unpinned", action="store_true", help="every process on every core; Caddy uses them all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with ExitStack() as stack:
        pinned = not options.unpinned
        proxies = _start(stack, pinned=pinned)
        for _ in range(options.rounds):
            for proxy in proxies:
                _measure(proxy, options.connections, options.seconds, pinned=pinned)
    figures = _figures(proxies)
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        _show(proxies, figures, options.connections)
    return 0


def _start(stack: ExitStack, *, pinned: bool) -> list[Proxy]:
    front, back = _cores(pinned=pinned)
    stub, gateway, caddy, plain = (_free_port() for _ in range(4))
    python = [sys.executable]
    stack.enter_context(_running([*python, str(HERE / "stub_backend.py"), str(stub)], stub, back))
    routes = {
        "ALLINONE_BACKENDS": f"photos-ai=predict+http://127.0.0.1:{stub};limit=64,"
        f"immich=predict+http://127.0.0.1:{stub};limit=64",
        "ALLINONE_ROUTES": "",
    }
    command = [*python, "-m", "allinone", "gateway", "--host", "127.0.0.1", "--port", str(gateway)]
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "Caddyfile").write_text(CADDYFILE % (caddy, stub))
    caddy_command = [str(Path(sys.executable).with_name("caddy")), "run", "--adapter", "caddyfile"]
    caddy_command += ["--config", str(folder / "Caddyfile")]
    plain_command = [*python, str(HERE / "httpx_proxy.py"), str(plain), str(stub)]
    cores = {"GOMAXPROCS": str(len(front))}
    return [
        Proxy("no proxy", stub, None),
        Proxy("gateway", gateway, stack.enter_context(_running(command, gateway, front, routes))),
        Proxy("Caddy", caddy, stack.enter_context(_running(caddy_command, caddy, front, cores))),
        Proxy("Starlette + httpx", plain, stack.enter_context(_running(plain_command, plain, front))),
    ]


def _cores(*, pinned: bool) -> tuple[set[int], set[int]]:
    """The proxy's, and everybody else's."""
    cores = sorted(os.sched_getaffinity(0))
    if not pinned:
        return set(cores), set(cores)
    return {cores[0]}, set(cores[1:2] or cores)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    command: list[str], port: int, cores: set[int], more: dict[str, str] | None = None
) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        command,
        env=os.environ | (more or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 — no threads here
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    message = f"{command} does not listen"
                    raise RuntimeError(message) from None
                time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _measure(proxy: Proxy, connections: int, seconds: float, *, pinned: bool) -> None:
    alone = _load(proxy.port, 1, seconds / 2, pinned=pinned)
    before = proxy.cpu_seconds()
    many = _load(proxy.port, connections, seconds, pinned=pinned)
    proxy.cpu.append((proxy.cpu_seconds() - before) / max(1.0, many["requests"]) * 1e6)
    if proxy.process is not None:
        proxy.processes = 1 + len(proxy.process.children(recursive=True))
    proxy.rates.append(many["rate"])
    proxy.tails.append(many["p99"])
    proxy.alone.append(alone["p50"])


def _load(port: int, connections: int, seconds: float, *, pinned: bool) -> dict[str, float]:
    _, back = _cores(pinned=pinned)
    done = subprocess.run(
        [sys.executable, str(HERE / "load.py"), str(port), str(connections), str(seconds)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, back),
    )
    figures: dict[str, float] = json.loads(done.stdout)
    if figures["failures"]:
        message = f"{figures['failures']} requests failed: {done.stdout}"
        raise RuntimeError(message)
    return figures


def _figures(proxies: list[Proxy]) -> dict[str, object]:
    direct, gateway, caddy, plain = proxies
    rounds = range(len(gateway.rates))
    return {
        "best rates": {proxy.name: round(max(proxy.rates)) for proxy in proxies},
        "processor time, µs a request": {proxy.name: round(min(proxy.cpu)) for proxy in proxies[1:]},
        "processes": {proxy.name: proxy.processes for proxy in proxies[1:]},
        "p50 at one client, ms": {proxy.name: round(min(proxy.alone), 3) for proxy in proxies},
        "beside Caddy": round(max(gateway.rates) / max(caddy.rates), 2),
        "beside Caddy, median of rounds": round(
            statistics.median(gateway.rates[number] / caddy.rates[number] for number in rounds), 2
        ),
        "beside Caddy, by processor time": round(min(caddy.cpu) / min(gateway.cpu), 2),
        "beside httpx": round(max(gateway.rates) / max(plain.rates), 2),
        "beside httpx, by processor time": round(min(plain.cpu) / min(gateway.cpu), 2),
        "added p50, ms": round(min(gateway.alone) - min(direct.alone), 3),
        "goals": GOALS,
    }


def _show(proxies: list[Proxy], figures: dict[str, object], connections: int) -> None:
    table = Table(title=f"POST /predict, 170 kB, {connections} connections; each proxy is one process")
    for name in ("", "requests/s, best", "median", "processor µs", "p99 ms, best", "p50 ms at one client"):
        table.add_column(name, justify="left" if not name else "right")
    for proxy in proxies:
        table.add_row(
            proxy.name,
            f"{max(proxy.rates):,.0f}",
            f"{statistics.median(proxy.rates):,.0f}",
            f"{min(proxy.cpu):,.0f}" if proxy.process else "",
            f"{min(proxy.tails):.1f}",
            f"{min(proxy.alone):.2f}",
        )
    console = Console()
    console.print(table)
    for name, value in figures.items():
        if not isinstance(value, dict):
            goal = GOALS.get(name)
            console.print(f"{name}: {value}" + (f"  (goal: {goal})" if goal else ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
