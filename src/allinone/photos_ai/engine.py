"""The models behind one door: loaded when first needed, a bounded number of pictures at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allinone.errors import InvalidRequest, ModelMissing
from allinone.images.decode import decode_image
from allinone.images.photo import Limits, Photo
from allinone.images.square import decode_square
from allinone.photos_ai import memory
from allinone.photos_ai.devices import choose_device
from allinone.photos_ai.face_pack import PACKS, network_files
from allinone.photos_ai.helpers import Helpers
from allinone.photos_ai.lane import Answer, Item, Lane
from allinone.photos_ai.model_folder import ModelFolder, choose_model, no_model, open_model_folder
from allinone.photos_ai.models import ocr
from allinone.photos_ai.models.chinese_clip import ImageTower, TextTower, unit
from allinone.photos_ai.models.faces import Face, FaceReader
from allinone.photos_ai.picture_room import PictureRoom
from allinone.photos_ai.residency import Resident
from allinone.photos_ai.settings import EngineSettings
from allinone.photos_ai.workers import Observer, Workers
from allinone.wire.ocr import OcrLine

_log = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]

GPU_BATCH = 16
_AHEAD = 2  # pictures decoded while the threads are busy with others
_TRIM_AFTER = 5.0  # seconds without work


@dataclass(frozen=True, slots=True)
class EngineState:
    """What the engine has to offer, for people.

    Attributes:
        ocr: the models that read text.
        clip: the model that looks at pictures; None where there is none.
        clip_notice: one line that says why not, and what to do; None where there is one.
        faces: the models that find faces; None where there are none.
        device: "cpu" or "cuda".
        device_notice: one line that says why it is not what was asked for; None where it is.
        threads: pictures worked on at the same time.
    """

    ocr: str
    clip: str | None
    clip_notice: str | None
    faces: str | None
    device: str
    device_notice: str | None
    threads: int


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What the engine is doing.

    Attributes:
        waiting: how many wait, by what they wait for.
        loaded: whether a model is in memory, by its name.
        busy: threads at work, by group.
    """

    waiting: dict[str, int]
    loaded: dict[str, bool]
    busy: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read one picture. None: the settings' own value, or the model's.

    Attributes:
        minimum_score: lines whose text is less certain are dropped, 0..1.
        minimum_box_score: the same of their place, 0..1.
        shorter_side: pixels of the shorter side of what the detector looks at.
    """

    minimum_score: float | None = None
    minimum_box_score: float | None = None
    shorter_side: int | None = None


class Engine:
    """Reads text, finds faces, makes vectors. Opens nothing before it is asked to; belongs to one event loop."""

    def __init__(self, settings: EngineSettings, observer: Observer | None = None) -> None:
        self._settings = settings
        self._device = choose_device(settings.device)
        if self._device.notice:
            _log.warning("%s", self._device.notice)
        device = self._device.name
        text_engine = ocr.usable_engine(settings.text_engine)
        self._text_models = ocr.NAME if text_engine == "onnxruntime" else f"{ocr.NAME} (OpenVINO)"
        self._pictures = Workers("pictures", settings.threads, observer)
        # a picture that is alone has all cores, one among many has its own
        self._helpers = Helpers(settings.threads - 1, idle=lambda: settings.threads - self._pictures.busy)
        load_reader = partial(
            ocr.TextReader.load, device=device, engine=text_engine, callers=settings.threads, helpers=self._helpers
        )
        self._text_reader = Resident(load_reader, name="ocr")
        self._image_tower = Resident(lambda: ImageTower(self._clip_folder(), device=device), name="clip-image")
        self._text_tower = Resident(lambda: TextTower(self._clip_folder(), device=device), name="clip-text")
        packs = {settings.recognition_model, *PACKS}
        self._face_readers = {
            name: Resident(partial(FaceReader.load, settings.models / name, device=device), name=f"faces-{name}")
            for name in packs
        }
        # somebody waits for these at the keyboard: they do not queue behind pictures
        self._queries = Workers("queries", 1, observer)
        batch = settings.batch or (GPU_BATCH if device == "cuda" else 1)
        self._room = PictureRoom(settings.threads + max(_AHEAD, batch), most_waiting=settings.waiting)
        self._lanes: list[Lane[Any, Any]] = []
        self._decoding = self._lane("decode", self._pictures, self._decode)
        self._reading = self._lane("ocr", self._pictures, self._read_texts)
        self._seeing = self._lane("clip-image", self._pictures, self._embed_images, batch=batch)
        self._finding = self._lane("faces", self._pictures, self._find_faces)
        self._asking = self._lane("clip-text", self._queries, self._embed_texts, batch=batch)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def clip_model(self) -> str | None:
        """The CLIP model that is used, for example "ViT-B-16"; None where none is on disk, or none usable."""
        return self.describe().clip

    @property
    def face_model(self) -> str:
        """The pack that finds faces where a request names none, whether on disk or not."""
        return self._settings.recognition_model

    @property
    def limits(self) -> Limits:
        """How large a picture may be."""
        return Limits(pixels=self._settings.max_pixels)

    def describe(self) -> EngineState:
        """What there is, and what is missing, after a look at the disk."""
        name = notice = None
        try:
            name = self._clip_folder().manifest.name
        except ModelMissing as error:
            notice = str(error)
        faces = self._settings.recognition_model
        present = next(network_files(self._settings.models / faces), None) is not None
        device, threads = self._device, self._settings.threads
        return EngineState(
            self._text_models, name, notice, faces if present else None, device.name, device.notice, threads
        )

    def check(self) -> None:
        """Return where every model that was asked for by name is on disk.

        Raises:
            ModelMissing: one is not; the message names the command that brings it.
        """
        if self._settings.clip_model is not None:
            self._clip_folder()

    def load(self) -> EngineLoad:
        """What it is doing at this moment."""
        return EngineLoad(
            {"picture": self._room.waiting, **{lane.name: len(lane) for lane in self._lanes}},
            {name: resident.loaded for name, resident in self._residents().items()},
            {"pictures": self._pictures.busy, "queries": self._queries.busy},
        )

    @asynccontextmanager
    async def decoded(
        self, image: bytes, *, shorter_side: int | None = None, limits: Limits | None = None
    ) -> AsyncIterator[Photo]:
        """`image` decoded, as small as `shorter_side`; a bounded number of such blocks run at a time.

        Raises:
            Overloaded: too many wait already.
            ImageError: it cannot be used.
        """
        async with self._room.place():
            asked = _Decoding(image, shorter_side, limits or self.limits)
            yield await self._do(self._pictures, self._decoding, asked)

    @asynccontextmanager
    async def decoded_for_clip(self, image: bytes, *, limits: Limits | None = None) -> AsyncIterator[Photo]:
        """As `decoded`, straight to the square that the CLIP model looks at: of a JPEG, no more than that takes.

        Raises:
            Overloaded: too many wait already.
            ImageError: it cannot be used.
            ModelMissing: no CLIP model is on disk.
        """
        async with self._room.place():
            asked = _Decoding(image, None, limits or self.limits, square=True)
            yield await self._do(self._pictures, self._decoding, asked)

    async def read_text(self, pixels: Pixels, options: ReadOptions | None = None) -> list[OcrLine]:
        """The lines in upright RGB `pixels`, shape (height, width, 3), in reading order.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: the OCR models are not where they belong.
        """
        return await self._do(self._pictures, self._reading, (pixels, options or ReadOptions()))

    async def embed_image(self, pixels: Pixels, *, normalised: bool = True) -> Vector:
        """The L2-normalised vector, shape (dim,), of upright RGB `pixels`; or as long as the model makes it.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: no CLIP model is on disk.
        """
        vector = await self._do(self._pictures, self._seeing, pixels)
        return unit(vector) if normalised else vector

    async def embed_text(self, text: str, *, normalised: bool = True) -> Vector:
        """The L2-normalised vector, shape (dim,), of what somebody looks for; or as long as the model makes it.

        Raises:
            Overloaded: too many wait already.
            ModelMissing: no CLIP model is on disk.
        """
        vector = await self._do(self._queries, self._asking, text)
        return unit(vector) if normalised else vector

    async def find_faces(
        self, pixels: Pixels, *, model: str | None = None, minimum_score: float | None = None
    ) -> list[Face]:
        """The faces in upright RGB `pixels`, shape (height, width, 3), the surest first.

        Args:
            pixels: the picture.
            model: one of InsightFace's packs; None: the one that is set.
            minimum_score: faces less certain are dropped, 0..1; None: as set.

        Raises:
            InvalidRequest: there is no pack of that name.
            Overloaded: too many wait already.
            ModelMissing: the pack is not on disk.
        """
        name = model or self._settings.recognition_model
        if name not in self._face_readers:
            known = ", ".join(sorted(self._face_readers))
            message = f"The face model {name[:100]!r} is not known here; these are: {known}."
            raise InvalidRequest(message)
        least = self._settings.detection_threshold if minimum_score is None else minimum_score
        return await self._do(self._pictures, self._finding, _FaceSearch(name, pixels, least))

    async def unload(self) -> None:
        """Let all models go, and give their memory back; who needs one next loads it again."""
        dropped = [name for name, resident in self._residents().items() if resident.drop()]
        if dropped:
            _log.info("Unloaded %s.", ", ".join(dropped))
        await asyncio.to_thread(memory.give_back)

    async def close(self) -> None:
        """Wait for what is being computed, drop what waits, and free the models."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await asyncio.gather(self._pictures.close(), self._queries.close())
        self._helpers.close()
        for resident in self._residents().values():
            resident.drop()

    async def _do(self, workers: Workers, lane: Lane[Item, Answer], item: Item) -> Answer:
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_small(), name="unload idle models")
        return await workers.do(lane, item)

    async def _keep_small(self) -> None:
        """Unload idle models, and give freed memory back whenever work pauses."""
        ttl = self._settings.idle_seconds
        pause = min(_TRIM_AFTER, ttl / 4) if ttl else _TRIM_AFTER
        done, trimmed = -1, -1
        while True:
            await asyncio.sleep(pause)
            before, done = done, self._pictures.done + self._queries.done
            idle = [name for name, each in self._residents().items() if ttl and each.drop_idle(ttl)]
            if idle:
                _log.info("Unloaded %s: not used for %.0f s.", ", ".join(idle), ttl)
            if idle or (before == done != trimmed):
                trimmed = done
                await asyncio.to_thread(memory.give_back)

    def _lane(
        self, name: str, workers: Workers, work: Callable[[Sequence[Item]], Sequence[Answer]], *, batch: int = 1
    ) -> Lane[Item, Answer]:
        settings = self._settings
        patience = settings.batch_wait_ms / 1000
        lane = Lane(name, work, most_waiting=settings.waiting, batch=batch, patience=patience)
        workers.add(lane)
        self._lanes.append(lane)
        return lane

    def _residents(self) -> dict[str, Resident[Any]]:
        towers: dict[str, Resident[Any]] = {
            "ocr": self._text_reader,
            "clip-image": self._image_tower,
            "clip-text": self._text_tower,
        }
        return towers | {f"faces-{name}": reader for name, reader in self._face_readers.items()}

    def _decode(self, batch: Sequence["_Decoding"]) -> list[Photo]:
        return [self._decode_square(each) if each.square else each.whole() for each in batch]

    def _decode_square(self, asked: "_Decoding") -> Photo:
        with self._image_tower.use() as tower:
            return decode_square(asked.image, tower.input_size, limits=asked.limits)

    def _read_texts(self, batch: Sequence[tuple[Pixels, ReadOptions]]) -> list[list[OcrLine]]:
        with self._text_reader.use() as reader:
            return [self._read(reader, pixels, options) for pixels, options in batch]

    def _read(self, reader: ocr.TextReader, pixels: Pixels, options: ReadOptions) -> list[OcrLine]:
        asked = options.minimum_score
        return reader.read(
            pixels,
            minimum_score=self._settings.minimum_score if asked is None else asked,
            minimum_box_score=options.minimum_box_score,
            shorter_side=options.shorter_side,
        )

    def _find_faces(self, batch: Sequence["_FaceSearch"]) -> list[list[Face]]:
        found = []
        for each in batch:
            with self._face_readers[each.model].use() as reader:
                found.append(reader.read(each.pixels, minimum_score=each.minimum_score))
        return found

    def _embed_images(self, batch: Sequence[Pixels]) -> list[Vector]:
        with self._image_tower.use() as tower:
            return list(tower.features_many(batch))

    def _embed_texts(self, batch: Sequence[str]) -> list[Vector]:
        with self._text_tower.use() as tower:
            return [tower.features(text) for text in batch]

    def _clip_folder(self) -> ModelFolder:
        models: Path = self._settings.models
        name = choose_model(models, self._settings.clip_model)
        if name is None:
            raise no_model(models)
        return open_model_folder(models / name)


@dataclass(frozen=True, slots=True)
class _Decoding:
    """An image file, and how to decode it."""

    image: bytes
    shorter_side: int | None
    limits: Limits
    square: bool = False  # as the CLIP model looks at it

    def whole(self) -> Photo:
        """The picture as it is, shrunk to `shorter_side`. Blocks."""
        return decode_image(self.image, shorter_side=self.shorter_side, limits=self.limits)


@dataclass(frozen=True, slots=True)
class _FaceSearch:
    """A picture, and how to look for faces in it."""

    model: str
    pixels: Pixels
    minimum_score: float
