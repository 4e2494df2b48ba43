"""The MT-Photos API of a running photos-ai, answer by answer, as its closed client expects it."""

import io
import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from models.tiny_clip import DIM, make_clip_model
from support.face_packs import draw_faces, make_face_pack
from support.photos_ai_service import KEY, RunningService, page, running_service

HELP = "https://mtmt.tech/docs/advanced/ocr_api"
FACE_MODELS = {"detector_backend": "insightface", "recognition_model": "buffalo_l"}
POSTS = ("/check", "/ocr", "/clip/img", "/clip/txt", "/represent", "/restart", "/restart_v2")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    models = tmp_path_factory.mktemp("models")
    make_clip_model(models)
    make_face_pack(models)
    with running_service(models, tmp_path_factory.mktemp("service")) as service:
        yield service


def test_check(service: RunningService) -> None:
    answer = service.post("/check")
    assert answer.status_code == 200
    expected = {"result": "pass", "title": "mt-photos-ai服务", "help": HELP, "device": "cpu"}
    assert answer.json() == expected | FACE_MODELS
    assert answer.headers["content-type"] == "application/json"
    assert '"mt-photos-ai服务"'.encode() in answer.content  # not escaped


@pytest.mark.parametrize("path", POSTS)
def test_every_post_asks_for_the_key(service: RunningService, path: str) -> None:
    for attempt in ("wrong", KEY[:-1], KEY + "x", "", KEY.upper()):
        answer = service.post(path, key=attempt)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key"})
    missing = service.post(path, key=None)
    assert missing.status_code == 422
    (fault,) = missing.json()["detail"]
    assert fault == {"type": "missing", "loc": ["header", "api-key"], "msg": "Field required", "input": None}


def test_ocr_answers_strings_and_upright_boxes(service: RunningService) -> None:
    answer = service.send_image("/ocr", page("RECEIPT 4711"))
    assert answer.status_code == 200
    result = answer.json()["result"]
    assert list(result) == ["texts", "scores", "boxes"]
    assert result["texts"] == ["RECEIPT 4711"]
    (score,) = result["scores"]
    assert re.fullmatch(r"[01]\.\d\d", score)
    (box,) = result["boxes"]
    assert list(box) == ["x", "y", "width", "height"]
    assert all(re.fullmatch(r"\d+\.\d{1,2}", value) for value in box.values())
    x, y, width, height = (float(value) for value in box.values())
    assert 40 < x < 70
    assert 180 < y < 220
    assert 300 < width < 480
    assert 30 < height < 90


def test_boxes_are_pixels_of_the_image_as_it_was_sent(service: RunningService) -> None:
    small = service.send_image("/ocr", page("RECEIPT 4711")).json()["result"]["boxes"][0]
    image = Image.open(io.BytesIO(page("RECEIPT 4711"))).resize((640 * 8, 480 * 8))
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    large = service.send_image("/ocr", stream.getvalue()).json()["result"]["boxes"][0]
    assert float(large["x"]) == pytest.approx(8 * float(small["x"]), rel=0.1)
    assert float(large["width"]) == pytest.approx(8 * float(small["width"]), rel=0.1)


def test_an_image_without_text(service: RunningService) -> None:
    answer = service.send_image("/ocr", page(""))
    assert answer.content == b'{"result":{"texts":[],"scores":[],"boxes":[]}}'


def test_vectors_are_strings_of_sixteen_decimals(service: RunningService) -> None:
    image = service.send_image("/clip/img", page("x"))
    text = service.post("/clip/txt", json={"text": "飞机"})
    for answer in (image, text):
        assert answer.status_code == 200
        assert list(answer.json()) == ["result"]
        vector = answer.json()["result"]
        assert len(vector) == DIM
        assert all(re.fullmatch(r"-?\d+\.\d{16}", value) for value in vector)
        assert abs(np.linalg.norm([float(value) for value in vector]) - 1) > 0.01  # as long as the model made it


def faces_image(kind: str = "PNG", scale: int = 1) -> bytes:
    image = Image.fromarray(draw_faces(640, 480, 2, seed=3))
    stream = io.BytesIO()
    image.resize((640 * scale, 480 * scale)).save(stream, kind)
    return stream.getvalue()


def test_faces_are_numbers(service: RunningService) -> None:
    answer = service.send_image("/represent", faces_image())
    assert answer.status_code == 200
    assert list(answer.json()) == ["detector_backend", "recognition_model", "result"]
    assert {name: answer.json()[name] for name in FACE_MODELS} == FACE_MODELS
    faces = answer.json()["result"]
    assert len(faces) == 2
    for face in faces:
        assert list(face) == ["embedding", "facial_area", "face_confidence"]
        assert len(face["embedding"]) == 512
        assert np.linalg.norm(face["embedding"]) == pytest.approx(1, abs=1e-5)
        assert list(face["facial_area"]) == ["x", "y", "w", "h"]
        assert all(isinstance(value, int) for value in face["facial_area"].values())
        assert 0.65 <= face["face_confidence"] <= 1
    large = service.send_image("/represent", faces_image(scale=5)).json()["result"]
    for name in ("x", "y", "w", "h"):
        small = faces[0]["facial_area"][name]
        assert any(face["facial_area"][name] == pytest.approx(5 * small, abs=25) for face in large)


