"""What clients of a running photos-ai get wrong, by mistake or on purpose. Each leaves it alive, right, and small."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from models.tiny_clip import make_clip_model
from support import hard_images
from support.allinone_process import wait_for
from support.face_packs import make_face_pack
from support.hard_images import JPEG, REFUSED, TEXT
from support.photos_ai_service import KEY, RunningService, running_service

OCR = {"ocr": {"detection": {}, "recognition": {}}}
TEXTUAL = {"clip": {"textual": {}}}
ALL = OCR | {"clip": {"visual": {}}, "facial-recognition": {}}
MOST = 8 * 1024 * 1024
SMALL = hard_images.saved(hard_images.sheet().crop((40, 180, 460, 270)), "JPEG", quality=92)
GROWTH = 150 * 1024 * 1024
BOUNDARY = "----formdata-undici-012345678901"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    models = tmp_path_factory.mktemp("models")
    make_clip_model(models)
    make_face_pack(models)
    limits = {"ALLINONE_PHOTOS_AI_MAX_BODY": str(MOST)}
    with running_service(models, tmp_path_factory.mktemp("service"), limits) as service:
        yield service


@pytest.fixture(scope="module")
def at_first(running: RunningService) -> int:
    """Bytes of memory with every model loaded."""
    for _ in range(4):
        assert running.predict(OCR, image=SMALL).status_code == 200
        assert running.predict(ALL, image=JPEG).status_code == 200
        assert running.predict(TEXTUAL, text="x").status_code == 200
    time.sleep(11)  # what these needed for a moment is given back in a pause
    return running.rss()


@pytest.fixture
def service(running: RunningService, at_first: int) -> Iterator[RunningService]:
    """Alive, and right, after each test."""
    yield running
    answer = running.predict(OCR, image=SMALL)
    assert answer.status_code == 200
    assert answer.json()["ocr"]["text"] == [TEXT]


def exchange(service: RunningService, request: bytes, *, patience: float = 60.0) -> tuple[int, bytes]:
    """Send bytes as they are; the status and all of the answer."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=patience) as connection:
        connection.sendall(request)
        return received(connection)


def received(connection: socket.socket) -> tuple[int, bytes]:
    answer = b""
    try:
        while b"\r\n\r\n" not in answer or (b"}" not in answer and b"content-length: 0" not in answer.lower()):
            found = connection.recv(65536)
            if not found:
                break
            answer += found
    except ConnectionResetError:
        pass
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(b" ", 2)[1]), answer


def form(*parts: tuple[str, bytes]) -> bytes:
    heads = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() for name, _ in parts]
    body = b"".join(head + content + b"\r\n" for head, (_, content) in zip(heads, parts, strict=True))
    return body + f"--{BOUNDARY}--\r\n".encode()


def head(length: int | None, *more: str, path: str = "/predict", boundary: str = f"; boundary={BOUNDARY}") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: multipart/form-data{boundary}", *more]
    lines += [f"Content-Length: {length}"] if length is not None else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def posted(service: RunningService, body: bytes, *more: str, **options: str) -> tuple[int, str]:
    status, answer = exchange(service, head(len(body), *more, **options) + body)
    return status, answer.partition(b"\r\n\r\n")[2].decode()


# images


@pytest.mark.parametrize("name", hard_images.READABLE)
def test_every_kind_of_image_is_read(service: RunningService, name: str) -> None:
    image = hard_images.READABLE[name]
    answer = service.predict(ALL, image=image)
    assert answer.status_code == 200
    assert answer.json()["ocr"]["text"] == [TEXT]
    assert service.send_image("/ocr", image).json()["result"]["texts"] == [TEXT]


@pytest.mark.parametrize("name", hard_images.EMPTY)
def test_images_with_nothing_on_them(service: RunningService, name: str) -> None:
    answer = service.predict(ALL, image=hard_images.EMPTY[name])
    assert answer.status_code == 200
    assert answer.json()["ocr"]["text"] == []


@pytest.mark.parametrize("name", REFUSED)
def test_images_that_cannot_be_used(service: RunningService, name: str) -> None:
    image, status = REFUSED[name]
    answer = service.predict(ALL, image=image)
    assert answer.status_code == status
    assert len(answer.json()["message"]) > 20
    for path in ("/ocr", "/clip/img", "/represent"):
        answer = service.send_image(path, image)
        assert answer.status_code == 200
        assert answer.json()["result"] == []
        assert answer.json()["msg"]


# HTTP


@pytest.mark.parametrize("path", ["/predict", "/ocr"])
@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 300, "; boundary=other"])
def test_a_form_without_its_boundary(service: RunningService, path: str, boundary: str) -> None:
    body = form(("entries", json.dumps(OCR).encode()), ("image", JPEG))
    status, answer = posted(service, body, f"api-key: {KEY}", path=path, boundary=boundary)
    assert status == 400
    assert "form" in answer


