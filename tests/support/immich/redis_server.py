"""A real Redis for one test session or one test."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import redis


class RedisServer:
    """redis-server on loopback, nothing written to disk. `start` after `stop` keeps the port and forgets the data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def connection(self) -> dict[str, Any]:
        """For `bullmq`."""
        return {"host": "127.0.0.1", "port": self.port}

    def start(self) -> None:
        """Start, and wait until it answers."""
        program = shutil.which("redis-server")
        assert program, "redis-server is needed (Debian: apt install redis-server)"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                client.close()
                return
        message = "redis-server does not answer"
        raise RuntimeError(message)

    def stop(self) -> None:
        """Abruptly."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
