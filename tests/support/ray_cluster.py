"""A Ray cluster of two nodes on this machine, each with a port of its own, started as people start them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

BIN = Path(sys.executable).parent
START = ("--num-cpus=1", "--object-store-memory=80000000", "--disable-usage-stats", "--node-ip-address=127.0.0.1")


@dataclass(frozen=True)
class RayCluster:
    """Two nodes.

    Attributes:
        address: of the first.
        ports: where Ray Serve answers on the first and on the second.
        second: the process of the second node whose children are all it runs.
        environment: for commands that use the cluster.
    """

    address: str
    ports: tuple[int, int]
    second: psutil.Process
    environment: dict[str, str]

    def kill_second(self) -> None:
        """SIGKILL to everything on it at once, as when its plug is pulled."""
        everything = [self.second, *self.second.children(recursive=True)]
        for process in everything:
            process.suspend()  # so that none notices the end of another
        for process in everything:
            process.kill()


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Both nodes up; everything of theirs ended afterwards."""
    home = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))  # sockets below it must have short paths
    gcs, first, second = free_ports(3)
    environment = os.environ | {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_WORKER_PROXY_HTTP_PORT": str(second),  # two machines would have two addresses instead
        "ALLINONE_RAY_ADDRESS": f"127.0.0.1:{gcs}",
        "HTTP_PORT": str(first),
        "ALLINONE_PHOTOS_AI_HOST": "127.0.0.1",
        "ALLINONE_DATA_DIR": str(home / "data"),
    }
    try:
        _start(environment, "--head", f"--port={gcs}", "--include-dashboard=false", f"--temp-dir={home}")
        known = {process.pid for process in _raylets(home)}
        _start(environment, f"--address=127.0.0.1:{gcs}")
        (node,) = [process for process in _raylets(home) if process.pid not in known]
        yield RayCluster(f"127.0.0.1:{gcs}", (first, second), node, environment)
    finally:
        _end(home)


def _start(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [BIN / "ray", "start", *arguments, *START], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _mine(home: Path) -> list[psutil.Process]:
    everybody = psutil.process_iter(["cmdline"])
    return [process for process in everybody if any(str(home) in word for word in process.info["cmdline"] or ())]


def _raylets(home: Path) -> list[psutil.Process]:
    return [process for process in _mine(home) if Path(process.cmdline()[0]).name == "raylet"]


def _end(home: Path) -> None:
    everything = {process for root in _mine(home) for process in (root, *root.children(recursive=True))}
    for process in everything:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(everything, timeout=10)
    shutil.rmtree(home, ignore_errors=True)