def test_no_face_and_the_first_frame_of_an_animation(service: RunningService) -> None:
    answer = service.send_image("/represent", page("x"))
    assert (answer.status_code, answer.json()["result"]) == (200, [])
    assert len(service.send_image("/represent", faces_image("GIF")).json()["result"]) == 2


@pytest.mark.parametrize("path", ["/restart", "/restart_v2"])
def test_restarting_frees_the_models_and_answers(service: RunningService, path: str) -> None:
    service.send_image("/ocr", page("x"))
    assert service.metric("allinone_model_loaded") >= 1
    answer = service.post(path)
    assert (answer.status_code, answer.content) == (200, b'{"result":"pass"}')
    assert service.metric("allinone_model_loaded") == 0
    assert service.send_image("/ocr", page("AGAIN 12")).json()["result"]["texts"] == ["AGAIN 12"]


@pytest.mark.parametrize("path", ["/ocr", "/clip/img", "/represent"])
def test_an_image_that_cannot_be_used_is_told_with_status_200(service: RunningService, path: str) -> None:
    for content in (b"", b"x", b"<html>", page("x")[:900]):
        answer = service.send_image(path, content)
        assert answer.status_code == 200
        assert answer.json()["result"] == []
        assert answer.json()["msg"]


@pytest.mark.parametrize("path", ["/ocr", "/clip/img", "/represent"])
def test_a_side_of_more_than_ten_thousand_pixels(service: RunningService, path: str) -> None:
    answer = service.send_image(path, page("x", (10_001, 8), kind="PNG"))
    assert answer.status_code == 200
    assert answer.content == b'{"result":[],"msg":"height or width out of range"}'
    assert "msg" not in service.send_image(path, page("", (10_000, 8), kind="PNG")).json()


@pytest.mark.parametrize("path", ["/ocr", "/clip/img", "/represent"])
def test_a_form_without_a_file(service: RunningService, path: str) -> None:
    answer = service.post(path, files={"image": ("a.jpg", b"x")})
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert fault == {"type": "missing", "loc": ["body", "file"], "msg": "Field required", "input": None}


@pytest.mark.parametrize(
    ("body", "kind", "place"),
    [
        (b"{", "json_invalid", ["body", 0]),
        (b"\xff\xfe", "json_invalid", ["body", 0]),
        (b"", "json_invalid", ["body", 0]),
        (b'{"text": NaN}', "json_invalid", ["body", 0]),
        (b"[" * 100_000, "json_invalid", ["body", 0]),
        (b"[]", "model_attributes_type", ["body"]),
        (b"7", "model_attributes_type", ["body"]),
        (b"{}", "missing", ["body", "text"]),
        (b'{"text": 7}', "string_type", ["body", "text"]),
        (b'{"text": null}', "string_type", ["body", "text"]),
    ],
)
def test_a_bad_json_body(service: RunningService, body: bytes, kind: str, place: list[object]) -> None:
    answer = service.post("/clip/txt", content=body)
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == (kind, place)


@pytest.mark.parametrize("text", ["", " ", "\0", "!?", "飞机" * 5000, "😀", "'; drop table"])
def test_any_text_has_a_vector(service: RunningService, text: str) -> None:
    assert len(service.post("/clip/txt", json={"text": text}).json()["result"]) == DIM


def test_the_status_page_speaks_the_readers_language(service: RunningService) -> None:
    for language, word in (("en", "is running"), ("zh-CN", "识别服务"), ("zh-TW", "辨識服務")):
        answer = httpx.get(service.url + "/", headers={"accept-language": language})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert word in answer.text
        assert "PP-OCR" in answer.text
        assert "ViT-B-16" in answer.text


def test_a_missing_model_names_the_command_that_brings_it(
    tmp_path: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_service(tmp_path_factory.mktemp("none"), tmp_path_factory.mktemp("service")) as service:
        check = {"result": "pass", "title": "mt-photos-ai服务", "help": HELP, "device": "cpu"}
        assert service.post("/check").json() == check
        faces = service.send_image("/represent", page("x"))
        assert faces.status_code == 503
        assert "./run models pull buffalo_l" in faces.json()["detail"]
        for answer in (service.send_image("/clip/img", page("x")), service.post("/clip/txt", json={"text": "x"})):
            assert answer.status_code == 503
            assert "./run models pull ViT-B-16" in answer.json()["detail"]
        assert service.send_image("/ocr", page("OCR WORKS")).json()["result"]["texts"] == ["OCR WORKS"]
        assert "./run models pull ViT-B-16" in service.log_file.read_text()
