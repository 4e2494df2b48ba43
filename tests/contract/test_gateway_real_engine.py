"""The gateway before the real photos-ai: over each protocol, and with the engine in its own process."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from allinone.photos_ai.engine import Engine
from allinone.photos_ai.predictor import Predictor
from allinone.photos_ai.settings import EngineSettings
from support import immich_requests as immich
from support.gateway_site import GatewaySite, running_gateway
from support.photos_ai_service import KEY, running_service

ROUTES = "ocr=work,clip=work,facial-recognition=work,*=work"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory):
    with running_service(tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("photos-ai")) as running:
        yield running


@asynccontextmanager
async def gateway(kind: str, url: str, models: Path) -> AsyncIterator[GatewaySite]:
    settings = {"routes": ROUTES, "deadline": 60}
    if kind == "in-process":
        engine = Engine(EngineSettings(models=models))
        try:
            async with running_gateway("work=in-process", in_process=Predictor(engine), **settings) as site:
                yield site
        finally:
            await engine.close()
        return
    async with running_gateway(f"work={kind}+{url};key={KEY.replace(' ', '%20')}", **settings) as site:
        yield site


@pytest.mark.parametrize("kind", ["predict", "mt-photos", "in-process"])
async def test_text_is_read_alike(kind: str, service, samples: Path, tmp_path: Path) -> None:
    with Image.open(samples / "receipt-taiwan.jpg") as photo:
        width, height = photo.size
        buffer = io.BytesIO()
        photo.convert("RGB").save(buffer, "JPEG", quality=80)
    async with gateway(kind, service.url, tmp_path) as site:
        answer = await site.ask(immich.form(immich.OCR, image=buffer.getvalue()), seconds=120)
        assert answer.status == 200, answer
        document = answer.json()
        assert (document["imageWidth"], document["imageHeight"]) == (width, height)
        ocr = document["ocr"]
        assert any("發票" in text for text in ocr["text"]), ocr["text"]
        assert len(ocr["box"]) == 8 * len(ocr["text"])
        assert all(0 <= value <= 1 for value in ocr["box"])
        first = ocr["box"][:8]
        assert first[0] < first[2], "x grows along the top edge"
        assert first[1] < first[7], "y grows down the left edge"


@pytest.mark.parametrize("kind", ["predict", "mt-photos", "in-process"])
async def test_what_is_no_image_is_the_clients_fault(kind: str, service, tmp_path: Path) -> None:
    async with gateway(kind, service.url, tmp_path) as site:
        for image in (b"", b"x", b"<html>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40):
            answer = await site.ask(immich.form(immich.OCR, image=image), seconds=60)
            assert 400 <= answer.status < 500, answer
        assert site.gateway.members[0].health.state == "up"


@pytest.mark.parametrize("kind", ["predict", "mt-photos", "in-process"])
async def test_a_missing_model_is_told_to_who_searches(kind: str, service, tmp_path: Path) -> None:
    async with gateway(kind, service.url, tmp_path) as site:
        answer = await site.ask(immich.form(immich.CLIP_TEXTUAL, text="海"), seconds=30)
        assert answer.status in (502, 503), answer
        assert "model" in str(answer.json()["message"])
