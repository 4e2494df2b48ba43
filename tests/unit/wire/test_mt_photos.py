"""MT-Photos' answers, written and read."""

import pytest

from allinone.errors import InvalidRequest
from allinone.wire import mt_photos
from allinone.wire.ocr import OcrLine

LINE = OcrLine("行1", (0.02, 0.14, 0.72, 0.07, 0.72, 0.28, 0.02, 0.35), 0.9, 0.984)


def test_numbers_are_strings() -> None:
    answer = mt_photos.ocr_answer([LINE], 200, 100)
    box = {"x": "4.0", "y": "7.0", "width": "140.0", "height": "28.0"}
    assert answer == {"result": {"texts": ["行1"], "scores": ["0.98"], "boxes": [box]}}
    assert mt_photos.ocr_answer([], 1, 1) == {"result": {"texts": [], "scores": [], "boxes": []}}
    assert mt_photos.clip_answer([0.0123, -0.5]) == {"result": ["0.0123000000000000", "-0.5000000000000000"]}


def test_what_is_written_is_read_back() -> None:
    (line,) = mt_photos.parse_ocr(mt_photos.ocr_answer([LINE], 200, 100), 200, 100)
    assert line.text == "行1"
    assert line.text_score == line.box_score == 0.98
    assert line.box == pytest.approx((0.02, 0.07, 0.72, 0.07, 0.72, 0.35, 0.02, 0.35))
    assert mt_photos.parse_clip(mt_photos.clip_answer([0.25, -3])) == [0.25, -3.0]
    assert mt_photos.parse_clip({"results": ["1"]}) == [1.0]


def test_boxes_beyond_the_image_end_at_its_edge() -> None:
    box = {"x": "-5", "y": "0", "width": "500", "height": "10"}
    document = {"result": {"texts": ["a"], "scores": ["1.2"], "boxes": [box]}}
    (line,) = mt_photos.parse_ocr(document, 100, 10)
    assert line.box == (0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)
    assert line.text_score == 1.0


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"result": []},
        {"result": [], "msg": "height or width out of range"},
        {"result": {"texts": ["a"], "scores": [], "boxes": []}},
        {"result": {"texts": ["a"], "scores": ["x"], "boxes": [{}]}},
        {"result": {"texts": ["a"], "scores": ["0.5"], "boxes": [[1, 2]]}},
        {"result": {"texts": [1], "scores": ["0.5"], "boxes": [{}]}},
    ],
)
def test_ocr_answers_that_cannot_be_used(document: object) -> None:
    with pytest.raises(InvalidRequest, match="MT-Photos"):
        mt_photos.parse_ocr(document, 10, 10)


@pytest.mark.parametrize("result", [[], ["x"], ["nan"], [None], "1", {"a": 1}, ["1e999"]])
def test_vectors_that_cannot_be_used(result: object) -> None:
    with pytest.raises(InvalidRequest, match="MT-Photos"):
        mt_photos.parse_clip({"result": result})


def test_faces_have_numbers_that_are_numbers() -> None:
    face = mt_photos.face_answer((1.9, 2.2, 31.5, 42.9), 0.9, [0.25, -0.5])
    assert face == {
        "embedding": [0.25, -0.5],
        "facial_area": {"x": 1, "y": 2, "w": 30, "h": 40},
        "face_confidence": 0.9,
    }
    models = {"detector_backend": "insightface", "recognition_model": "buffalo_l"}
    assert mt_photos.faces_answer([face], recognition_model="buffalo_l") == models | {"result": [face]}
    assert mt_photos.check_answer("cpu", recognition_model="buffalo_l") == mt_photos.check_answer("cpu") | models
