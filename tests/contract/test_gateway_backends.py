"""One contract for every kind of backend: Immich's own requests, byte by byte, answered as Immich reads them."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image

from allinone.errors import ImageTooLarge, Overloaded, UnreadableImage
from support import immich_requests as immich
from support.gateway_site import GatewaySite, running_gateway
from support.scripted_backend import (
    FACE,
    IMMICH_FACES,
    IMMICH_OCR,
    SIZE,
    VECTOR,
    Reply,
    Request,
    ScriptedBackend,
    immich_ml,
    mt_photos,
)

KINDS = ("predict", "mt-photos", "in-process")
ALL = "ocr=work,clip=work,facial-recognition=work,*=work"


def jpeg(size: tuple[int, int] = SIZE) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 180, 160)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


class FixedPredictor:
    """An engine in this process that always answers the same; `faults` come first, one a request."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.asked: list[tuple[dict[str, object], bytes | None, str | None]] = []

    async def predict(self, entries: dict[str, object], *, image: bytes | None, text: str | None) -> dict[str, object]:
        self.asked.append((entries, image, text))
        if self.faults:
            raise self.faults.pop(0)
        known = {"clip": json.dumps(VECTOR), "ocr": IMMICH_OCR, "facial-recognition": IMMICH_FACES}
        size = {"imageHeight": SIZE[1], "imageWidth": SIZE[0]} if image is not None else {}
        return {task: known[task] for task in entries} | size


@asynccontextmanager
async def gateway(kind: str, **settings: object) -> AsyncIterator[GatewaySite]:
    if kind == "in-process":
        async with running_gateway("work=in-process", routes=ALL, in_process=FixedPredictor(), **settings) as site:
            yield site
        return
    async with ScriptedBackend(immich_ml if kind == "predict" else mt_photos) as backend:
        key = ";key=mt_photos_ai_extra" if kind == "mt-photos" else ""
        async with running_gateway(f"work={kind}+{backend.url}{key}", routes=ALL, **settings) as site:
            yield site


@pytest.fixture(params=KINDS)
async def site(request: pytest.FixtureRequest) -> AsyncIterator[GatewaySite]:
    async with gateway(request.param) as running:
        yield running


def vector_in(value: object) -> list[float]:
    assert isinstance(value, str), "Immich stores the string as it is"
    return json.loads(value)


def check_ocr(value: object) -> None:
    assert isinstance(value, dict)
    assert value["text"] == IMMICH_OCR["text"]
    assert value["box"] == pytest.approx(IMMICH_OCR["box"])
    assert value["textScore"] == pytest.approx(IMMICH_OCR["textScore"])
    assert len(value["boxScore"]) == 2
    assert all(isinstance(score, float) for score in [*value["boxScore"], *value["textScore"]])


def check_faces(value: object) -> None:
    assert isinstance(value, list)
    (face,) = value  # the second one of the face companion is below minScore
    assert face["boundingBox"] == {"x1": 100.0, "y1": 200.0, "x2": 300.0, "y2": 400.0}
    assert face["score"] == pytest.approx(0.93)
    assert vector_in(face["embedding"]) == FACE


async def test_clip_of_an_image(site: GatewaySite) -> None:
    answer = await site.ask(immich.form(immich.CLIP_VISUAL, image=jpeg()))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    document = answer.json()
    assert vector_in(document["clip"]) == VECTOR
    assert (document["imageWidth"], document["imageHeight"]) == SIZE


@pytest.mark.parametrize("entries", [immich.CLIP_TEXTUAL, immich.CLIP_TEXTUAL_PLAIN])
async def test_clip_of_a_text(site: GatewaySite, entries: str) -> None:
    answer = await site.ask(immich.form(entries, text="海邊的日落"))
    assert answer.status == 200
    assert vector_in(answer.json()["clip"]) == VECTOR


async def test_ocr(site: GatewaySite) -> None:
    answer = await site.ask(immich.form(immich.OCR, image=jpeg()))
    assert answer.status == 200
    check_ocr(answer.json()["ocr"])
    assert (answer.json()["imageWidth"], answer.json()["imageHeight"]) == SIZE


async def test_faces(site: GatewaySite) -> None:
    answer = await site.ask(immich.form(immich.FACES, image=jpeg()))
    assert answer.status == 200
    check_faces(answer.json()["facial-recognition"])
    assert (answer.json()["imageWidth"], answer.json()["imageHeight"]) == SIZE


async def test_all_tasks_in_one_request(site: GatewaySite) -> None:
    entries = {}
    for text in (immich.CLIP_VISUAL, immich.OCR, immich.FACES):
        entries |= json.loads(text)
    document = (await site.ask(immich.form(json.dumps(entries), image=jpeg()))).json()
    assert set(document) == {"clip", "ocr", "facial-recognition", "imageHeight", "imageWidth"}
    assert vector_in(document["clip"]) == VECTOR
    check_ocr(document["ocr"])
    check_faces(document["facial-recognition"])


