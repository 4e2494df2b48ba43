"""Immich's `/predict`, read and written."""

import json

import pytest

from allinone.errors import InvalidRequest
from allinone.wire import predict
from allinone.wire.ocr import OcrLine

# the requests of Immich v3.1.0
VISUAL = '{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'
TEXTUAL = '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{"language":"zh-Hans"}}}}'
OCR = (
    '{"ocr":{"detection":{"modelName":"PP-OCRv5_mobile","options":{"minScore":0.5,"maxResolution":736}},'
    '"recognition":{"modelName":"PP-OCRv5_mobile","options":{"minScore":0.8}}}}'
)
FACES = (
    '{"facial-recognition":{"detection":{"modelName":"buffalo_l","options":{"minScore":0.7}},'
    '"recognition":{"modelName":"buffalo_l"}}}'
)


def test_immichs_own_requests() -> None:
    assert predict.clip_task(predict.parse_entries(VISUAL)) == predict.ClipTask("visual", "ViT-B-32__openai")
    textual = predict.ClipTask("textual", "ViT-B-32__openai", "zh-Hans")
    assert predict.clip_task(predict.parse_entries(TEXTUAL.encode())) == textual
    ocr = predict.OcrTask(0.5, 0.8, 736, "PP-OCRv5_mobile", "PP-OCRv5_mobile")
    assert predict.ocr_task(predict.parse_entries(OCR)) == ocr
    assert predict.faces_task(predict.parse_entries(FACES)) == predict.FacesTask(0.7, "buffalo_l")


def test_several_tasks_in_one_request() -> None:
    entries = predict.parse_entries(json.dumps(json.loads(VISUAL) | json.loads(OCR) | json.loads(FACES)))
    assert predict.clip_task(entries) is not None
    assert predict.ocr_task(entries) is not None
    assert predict.faces_task(entries) is not None


def test_tasks_that_are_not_asked_for() -> None:
    entries = predict.parse_entries('{"depth":{"any":{"modelName":"m","new":[1]}}}')
    assert entries == {"depth": {"any": {"modelName": "m", "new": [1]}}}
    assert predict.clip_task(entries) is predict.ocr_task(entries) is predict.faces_task(entries) is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "must be a JSON object"),
        (b"7", "must be a JSON object"),
        (b"{}", "must name a task"),
        (b'{"clip":[]}', "'clip' must be a JSON object"),
        (b'{"clip":{"visual":3}}', "'clip.visual' must be a JSON object"),
        (b'{"clip":{"visual":{"modelName":7}}}', "must be a string"),
        (b'{"clip":{"visual":{"modelName":"%s"}}}' % (b"m" * 201), "at most 200"),
        (b'{"clip":{"visual":{"options":[]}}}', "'options' of 'clip.visual' must be a JSON object"),
        (b'{"ocr":{"detection":{"options":{"minScore":NaN}}}}', "NaN is not a JSON number"),
        (b'{"ocr":{"detection":{"options":{"minScore":-Infinity}}}}', "-Infinity is not a JSON number"),
        (b'{"ocr":{"detection":{"options":{"minScore":1e999}}}}', "too large"),
        (b'{"ocr":{"detection":{"options":{"minScore":%s}}}}' % (b"9" * 5000), "cannot|can be used"),
        (b'{"a":' * 12_000, "nested too deep"),
        (b" " * (predict.MAX_ENTRIES_BYTES + 1), "at most 65536 bytes"),
    ],
)
def test_entries_that_cannot_be_used(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        predict.parse_entries(raw)


@pytest.mark.parametrize("value", ["-1", "1.5", '"0.5"', "true", "[]"])
def test_scores_out_of_range(value: str) -> None:
    for part in ("detection", "recognition"):
        with pytest.raises(InvalidRequest, match="minScore"):
            predict.ocr_task(predict.parse_entries(f'{{"ocr":{{"{part}":{{"options":{{"minScore":{value}}}}}}}}}'))
    faces = f'{{"facial-recognition":{{"detection":{{"options":{{"minScore":{value}}}}}}}}}'
    with pytest.raises(InvalidRequest, match="minScore"):
        predict.faces_task(predict.parse_entries(faces))


@pytest.mark.parametrize("value", ["0", "-736", "736.5", "10001", '"736"', "true"])
def test_resolutions_out_of_range(value: str) -> None:
    entries = predict.parse_entries(f'{{"ocr":{{"detection":{{"options":{{"maxResolution":{value}}}}}}}}}')
    with pytest.raises(InvalidRequest, match="maxResolution"):
        predict.ocr_task(entries)


@pytest.mark.parametrize("parts", ['{"visual":{},"textual":{}}', "{}", '{"audio":{}}'])
def test_clip_asks_for_one_thing(parts: str) -> None:
    with pytest.raises(InvalidRequest, match="either"):
        predict.clip_task(predict.parse_entries(f'{{"clip":{parts}}}'))


def test_answers_in_immichs_shape() -> None:
    assert predict.clip_answer([0.5, -1]) == "[0.5,-1.0]"
    box = (0.0, 0.1, 0.5, 0.1, 0.5, 0.2, 0.0, 0.2)
    lines = [OcrLine("行1", box, 0.9, 0.8), OcrLine("行2", box, 0.7, 0.6)]
    expected = {"text": ["行1", "行2"], "box": [*box, *box], "boxScore": [0.9, 0.7], "textScore": [0.8, 0.6]}
    assert predict.ocr_answer(lines) == expected
    face = predict.face_answer((0.7, 2.2, 3, 4.4), 0.93, [0.25])
    corners = {"x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0}
    assert face == {"boundingBox": corners, "embedding": "[0.25]", "score": 0.93}
    assert predict.size_answer(3, 2) == {"imageHeight": 2, "imageWidth": 3}
