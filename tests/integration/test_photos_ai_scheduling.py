"""A running photos-ai under load: what waits, what is refused, what is dropped, and what memory does meanwhile."""

import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.tiny_clip import make_clip_model
from support.allinone_process import wait_for
from support.face_packs import make_face_pack
from support.mixed_requests import ask_all, make_requests
from support.photos_ai_service import RunningService, page, running_service

OCR = {"ocr": {"detection": {}, "recognition": {}}}
TEXTUAL = {"clip": {"textual": {}}}
VISUAL = {"clip": {"visual": {}}}
MIXED = int(os.environ.get("ALLINONE_TEST_MIXED", "150"))
BOUNDARY = "xyz"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    make_clip_model(folder)
    make_face_pack(folder)
    return folder


@pytest.fixture
def large(samples: Path) -> bytes:
    """A photo that takes a while to read."""
    return (samples / "receipt-taiwan.jpg").read_bytes()


def batches(service: RunningService, model: str) -> int:
    return int(service.metric(f'allinone_batch_size_count{{model="{model}"}}'))


def test_many_at_once_are_answered_as_each_alone(models: Path, tmp_path: Path) -> None:
    with running_service(models, tmp_path) as service:
        outcome = ask_all(service.url, make_requests(seed=7), count=MIXED, clients=32)
        assert (outcome.asked, outcome.failed, outcome.different) == (MIXED, [], [])


def test_queries_do_not_wait_behind_pictures(models: Path, tmp_path: Path, large: bytes) -> None:
    with running_service(models, tmp_path, {"ALLINONE_THREADS": "1"}) as service, ThreadPoolExecutor(16) as pool:
        service.predict(TEXTUAL, text="warm")
        service.predict(OCR, image=page("warm"))
        before = batches(service, "ocr")
        pictures = [pool.submit(service.predict, OCR, image=large) for _ in range(8)]
        wait_for(lambda: service.metric("allinone_threads_busy") or None, "the pictures to be begun")
        for word in ("cat", "飞机"):
            assert service.predict(TEXTUAL, text=word).status_code == 200
        assert batches(service, "ocr") - before < 5
        assert [each.result().status_code for each in pictures] == [200] * 8


def test_work_of_clients_who_left_is_never_done(models: Path, tmp_path: Path, large: bytes) -> None:
    with running_service(models, tmp_path, {"ALLINONE_THREADS": "1"}) as service:
        service.predict(OCR, image=page("warm"))
        before = batches(service, "ocr")
        connections = [begin(service, OCR, large) for _ in range(12)]
        wait_for(lambda: service.metric('allinone_queue_depth{queue="picture"}') >= 8 or None, "pictures to wait")
        for connection in connections:
            connection.close()
        wait_for(lambda: service.metric("allinone_queue_depth") == 0 or None, "nothing to wait")
        wait_for(lambda: service.metric("allinone_threads_busy") == 0 or None, "the threads to come to rest")
        assert batches(service, "ocr") - before <= 4
        assert service.metric("allinone_request_bytes") == 0
        assert service.predict(OCR, image=page("STILL HERE")).json()["ocr"]["text"] == ["STILL HERE"]


def test_too_many_are_refused_with_a_time_to_come_back(models: Path, tmp_path: Path, large: bytes) -> None:
    tight = {"ALLINONE_THREADS": "1", "ALLINONE_QUEUE": "1"}
    with running_service(models, tmp_path, tight) as service, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: service.predict(OCR, image=large), range(16)))
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 0 < len(refused) < 16
        for answer in refused:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert "Try again" in answer.json()["message"]
        assert service.predict(OCR, image=page("FREE AGAIN")).json()["ocr"]["text"] == ["FREE AGAIN"]


