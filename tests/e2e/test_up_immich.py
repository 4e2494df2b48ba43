"""`./run up --immich URL` beside a stand-in Immich, as processes, through the front door."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from psycopg import conninfo
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

from allinone.database.embedded import EmbeddedPostgres
from support.allinone_process import is_alive, wait_for
from support.front_door import PAGE
from support.http_site import free_port


@dataclass
class Up:
    """A running `up --immich`, and whose Immich it is beside."""

    process: subprocess.Popen[bytes]
    url: str
    gateway: str
    site: ImmichSite
    anna: User
    log: Path

    def child(self, word: str) -> psutil.Process:
        def found() -> psutil.Process | None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            return next((child for child in children if word in " ".join(_line(child))), None)

        return wait_for(found, f"a process {word}")

    def page(self) -> str:
        return httpx.get(f"{self.url}/photos", headers={"accept": PAGE}, timeout=20).text


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImmichSite]:
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("create database up_immich template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'")
    dsn = conninfo.make_conninfo(postgres.dsn, dbname="up_immich")
    with ImmichSite(dsn, tmp_path_factory.mktemp("immich")) as running:
        yield running
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("drop database up_immich with (force)")


@pytest.fixture(scope="module")
def up(site: ImmichSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up_immich")
    anna = site.rows.add_user("anna")
    with start(site, anna, folder) as running:
        yield running


class start:  # noqa: N801 — reads as a verb
    def __init__(self, site: ImmichSite, anna: User, folder: Path) -> None:
        door, gateway, extension = free_port(), free_port(), free_port()
        assert site.redis
        reader = conninfo.conninfo_to_dict(site.reader_dsn())
        environment = {
            **os.environ, "PORT": str(gateway), "ALLINONE_GATEWAY_HOST": "127.0.0.1", "ALLINONE_PORT": str(extension),
            "DB_HOSTNAME": str(reader["host"]), "DB_PORT": str(reader.get("port", 5432)),
            "DB_USERNAME": "allinone_reader", "DB_PASSWORD": "reader", "DB_DATABASE_NAME": str(reader["dbname"]),
            "REDIS_HOSTNAME": "127.0.0.1", "REDIS_PORT": str(site.redis.port),
            "IMMICH_API": site.machine_learning_server.url,
        }  # fmt: skip
        environment.pop("IMMICH_MACHINE_LEARNING_URL", None)
        self.log = folder / "log"
        command = [sys.executable, "-m", "allinone", "up", "--immich", site.url, "--host", "127.0.0.1"]
        command += ["--port", str(door), "--data-dir", str(folder / "data")]
        self.process = subprocess.Popen(command, env=environment, stderr=self.log.open("wb"), cwd="/")
        urls = (f"http://127.0.0.1:{door}", f"http://127.0.0.1:{gateway}")
        self.up = Up(self.process, *urls, site, anna, self.log)

    def __enter__(self) -> Up:
        wait_for(self._ready, f"up --immich to be ready; {self.log}")
        return self.up

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            gateway = httpx.get(f"{self.up.gateway}/ping", timeout=20)
            extension = httpx.get(f"{self.up.url}/allinone/immich.js", timeout=20)
        except httpx.TransportError:
            return False
        return gateway.is_success and extension.headers["content-type"].startswith("text/javascript")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def test_immich_is_at_our_address_with_our_script(up: Up) -> None:
    assert "/allinone/immich.js" in up.page()
    key = {"x-api-key": up.anna.api_key}
    assert httpx.get(f"{up.url}/api/users/me", headers=key).json()["email"] == up.anna.email
    assert httpx.get(f"{up.url}/allinone/immich.js").headers["content-type"].startswith("text/javascript")


def test_a_job_goes_all_the_way(up: Up) -> None:
    """Front door, extension, Redis, Immich's worker, and back by the rows."""
    asset = up.site.rows.add_asset(up.anna, ["統一發票"])
    up.site.rows.put_lines(asset, [])
    key = {"x-api-key": up.anna.api_key}
    body = {"name": "refresh-ocr", "assetIds": [str(asset)]}
    assert httpx.post(f"{up.url}/api/assets/jobs", json=body, headers=key).status_code == 204

    def done() -> dict | None:
        state = httpx.get(f"{up.url}/allinone/api/jobs/{asset}", headers=key).json()["ocr"]
        return state if state["finishedAt"] else None

    assert wait_for(done, "the job")["changed"]["linesAfter"] == 1


def test_the_gateway_reads_with_the_models_beside_it(up: Up, samples: Path) -> None:
    receipt = next(samples.glob("*receipt*.jpg")).read_bytes()
    options = {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.5}}
    entries = httpx.Response(200, json={"ocr": {"detection": options, "recognition": options}}).text
    files = {"entries": (None, entries), "image": ("blob", receipt, "application/octet-stream")}
    answer = httpx.post(f"{up.gateway}/predict", files=files, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["ocr"]["text"]


def test_a_killed_extension_is_started_again_and_immich_answers_meanwhile(up: Up) -> None:
    extension = up.child("extension-worker")
    key = {"x-api-key": up.anna.api_key}
    extension.kill()
    seen_without = False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page = httpx.get(f"{up.url}/photos", headers={"accept": PAGE}, timeout=20)
        search = httpx.post(f"{up.url}/api/search/smart", json={"query": "receipt"}, headers=key, timeout=20)
        assert (page.status_code, search.status_code) == (200, 200)
        if "/allinone/immich.js" not in page.text:
            seen_without = True
        elif seen_without:
            break
        time.sleep(0.1)
    assert seen_without
    assert up.child("extension-worker").pid != extension.pid


def test_a_killed_front_door_comes_back(up: Up) -> None:
    caddy = up.child("caddy")
    caddy.kill()
    wait_for(lambda: caddy.pid != up.child("caddy").pid and answers(up.url), "another front door")


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/server/ping").is_success
    except httpx.TransportError:
        return False


def test_all_of_it_ends_together(site: ImmichSite, tmp_path: Path) -> None:
    anna = site.rows.add_user("carl")
    with start(site, anna, tmp_path) as running:
        pids = [process.pid for process in psutil.Process(running.process.pid).children(recursive=True)]
        assert len(pids) >= 3
    assert running.process.returncode == 0
    assert not [pid for pid in pids if is_alive(pid)]
    with start(site, anna, tmp_path) as running:
        pids = [process.pid for process in psutil.Process(running.process.pid).children(recursive=True)]
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    wait_for(lambda: not [pid for pid in pids if is_alive(pid)], "everything to end with it")


def test_the_port_of_immich_itself_is_explained(site: ImmichSite, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "allinone", "up", "--immich", site.url, "--host", "127.0.0.1"]
    command += ["--port", str(httpx.URL(site.url).port), "--data-dir", str(tmp_path)]
    environment = {**os.environ, "PORT": str(free_port()), "ALLINONE_PORT": str(free_port())}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert result.returncode == 1
    assert "the port of Immich itself" in " ".join(result.stderr.split())


def test_an_address_that_cannot_be_immichs_is_explained(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "allinone",
        "up",
        "--immich",
        "https://photos.example",
        "--data-dir",
        str(tmp_path),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "http://immich-server:2283" in " ".join(result.stderr.split())
