"""`./run up` and the commands beside it, as processes, on the sample photos, with real OCR."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from support.allinone_process import RunningUp, is_alive, run_allinone, running_up, wait_for


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture(scope="module")
def up(data_dir: Path) -> Iterator[RunningUp]:
    with running_up(data_dir) as running:
        wait_for(lambda: everything_read(running), "all samples to be read")
        yield running


def everything_read(running: RunningUp) -> bool:
    progress = running.get("allinone/api/progress").json()
    return progress["total"] > 0 and progress["waiting"] == 0 and not progress["scanning"]


def test_word_in_a_sample_finds_it(up: RunningUp) -> None:
    found = up.found("ocr:發票")
    assert found
    assert "landscape.jpg" not in found


def test_hit_has_a_picture_and_its_text(up: RunningUp) -> None:
    hit = up.post("api/search/smart", {"query": "ocr:发票"}).json()["assets"]["items"][0]
    thumbnail = up.get(f"api/assets/{hit['id']}/thumbnail?size=thumbnail")
    assert thumbnail.headers["content-type"].startswith("image/")
    assert len(thumbnail.content) > 1000
    assert any(
        "發票" in line["text"] or "发票" in line["text"] for line in up.get(f"api/assets/{hit['id']}/ocr").json()
    )


def test_pages_are_served(up: RunningUp) -> None:
    page = up.get("allinone/")
    assert page.status_code == httpx.codes.OK
    assert "<html" in page.text


def test_second_up_on_the_same_data_is_refused_with_the_first_ones_address(up: RunningUp, data_dir: Path) -> None:
    result = run_allinone("up", "--port", "0", data_dir=data_dir)
    assert result.returncode == 1
    assert "in use by process" in result.stderr
    assert up.url in result.stderr.replace("\n", "")


def test_port_that_is_taken_is_a_clear_error(up: RunningUp, tmp_path: Path) -> None:
    port = httpx.URL(up.url).port
    result = run_allinone("up", "--port", str(port), data_dir=tmp_path / "other")
    assert result.returncode == 1
    assert f"port {port}" in result.stderr
    assert "--port" in result.stderr


def test_folder_that_never_was_is_an_error(tmp_path: Path) -> None:
    result = run_allinone("up", "--port", "0", "--library", tmp_path / "phtos", data_dir=tmp_path / "other")
    assert result.returncode == 1
    assert "There is no folder" in result.stderr


def test_other_address_without_a_password_is_refused(tmp_path: Path) -> None:
    result = run_allinone("up", "--host", "0.0.0.0", data_dir=tmp_path / "other")
    assert result.returncode == 1
    assert "ALLINONE_PASSWORD" in result.stderr


def test_search_command_beside_a_running_up(up: RunningUp, data_dir: Path) -> None:
    result = run_allinone("search", "ocr:發票", "--json", "--limit", "3", data_dir=data_dir)
    assert result.returncode == 0, result.stderr
    hits = json.loads(result.stdout)
    assert 0 < len(hits) <= 3
    for hit in hits:
        assert set(hit) == {"assetId", "path", "score", "text", "clip"}
        assert set(hit["text"]) == {"score", "kind", "lines"}
        assert Path(hit["path"]).is_file()
        assert hit["clip"] is None
    table = run_allinone("search", "ocr:發票", data_dir=data_dir)
    assert table.returncode == 0
    assert Path(hits[0]["path"]).name in table.stdout


def test_search_command_tells_when_nothing_is_found(up: RunningUp, data_dir: Path) -> None:
    result = run_allinone("search", "ocr:qqzzxxjj", "--json", data_dir=data_dir)
    assert (result.returncode, json.loads(result.stdout)) == (0, [])
    assert "No photo" in run_allinone("search", "ocr:qqzzxxjj", data_dir=data_dir).stdout


def test_reprocess_command_reads_a_photo_again(up: RunningUp, data_dir: Path) -> None:
    asset = up.post("api/search/smart", {"query": "ocr:發票"}).json()["assets"]["items"][0]["id"]
    before = up.get(f"allinone/api/jobs/{asset}").json()
    result = run_allinone("reprocess", asset, "--ocr", data_dir=data_dir)
    assert result.returncode == 0, result.stderr
    assert up.get(f"allinone/api/jobs/{asset}").json() != before
    assert asset in [
        item["id"] for item in up.post("api/search/smart", {"query": "ocr:發票"}).json()["assets"]["items"]
    ]


def test_killed_worker_is_started_again(up: RunningUp) -> None:
    worker = up.worker()
    worker.kill()
    wait_for(lambda: up.worker().pid != worker.pid, "another worker")


def test_killed_postgres_comes_back_and_searches_go_on(up: RunningUp) -> None:
    server = next(process for process in up.children() if process.name() == "postgres" and is_main_server(process))
    server.kill()

    def answered() -> bool:
        answer = up.post("api/search/smart", {"query": "ocr:發票"})
        return answer.status_code == httpx.codes.OK and answer.json()["assets"]["count"] > 0

    wait_for(answered, "searches to be answered again")


def is_main_server(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is not None and parent.name() != "postgres"


def test_doctor_beside_a_running_up(up: RunningUp, data_dir: Path) -> None:
    result = run_allinone("doctor", "--json", data_dir=data_dir)
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert checks["OCR model"]["status"] == "ok"
    assert checks["CLIP model"]["status"] == "note"
    assert checks["CLIP model"]["advice"]
    assert "photos read" in checks["library"]["found"]


def test_sigterm_ends_everything_and_the_next_start_goes_on_at_once(tmp_path: Path, samples: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(next(samples.glob("*receipt*.jpg")), photos)
    data_dir = tmp_path / "data"
    with running_up(data_dir, "--library", photos) as first:
        wait_for(lambda: everything_read(first), "the photo to be read")
        pids = [process.pid for process in first.children()]
    assert first.process.returncode == 0
    assert not [pid for pid in pids if is_alive(pid)]
    without = run_allinone("search", "ocr:元", "--json", data_dir=data_dir)
    assert without.returncode == 0, without.stderr
    with running_up(data_dir, "--library", photos) as second:
        pids = [process.pid for process in second.children()]
        os.kill(second.process.pid, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in pids if is_alive(pid)], "everything to end with it")
    with running_up(data_dir, "--library", photos) as third:
        assert everything_read(third) or wait_for(lambda: everything_read(third), "nothing left to read")
