"""The models behind one door: loaded when first needed, a bounded number of pictures at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from allinone.errors import ModelMissing, Overloaded
from allinone.photos_ai.model_folder import ModelFolder, choose_model, no_model, open_model_folder
from allinone.photos_ai.models import ocr
from allinone.photos_ai.models.chinese_clip import ImageTower, TextTower
from allinone.photos_ai.residency import Resident
from allinone.photos_ai.sessions import usable_device
from allinone.photos_ai.settings import EngineSettings
from allinone.wire.ocr import OcrLine

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class EngineState:
    """What the engine has to offer, for people.

    Attributes:
        ocr: the models that read text.
        clip: the model that looks at pictures; None where there is none.
        clip_notice: one line that says why not, and what to do; None where there is one.
        device: "cpu" or "cuda".
        threads: pictures worked on at the same time.
    """

    ocr: str
    clip: str | None
    clip_notice: str | None
    device: str
    threads: int


class Engine:
    """Reads text and makes vectors. Opens nothing before it is asked to; belongs to one event loop."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._device = usable_device(settings.device)
        self._text_reader = Resident(lambda: ocr.TextReader.load(device=self._device))
        self._image_tower = Resident(lambda: ImageTower(self._clip_folder(), device=self._device))
        self._text_tower = Resident(lambda: TextTower(self._clip_folder(), device=self._device))
        self._pictures = _Pool("pictures", settings.threads, settings.waiting)
        # somebody waits for these at the keyboard: they do not queue behind pictures
        self._queries = _Pool("queries", 1, settings.waiting)

    @property
    def clip_model(self) -> str | None:
        """The CLIP model that is used, for example "ViT-B-16"; None where none is on disk, or none usable."""
        return self.describe().clip

    def describe(self) -> EngineState:
        """What there is, and what is missing, after a look at the disk."""
        name = notice = None
        try:
            name = self._clip_folder().manifest.name
        except ModelMissing as error:
            notice = str(error)
        return EngineState(ocr.NAME, name, notice, self._device, self._settings.threads)

    async def read_text(self, pixels: NDArray[np.uint8]) -> list[OcrLine]:
        """The lines in upright RGB `pixels`, shape (height, width, 3), in reading order.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: the OCR models are not where they belong.
        """
        return await self._pictures.run(self._read_text, pixels)

    async def embed_image(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of upright RGB `pixels`.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: no CLIP model is on disk.
        """
        return await self._pictures.run(self._embed_image, pixels)

    async def embed_text(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,), of what somebody is looking for.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: no CLIP model is on disk.
        """
        return await self._queries.run(self._embed_text, text)

    async def close(self) -> None:
        """Wait for what is being computed, drop what waits, and free the models."""
        await asyncio.gather(self._pictures.close(), self._queries.close())
        for resident in (self._text_reader, self._image_tower, self._text_tower):
            resident.drop()

    def _read_text(self, pixels: NDArray[np.uint8]) -> list[OcrLine]:
        return self._text_reader.get().read(pixels, minimum_score=self._settings.minimum_score)

    def _embed_image(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._image_tower.get().embed(pixels)

    def _embed_text(self, text: str) -> NDArray[np.float32]:
        return self._text_tower.get().embed(text)

    def _clip_folder(self) -> ModelFolder:
        models: Path = self._settings.models
        name = choose_model(models, self._settings.clip_model)
        if name is None:
            raise no_model(models)
        return open_model_folder(models / name)


class _Pool:
    """Threads, and a bound on who may wait for one. A caller who leaves while waiting costs nothing."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._name = name
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"photos-ai-{name}")
        self._most = threads + waiting
        self._inside = 0

    async def run(
        self, work: Callable[_Arguments, _Answer], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Answer:
        if self._inside >= self._most:
            message = f"{self._inside} {self._name} are waiting already. Try again in a moment."
            raise Overloaded(message)
        future = self._threads.submit(work, *args, **kwargs)
        self._inside += 1
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _tell(loop, self._leave))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    def _leave(self) -> None:
        self._inside -= 1


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(what)
