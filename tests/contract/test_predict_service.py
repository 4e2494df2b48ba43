"""Immich's `/predict` on a running photos-ai."""

import io
import json
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from models.tiny_clip import DIM, make_clip_model
from support.face_packs import draw_faces, make_face_pack
from support.photos_ai_service import KEY, RunningService, page, running_service

VISUAL = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}
TEXTUAL = {"clip": {"textual": {"modelName": "ViT-B-32__openai", "options": {"language": "zh-Hans"}}}}
FACES = {
    "facial-recognition": {
        "detection": {"modelName": "buffalo_l", "options": {"minScore": 0.7}},
        "recognition": {"modelName": "buffalo_l"},
    }
}
OCR = {
    "ocr": {
        "detection": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.5, "maxResolution": 736}},
        "recognition": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.8}},
    }
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    models = tmp_path_factory.mktemp("models")
    make_clip_model(models)
    make_face_pack(models)
    with running_service(models, tmp_path_factory.mktemp("service")) as service:
        yield service


def vector(answer: dict[str, object]) -> np.ndarray:
    assert isinstance(answer["clip"], str)
    return np.array(json.loads(answer["clip"]))


def test_ping(service: RunningService) -> None:
    answer = httpx.get(service.url + "/ping")
    assert (answer.status_code, answer.text) == (200, "pong")


def test_a_vector_of_an_image(service: RunningService) -> None:
    answer = service.predict(VISUAL, image=page("x"))
    assert answer.status_code == 200
    assert list(answer.json()) == ["clip", "imageHeight", "imageWidth"]
    assert vector(answer.json()).shape == (DIM,)
    assert np.linalg.norm(vector(answer.json())) == pytest.approx(1, abs=1e-5)
    assert (answer.json()["imageHeight"], answer.json()["imageWidth"]) == (480, 640)


def test_a_vector_of_a_text(service: RunningService) -> None:
    answer = service.predict(TEXTUAL, text="飞机")
    assert answer.status_code == 200
    assert list(answer.json()) == ["clip"]
    assert vector(answer.json()).shape == (DIM,)


def test_text(service: RunningService) -> None:
    answer = service.predict(OCR, image=page("RECEIPT 4711"))
    assert answer.status_code == 200
    assert list(answer.json()) == ["ocr", "imageHeight", "imageWidth"]
    found = answer.json()["ocr"]
    assert list(found) == ["text", "box", "boxScore", "textScore"]
    assert found["text"] == ["RECEIPT 4711"]
    assert len(found["box"]) == 8
    assert all(0 <= value <= 1 for value in found["box"])
    assert 0.5 <= found["boxScore"][0] <= 1
    assert 0.8 <= found["textScore"][0] <= 1


def test_faces(service: RunningService) -> None:
    stream = io.BytesIO()
    Image.fromarray(draw_faces(640, 480, 2, seed=3)).resize((3200, 2400)).save(stream, "PNG")
    answer = service.predict(FACES, image=stream.getvalue())
    assert answer.status_code == 200
    assert list(answer.json()) == ["facial-recognition", "imageHeight", "imageWidth"]
    found = answer.json()["facial-recognition"]
    assert len(found) == 2
    for face in found:
        assert list(face) == ["boundingBox", "embedding", "score"]
        corners = face["boundingBox"]
        assert list(corners) == ["x1", "y1", "x2", "y2"]
        assert all(float(value).is_integer() for value in corners.values())  # Immich's columns are integers
        assert 60 < corners["x2"] - corners["x1"] < 1600
        assert len(json.loads(face["embedding"])) == 512
        assert 0.7 <= face["score"] <= 1
    strict = {"facial-recognition": {"detection": {"options": {"minScore": 1.0}}}}
    assert service.predict(strict, image=stream.getvalue()).json()["facial-recognition"] == []


def test_several_tasks_in_one_request_are_answered_as_each_alone(service: RunningService) -> None:
    image = page("RECEIPT 4711")
    together = service.predict(OCR | VISUAL | FACES, image=image).json()
    assert list(together) == ["ocr", "clip", "facial-recognition", "imageHeight", "imageWidth"]
    assert together["ocr"] == service.predict(OCR, image=image).json()["ocr"]
    assert vector(together) @ vector(service.predict(VISUAL, image=image).json()) == pytest.approx(1, abs=1e-4)


def test_an_images_size_is_that_of_the_image_as_a_person_sees_it(service: RunningService) -> None:
    image = Image.new("RGB", (3000, 4000), "white")
    exif = image.getexif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif)
    answer = service.predict(VISUAL, image=stream.getvalue()).json()
    assert (answer["imageWidth"], answer["imageHeight"]) == (4000, 3000)


def test_options_hold_for_one_request_only(service: RunningService) -> None:
    image = page("RECEIPT 4711")

    def asked(**options: object) -> list[str]:
        entries = {"ocr": {"detection": {"options": options}, "recognition": {"options": options}}}
        return service.predict(entries, image=image).json()["ocr"]["text"]

    assert asked() == ["RECEIPT 4711"]
    assert asked(minScore=1.0) == []
    assert asked(maxResolution=32) != ["RECEIPT 4711"]
    assert asked(minScore=None, maxResolution=None) == ["RECEIPT 4711"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"depth": {"any": {}}}, "The task 'depth' is not known here; these are: clip, ocr, facial-recognition"),
        ({"facial-recognition": {"detection": {"modelName": "buffalo_x"}}}, "'buffalo_x' is not known here"),
        ({"clip": {}}, "either 'visual' or 'textual'"),
        ({"clip": {"visual": {"modelName": 7}}}, "must be a string"),
        ({"clip": {"visual": {"modelName": "../../etc/passwd"}}}, "is not a model's name"),
        ({"ocr": {"detection": {"modelName": "..", "options": {}}}}, "is not a model's name"),
        ({"ocr": {"detection": {"options": []}}}, "'options' of 'ocr.detection' must be a JSON object"),
        ({"ocr": {"detection": {"options": {"minScore": -1}}}}, "between 0 and 1"),
        ({"ocr": {"detection": {"options": {"maxResolution": 10**9}}}}, "maxResolution"),
        (b"[1]", "must be a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"ocr":{"detection":{"options":{"minScore":NaN}}}}', "NaN"),
        (b"", "not JSON"),
    ],
)
def test_entries_that_cannot_be_used(service: RunningService, entries: object, message: str) -> None:
    answer = service.predict(entries, image=page("x"), text="x")
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert answer.json()["correlationId"] == answer.headers["x-immich-cid"]


def test_what_is_missing_is_named(service: RunningService) -> None:
    for entries, message in ((VISUAL, "'image'"), (OCR, "'image'"), (TEXTUAL, "'text'")):
        answer = service.predict(entries)
        assert answer.status_code == 400
        assert message in answer.json()["message"]
    answer = service.post("/predict", files={"image": ("blob", page("x"))})
    assert answer.status_code == 400
    assert "'entries'" in answer.json()["message"]


def test_predict_asks_for_the_key_only_where_it_was_told_to(
    service: RunningService, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert service.predict(TEXTUAL, text="x", key="wrong").status_code == 200
    models, folder = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("service")
    make_clip_model(models)
    with running_service(models, folder, {"ALLINONE_PREDICT_NEEDS_KEY": "true"}) as guarded:
        for key in (None, "wrong", KEY[:-1]):
            assert guarded.predict(TEXTUAL, text="x", key=key).status_code == 401
        assert guarded.predict(TEXTUAL, text="x", key=KEY).status_code == 200