def test_what_requests_hold_in_memory_is_bounded(models: Path, tmp_path: Path) -> None:
    limits = {"ALLINONE_PHOTOS_AI_MEMORY": "500000"}
    image = page("x") + bytes(300_000)  # what follows the end of a JPEG is nobody's business
    with running_service(models, tmp_path, limits) as service:
        first = begin(service, VISUAL, image, keep=1000)
        wait_for(lambda: service.metric("allinone_request_bytes") > 300_000 or None, "the first to be let in")
        second = service.predict(VISUAL, image=image)
        assert (second.status_code, "retry-after" in second.headers) == (503, True)
        assert service.predict(TEXTUAL, text="cat").status_code == 200  # small ones get through
        first.sendall(form(VISUAL, image)[-1000:])
        assert first.recv(100).startswith(b"HTTP/1.1 200")
        assert service.predict(VISUAL, image=image).status_code == 200
        first.close()
        assert service.predict(VISUAL, image=image + bytes(300_000)).status_code == 413  # it would never fit


def test_a_request_is_given_up_at_its_deadline(models: Path, tmp_path: Path, large: bytes) -> None:
    hasty = {"ALLINONE_PHOTOS_AI_DEADLINE": "0.01"}
    with running_service(models, tmp_path, hasty) as service:
        for answer in (service.predict(OCR, image=large), service.send_image("/ocr", large)):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert "not ready within" in answer.text


def test_models_load_once_leave_when_idle_and_come_back(models: Path, tmp_path: Path) -> None:
    with running_service(models, tmp_path, {"ALLINONE_MODEL_TTL": "2"}) as service, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: service.predict(OCR, image=page("FIRST ONE")), range(8)))
        assert [answer.json()["ocr"]["text"] for answer in answers] == [["FIRST ONE"]] * 8
        assert service.log_file.read_text().count("Loaded ocr in") == 1
        with_model = service.rss()
        wait_for(lambda: service.metric("allinone_model_loaded") == 0 or None, "the models to be unloaded")
        assert "Unloaded ocr" in service.log_file.read_text()
        wait_for(lambda: with_model - service.rss() > 10 * 1024 * 1024 or None, "memory to be given back")
        assert service.predict(OCR, image=page("BACK AGAIN")).json()["ocr"]["text"] == ["BACK AGAIN"]


def test_a_device_that_is_not_there_is_told_once_and_the_cpu_taken(models: Path, tmp_path: Path) -> None:
    with running_service(models, tmp_path, {"DEVICE": "cuda"}) as service:
        assert service.post("/check").json()["device"] == "cpu"
        assert service.predict(OCR, image=page("ON THE CPU")).json()["ocr"]["text"] == ["ON THE CPU"]
        log = service.log_file.read_text()
        assert log.count("computing on the CPU") == 1
        assert "set DEVICE=cpu" in log


def test_every_line_of_the_log_can_be_json_and_names_its_request(models: Path, tmp_path: Path) -> None:
    settings = {"ALLINONE_LOG_FORMAT": "json", "ALLINONE_LOG_LEVEL": "debug", "CLIP_MODEL": "RN50"}
    log = tmp_path / "photos-ai.log"
    with running_service(models, tmp_path, settings) as service:
        answer = service.predict(TEXTUAL, text="x")
        assert (answer.status_code, answer.headers["x-allinone-reason"]) == (503, "model-missing")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    of_it = [line for line in lines if line.get("request_id") == answer.headers["x-immich-cid"]]
    assert any(line["level"] == "error" and "models pull RN50" in line["message"] for line in of_it)
    (request,) = [line for line in of_it if "status" in line]
    assert (request["method"], request["path"], request["status"]) == ("POST", "/predict", 503)


def form(entries: object, image: bytes) -> bytes:
    parts = (("entries", json.dumps(entries).encode()), ("image", image))
    body = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"
        for name, content in parts
    )
    return body + f"--{BOUNDARY}--\r\n".encode()


def begin(service: RunningService, entries: object, image: bytes, *, keep: int = 0) -> socket.socket:
    """Send a request, all but its last `keep` bytes."""
    body = form(entries, image)
    head = (
        f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
    connection.sendall(head.encode() + body[: len(body) - keep])
    time.sleep(0.01)
    return connection