def test_a_body_that_is_no_form(service: RunningService) -> None:
    answer = service.post("/predict", json=OCR)
    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["message"]


def test_a_hundred_thousand_parts(service: RunningService) -> None:
    begun = time.monotonic()
    status, answer = posted(service, form(*[("x", b"")] * 80_000))
    assert status == 400
    assert "more than 16 parts" in answer
    assert time.monotonic() - begun < 20


def test_a_part_head_without_end(service: RunningService) -> None:
    status, answer = posted(service, f"--{BOUNDARY}\r\nX-Long: ".encode() + b"x" * 1_000_000)
    assert status == 400
    assert "cannot be read" in answer


@pytest.mark.parametrize("name", ["entries", "image"])
def test_a_part_twice(service: RunningService, name: str) -> None:
    parts = [("entries", json.dumps(OCR).encode()), ("image", JPEG)]
    status, answer = posted(service, form(*parts, *[part for part in parts if part[0] == name]))
    assert status == 400
    assert f"the part '{name}' twice" in answer


def test_a_form_cut_off(service: RunningService) -> None:
    body = form(("entries", json.dumps(OCR).encode()), ("image", JPEG))
    for length in (10, 100, len(body) // 2, len(body) - 8):
        status, _ = posted(service, body[:length])
        assert status == 400


def test_both_a_length_and_chunks(service: RunningService) -> None:
    status, _ = exchange(service, head(5, "Transfer-Encoding: chunked") + b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n")
    assert status == 400


@pytest.mark.parametrize(
    "line",
    ["X-Evil: a\nX-Injected: 1", "X-Evil: a\rX-Injected: 1", "X-Evil: a\r\n folded", "X-Evil: \0", "no colon"],
)
def test_line_breaks_and_worse_in_headers(service: RunningService, line: str) -> None:
    request = f"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    assert b"injected" not in answer.lower()


def test_header_values_do_not_come_back_in_answers_or_break_the_log(service: RunningService) -> None:
    body = form(("entries", b'{"clip\\r\\nX: y":{}}'))
    status, answer = posted(service, body)
    assert status == 400
    assert "\r" not in answer
    assert "Traceback" not in service.log_file.read_text()


@pytest.mark.parametrize("host", ["evil.example", "photos-ai:8060", "[::1]"])
def test_any_name_may_be_ours(service: RunningService, host: str) -> None:
    status, _ = exchange(service, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status == 200


@pytest.mark.parametrize("hosts", ["", "Host: a b\r\n", "Host: a\r\nHost: b\r\n", "Host: <script>\r\n"])
def test_a_host_that_is_no_name(service: RunningService, hosts: str) -> None:
    status, _ = exchange(service, f"GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
    assert status in (400, 421)


def test_pages_of_other_sites_may_not_send_work(service: RunningService) -> None:
    status, _ = posted(service, form(("entries", b"{}")), "Origin: https://evil.example")
    assert status == 403


def test_a_body_over_the_limit_is_refused_before_it_is_read(service: RunningService) -> None:
    begun = time.monotonic()
    for path in ("/predict", "/ocr", "/clip/txt"):
        for length in (MOST + 1, 10**12, 10**30):
            status, answer = exchange(service, head(length, f"api-key: {KEY}", path=path))
            assert status in (413, 400)
            assert status == 413 or length == 10**30
            assert b"limit" in answer or length == 10**30
    assert time.monotonic() - begun < 20


def test_chunks_over_the_limit(service: RunningService) -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"\r\n\r\n'.encode()
    first = f"{len(start):x}\r\n".encode() + start + b"\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(head(None, "Transfer-Encoding: chunked") + first)
        try:
            for _ in range(9):
                connection.sendall(chunk)
        except (ConnectionResetError, BrokenPipeError):
            return  # cut while it was sending: as good an answer
        status, answer = received(connection)
    assert status == 413
    assert b"limit" in answer


def test_slow_clients_are_given_up(service: RunningService) -> None:
    """Headers a byte a second, a body a byte a second, chunks that never end: all at the same time."""
    begun = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"\r\n\r\nx'.encode()
    unfinished = head(None, "Transfer-Encoding: chunked") + f"{len(begun):x}\r\n".encode() + begun + b"\r\n"
    plain = form(("entries", b"{}"))
    slow = {
        "headers": (b"POST /predict HTTP/1.1\r\n", b"X" * 90),
        "body": (head(len(plain)), plain),
        "chunks": (unfinished, b""),
    }
    found: dict[str, int] = {}

    def trickle(name: str, at_once: bytes, slowly: bytes) -> None:
        with socket.create_connection(("127.0.0.1", service.port), timeout=90) as connection:
            connection.sendall(at_once)
            connection.settimeout(1.0)
            for place in range(90):
                try:
                    connection.sendall(slowly[place : place + 1])
                    answer = connection.recv(65536)
                except TimeoutError:
                    continue
                except (ConnectionResetError, BrokenPipeError):
                    answer = b""
                found[name] = int(answer.split(b" ", 2)[1]) if answer else 0
                return

    threads = [threading.Thread(target=trickle, args=(name, *parts)) for name, parts in slow.items()]
    for thread in threads:
        thread.start()
    assert httpx.get(service.url + "/ping").status_code == 200  # nobody else waits for them
    for thread in threads:
        thread.join()
    assert found == {"headers": 408, "body": 408, "chunks": 408}


def test_clients_that_leave(service: RunningService) -> None:
    body = form(("entries", json.dumps(ALL).encode()), ("image", JPEG))
    file = form(("file", JPEG))
    for sent in (10, 200, len(file) // 2, len(body)):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
                connection.sendall(head(len(body)) + body[:sent])
            with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
                connection.sendall(head(len(file), f"api-key: {KEY}", path="/ocr") + file[:sent])
    wait_for(lambda: service.metric("allinone_threads_busy") == 0 or None, "the threads to come to rest")
    assert service.metric("allinone_request_bytes") == 0
    assert "Traceback" not in service.log_file.read_text()


# JSON; entries of a wrong form have their tests in tests/contract


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        (b'{"ocr":{"detection":{"x":"' + b"x" * 5_000_000 + b'"}}}', 413),
        (b'{"a":' * 10_000, 400),
        (b"[" * 60_000, 400),
        (b'{"ocr":{"detection":{"options":{"maxResolution":%s}}}}' % (b"9" * 6000), 400),
        (b'{"ocr":{"detection":{"options":{"maxResolution":-5}}}}', 400),
        (b'{"ocr":{"detection":{"options":{"maxResolution":1e400}}}}', 400),
        (b'{"ocr":{"recognition":{"options":{"minScore":Infinity}}}}', 400),
        (b'{"ocr":null}', 400),
        (b'{"ocr":{"detection":null}}', 400),
        (b'{"\xff\xfe":{}}', 400),
        (b'{"\\ud800":{}}', 400),
        (b'{"ocr":{"detection":{"modelName":"a\\u0000b"}}}', 400),
        (b"null", 400),
        (b'"ocr"', 400),
    ],
)
def test_entries_from_hell(service: RunningService, entries: bytes, status: int) -> None:
    answer = service.predict(entries, image=JPEG)
    assert answer.status_code == status
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "!?…", "a" * 60_000, "票" * 20_000, "' OR 1=1 --", "a & b | !c", "\u202e\ufffe", "😀" * 500]
)
def test_any_text_has_a_vector(service: RunningService, text: str) -> None:
    answer = service.predict(TEXTUAL, text=text)
    assert answer.status_code == 200
    assert answer.json()["clip"].startswith("[")


def test_text_that_cannot_be_used(service: RunningService) -> None:
    for text, status in ((b"\xff\xfe\xfd", 400), (b"x" * 1_000_000, 413)):
        assert posted(service, form(("entries", json.dumps(TEXTUAL).encode()), ("text", text)))[0] == status


# trust


def test_secrets_in_addresses_do_not_reach_the_log(service: RunningService) -> None:
    for path in ("/predict?apiKey=SECRET4711", "/ocr?api-key=SECRET4711", "/nothing?key=SECRET4711"):
        httpx.post(service.url + path, headers={"api-key": "SECRET4711"}, content=b"x")
    log = service.log_file.read_text()
    assert "SECRET4711" not in log
    assert KEY not in log


@pytest.mark.parametrize(
    "path", ["/docs", "/../etc/passwd", "/%2e%2e/x", "/ocr/", "//ocr", "/" + "x" * 5000, "/\ud83d"]
)
def test_paths_that_do_not_exist(service: RunningService, path: str) -> None:
    request = b"GET " + path.encode("utf-8", "surrogatepass") + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    status, _ = exchange(service, request)
    assert status in (307, 400, 404, 405)


# and at the end of all


def test_no_answer_was_a_fault_of_ours_and_memory_is_back(service: RunningService, at_first: int) -> None:
    metrics = httpx.get(service.url + "/metrics").text
    assert 'status="5' not in metrics

    def grown() -> float:
        return (service.rss() - at_first) / GROWTH

    wait_for(lambda: grown() <= 1 or None, "memory to be given back", patience=20)
    print(f"\ngrown by {grown() * GROWTH / 1024**2:.0f} MiB from {at_first / 1024**2:.0f} MiB")
