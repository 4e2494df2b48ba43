"""The extension beside an Immich as a process of its own, so that it can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import uvicorn

from allinone.cli import event_loop
from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.http.server import server_config
from allinone.immich.settings import ImmichSettings

ROOT = Path(__file__).parents[3]


class ExtensionProcess:
    """Starts it with settings and our own database; `kill` leaves it no time to say goodbye."""

    def __init__(self, settings: dict[str, object], dsn: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._given = json.dumps({"settings": settings, "dsn": dsn, "port": port})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        command = [sys.executable, "-m", "tests.support.immich.extension_process", self._given]
        self._process = subprocess.Popen(command, env=environment, cwd=ROOT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        message = "the extension does not answer"
        raise RuntimeError(message)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


async def _serve(settings: ImmichSettings, dsn: str, port: int) -> None:
    app = create_immich_app(settings, database=Database(dsn))
    await uvicorn.Server(server_config(app, port=port)).serve()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    event_loop.run(_serve(ImmichSettings(**given["settings"]), given["dsn"], given["port"]))
