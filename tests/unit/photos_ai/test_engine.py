import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from allinone.errors import ConfigurationError, ModelMissing, Overloaded
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.helpers import Helpers
from allinone.photos_ai.models import ocr
from allinone.photos_ai.residency import Resident
from allinone.photos_ai.settings import EngineSettings
from allinone.wire.ocr import OcrLine
from models.tiny_clip import make_clip_model

FONTS = Path(__file__).parents[2] / "support" / "fonts"


def page(text: str) -> np.ndarray:
    image = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(image).text((60, 200), text, font=ImageFont.truetype(FONTS / "latin.otf", 48), fill="black")
    return np.asarray(image)


def settings(models: Path, **values: object) -> EngineSettings:
    return EngineSettings(models=models, **values)


async def test_reads_makes_vectors_and_says_what_it_uses(tmp_path: Path) -> None:
    make_clip_model(tmp_path)
    engine = Engine(settings(tmp_path, threads=2))
    assert engine.clip_model == "ViT-B-16"
    assert (engine.describe().ocr, engine.describe().clip_notice) == ("PP-OCRv6 small", None)
    pages = [page("RECEIPT 4711"), page("PLATFORM 9"), page("RECEIPT 4711")]
    found = await asyncio.gather(*(engine.read_text(pixels) for pixels in pages))
    assert [[line.text for line in lines] for lines in found] == [["RECEIPT 4711"], ["PLATFORM 9"], ["RECEIPT 4711"]]
    vectors = [await engine.embed_image(pages[0]), await engine.embed_text("cat")]
    assert [np.linalg.norm(vector) for vector in vectors] == pytest.approx([1, 1], abs=1e-5)
    await engine.close()


@pytest.mark.parametrize(("threads", "pages", "helped"), [(2, 1, True), (1, 1, False), (2, 2, False)])
async def test_a_page_that_is_alone_has_the_cores_of_others(
    tmp_path: Path, threads: int, pages: int, helped: bool
) -> None:
    by: set[str] = set()

    class Reader:
        def __init__(self, helpers: Helpers) -> None:
            self._helpers = helpers

        def read(self, _: np.ndarray, **__: object) -> list[OcrLine]:
            begun.wait(10)
            self._helpers.each(self.line, range(20))
            begun.wait(10)
            return []

        def line(self, _: int) -> None:
            by.add(threading.current_thread().name)
            threading.Event().wait(0.01)

    begun = threading.Barrier(pages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr.TextReader, "load", lambda *, helpers, **_: Reader(helpers))
        engine = Engine(settings(tmp_path, threads=threads))
    await asyncio.gather(*(engine.read_text(page("1")) for _ in range(pages)))
    await engine.close()
    assert any("helper" in name for name in by) == helped
    assert len(by) == pages + helped


async def test_vectors_are_as_long_as_the_model_makes_them_where_asked(tmp_path: Path) -> None:
    make_clip_model(tmp_path)
    engine = Engine(settings(tmp_path))
    for each in (lambda **way: engine.embed_image(page("x"), **way), lambda **way: engine.embed_text("cat", **way)):
        plain, unit = await each(normalised=False), await each()
        assert abs(np.linalg.norm(plain) - 1) > 0.01
        assert plain / np.linalg.norm(plain) == pytest.approx(unit, abs=1e-6)
    await engine.close()


async def test_batches_give_each_picture_its_own_vector(tmp_path: Path) -> None:
    make_clip_model(tmp_path)
    pages = [page(f"NUMBER {number}") for number in range(12)]
    one, many = Engine(settings(tmp_path)), Engine(settings(tmp_path, batch=5, batch_wait_ms=20))
    alone = [await one.embed_image(pixels) for pixels in pages]
    together = await asyncio.gather(*(many.embed_image(pixels) for pixels in pages))
    for a, b in zip(alone, together, strict=True):
        assert a == pytest.approx(b, abs=1e-5)
    await asyncio.gather(one.close(), many.close())


async def test_without_a_clip_model_one_line_says_so(tmp_path: Path) -> None:
    engine = Engine(settings(tmp_path))
    assert engine.clip_model is None
    assert "./run models pull ViT-B-16" in str(engine.describe().clip_notice)
    for work in (engine.embed_image(page("x")), engine.embed_text("x")):
        with pytest.raises(ModelMissing, match=r"\./run models pull"):
            await work
    make_clip_model(tmp_path)  # a model that arrives later is found
    assert (await engine.embed_text("cat")).shape == (16,)
    await engine.close()


async def test_a_model_that_was_asked_for_is_not_replaced_by_another(tmp_path: Path) -> None:
    make_clip_model(tmp_path)
    engine = Engine(settings(tmp_path, clip_model="RN50"))
    assert engine.clip_model is None
    with pytest.raises(ModelMissing, match="models pull RN50"):
        await engine.embed_text("x")
    await engine.close()


async def test_too_many_are_refused_and_a_place_becomes_free_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = threading.Event()

    class Slow:
        def read(self, pixels: np.ndarray, **options: object) -> list:
            assert hold.wait(timeout=30)
            return []

    monkeypatch.setattr(ocr.TextReader, "load", lambda **_: Slow())
    engine = Engine(settings(tmp_path, threads=1, waiting=1))
    inside = [asyncio.create_task(engine.read_text(page("x"))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="waiting"):
        await engine.read_text(page("x"))
    hold.set()
    assert await asyncio.gather(*inside) == [[], []]
    await asyncio.sleep(0.05)
    assert await engine.read_text(page("x")) == []
    await engine.close()


def test_a_model_is_loaded_once_however_many_ask() -> None:
    loads, barrier = [], threading.Barrier(8)

    def load() -> object:
        loads.append(1)
        return object()

    resident = Resident(load)

    def ask(found: list) -> None:
        barrier.wait(timeout=30)
        found.append(resident.get())

    found: list = []
    threads = [threading.Thread(target=ask, args=(found,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(set(map(id, found))) == 1


def test_a_load_that_failed_is_tried_again() -> None:
    answers = iter([ModelMissing("not yet"), None])

    def load() -> str:
        answer = next(answers)
        if answer:
            raise answer
        return "model"

    resident = Resident(load)
    with pytest.raises(ModelMissing):
        resident.get()
    assert resident.get() == "model"


def test_settings_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CLIP_MODEL": "RN50", "DEVICE": "CPU", "ALLINONE_THREADS": "3"}.items():
        monkeypatch.setenv(name, value)
    found = EngineSettings(models=tmp_path)
    assert (found.clip_model, found.device, found.threads) == ("RN50", "cpu", 3)
    monkeypatch.setenv("CLIP_MODEL", "")
    assert EngineSettings(models=tmp_path).clip_model is None
    monkeypatch.setenv("ALLINONE_THREADS", "0")
    with pytest.raises(ConfigurationError, match="ALLINONE_THREADS"):
        EngineSettings(models=tmp_path)