async def test_requests_follow_each_other_on_one_connection(site: GatewaySite) -> None:
    reader, writer = await immich.asyncio.open_connection("127.0.0.1", site.port)
    for _ in range(3):
        writer.write(immich.request(site.port, immich.form(immich.OCR, image=jpeg())))
        check_ocr((await immich.read_answer(reader)).json()["ocr"])
    writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_vectors_of_another_length_are_refused_with_advice(kind: str) -> None:
    entries = immich.CLIP_VISUAL.replace("ViT-B-32__openai", "ViT-L-14__openai")
    async with gateway(kind) as site:
        answer = await site.ask(immich.form(entries, image=jpeg()))
        assert answer.status == 502
        message = str(answer.json()["message"])
        assert "needs vectors of 768 numbers" in message
        assert "gives 512 (Chinese-CLIP ViT-B-16)" in message
        assert "set CLIP_MODEL of photos-ai to ViT-L-14" in message
        assert "needs vectors of 768" in answer.reason, "Immich logs only the reason beside the status"
        assert (await site.ask(immich.form(immich.CLIP_VISUAL, image=jpeg()))).status == 200


@pytest.mark.parametrize("kind", ["predict", "in-process"])
async def test_tasks_not_known_yet(kind: str) -> None:
    async with gateway(kind) as site:
        answer = await site.ask(immich.form('{"depth":{"any":{"modelName":"m","options":{"new":[1]}}}}', image=jpeg()))
        if kind == "predict":  # passed on as they are
            assert answer.json()["depth"] == {"echo": {"any": {"modelName": "m", "options": {"new": [1]}}}}
        else:
            assert answer.status == 400
            assert "No backend here does 'depth'" in str(answer.json()["message"])


@pytest.mark.parametrize("kind", ["mt-photos"])
@pytest.mark.parametrize("entries", [immich.CLIP_VISUAL, immich.OCR, immich.FACES])
async def test_requests_without_an_image(kind: str, entries: str) -> None:
    async with gateway(kind) as site:
        answer = await site.ask(immich.form(entries))
        assert answer.status == 400
        assert "no part 'image'" in str(answer.json()["message"])


async def test_mt_photos_gets_its_own_form() -> None:
    async with ScriptedBackend(mt_photos) as backend:
        line = f"work=mt-photos+{backend.url};key=mt_photos_ai_extra;header.x-home=yes"
        async with running_gateway(line, routes=ALL) as site:
            image = jpeg()
            for entries in (immich.OCR, immich.CLIP_VISUAL, immich.FACES):
                assert (await site.ask(immich.form(entries, image=image))).status == 200
            await site.ask(immich.form(immich.CLIP_TEXTUAL, text="飛機"))
        asked = {request.path: request for request in backend.predictions if request.path != "/clip/txt"}
        assert set(asked) == {"/ocr", "/clip/img", "/represent"}
        for request in asked.values():
            assert b'name="file"' in request.body
            assert image in request.body
            assert (request.headers["api-key"], request.headers["x-home"]) == ("mt_photos_ai_extra", "yes")
        texts = [json.loads(request.body) for request in backend.requests if request.path == "/clip/txt"]
        assert {"text": "飛機"} in texts


@pytest.mark.parametrize(
    ("message", "status"), [("height or width out of range", 413), ("cannot identify image file", 422)]
)
async def test_an_image_mt_photos_cannot_use_is_the_clients_fault(message: str, status: int) -> None:
    def script(request: Request) -> Reply:
        return Reply(document={"result": [], "msg": message}) if request.path == "/ocr" else mt_photos(request)

    async with ScriptedBackend(script) as backend:
        async with running_gateway(f"work=mt-photos+{backend.url};key=mt_photos_ai_extra", routes=ALL) as site:
            for _ in range(10):
                answer = await site.ask(immich.form(immich.OCR, image=jpeg()))
                assert answer.status == status
            assert site.gateway.members[0].health.reason == ""
        assert sum(request.path == "/ocr" for request in backend.requests) == 10, "tried once each"


async def test_recognition_scores_below_immichs_are_dropped() -> None:
    entries = immich.OCR.replace('"minScore":0.8', '"minScore":0.95')
    async with gateway("mt-photos") as site:
        document = (await site.ask(immich.form(entries, image=jpeg()))).json()
        assert document["ocr"]["text"] == ["發票"]


async def test_sizes_are_those_of_the_upright_image() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)
    async with gateway("mt-photos") as site:
        document = (await site.ask(immich.form(immich.CLIP_VISUAL, image=buffer.getvalue()))).json()
        assert (document["imageWidth"], document["imageHeight"]) == (30, 40)


@pytest.mark.parametrize(
    ("fault", "status"),
    [(UnreadableImage("The image is damaged."), 422), (ImageTooLarge("Too many pixels."), 413)],
)
async def test_faults_of_an_image_in_this_process(fault: Exception, status: int) -> None:
    engine = FixedPredictor()
    async with running_gateway("work=in-process", routes=ALL, in_process=engine) as site:
        engine.faults = [fault]
        assert (await site.ask(immich.form(immich.OCR, image=b"x"))).status == status
        assert len(engine.asked) - sum(text == "photo" for _, _, text in engine.asked) == 1


async def test_a_busy_engine_is_waited_for() -> None:
    engine = FixedPredictor()
    async with running_gateway("work=in-process", routes=ALL, in_process=engine) as site:
        engine.faults = [Overloaded("full", retry_after=0.1), Overloaded("full", retry_after=0.1)]
        assert (await site.ask(immich.form(immich.OCR, image=b"x"))).status == 200


async def test_an_engine_that_breaks_is_asked_again() -> None:
    engine = FixedPredictor()
    async with running_gateway("work=in-process", routes=ALL, in_process=engine) as site:
        engine.faults = [RuntimeError("onnx")]
        assert (await site.ask(immich.form(immich.OCR, image=b"x"))).status == 200
