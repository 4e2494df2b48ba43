"""One request of Immich's form: any set of tasks about one image or one text, the image decoded once."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from allinone.errors import InvalidRequest
from allinone.images.photo import Limits, Photo
from allinone.photos_ai.engine import Engine, ReadOptions
from allinone.wire import predict as wire
from allinone.wire.predict import ClipTask, Entries, FacesTask, OcrTask

PREVIEW_SIDE = 1440
"""Pixels of the shorter side that models look at, as in Immich's previews; larger images are shrunk while decoded."""

MAX_TEXT = 64 * 1024  # characters

_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9][A-Za-z0-9._:-]*)?")


@dataclass(frozen=True, slots=True)
class _Tasks:
    """What a request asks for; None: not that."""

    clip: ClipTask | None
    ocr: OcrTask | None
    faces: FacesTask | None

    @property
    def need_image(self) -> bool:
        visual = self.clip is not None and self.clip.kind == "visual"
        return visual or self.ocr is not None or self.faces is not None

    @property
    def need_text(self) -> bool:
        return self.clip is not None and self.clip.kind == "textual"


class Predictor:
    """Answers requests of Immich's form by the models of one engine."""

    def __init__(self, engine: Engine, *, limits: Limits | None = None) -> None:
        self._engine = engine
        self._limits = limits or engine.limits

    async def predict(self, entries: Entries, *, image: bytes | None, text: str | None) -> dict[str, object]:
        """The answer in Immich's exact shape: one key for each task, and the image's size where one was looked at.

        Args:
            entries: the tasks, as `parse_entries` gives them.
            image: the image file, for every task but CLIP's "textual".
            text: what is looked for, for that one.

        Raises:
            InvalidRequest: a task is not known, an option cannot be used, or the image or text is missing.
            ImageError: the image cannot be used.
            ModelMissing: a model is not on disk.
            Overloaded: too many wait already.
        """
        tasks = _tasks(entries)
        if tasks.need_image and not image:
            message = "These tasks need the part 'image' with an image file in it."
            raise InvalidRequest(message)
        if tasks.need_text and text is None:
            message = "'clip.textual' needs the part 'text'."
            raise InvalidRequest(message)
        found: dict[str, object] = {}
        if tasks.need_text:
            found[wire.CLIP] = wire.clip_answer(await self._engine.embed_text((text or "")[:MAX_TEXT]))
        if not tasks.need_image:
            return found
        async with self._decoded(tasks, image or b"") as photo:
            found |= await _together(self._image_work(tasks, photo))
        ordered = {task: found[task] for task in entries}
        return ordered | wire.size_answer(*photo.original_size)

    def _decoded(self, tasks: _Tasks, image: bytes) -> AbstractAsyncContextManager[Photo]:
        """What all tasks can look at; where that is CLIP alone, much less need be decoded."""
        if tasks.ocr is None and tasks.faces is None:
            return self._engine.decoded_for_clip(image, limits=self._limits)
        return self._engine.decoded(image, shorter_side=PREVIEW_SIDE, limits=self._limits)

    def _image_work(self, tasks: _Tasks, photo: Photo) -> dict[str, Callable[[], Awaitable[object]]]:
        work: dict[str, Callable[[], Awaitable[object]]] = {}
        if tasks.clip is not None and tasks.clip.kind == "visual":
            work[wire.CLIP] = lambda: self._see(photo)
        if (ocr := tasks.ocr) is not None:
            work[wire.OCR] = lambda: self._read(photo, ocr)
        if (faces := tasks.faces) is not None:
            work[wire.FACES] = lambda: self._find(photo, faces)
        return work

    async def _see(self, photo: Photo) -> str:
        return wire.clip_answer(await self._engine.embed_image(photo.pixels))

    async def _read(self, photo: Photo, task: OcrTask) -> dict[str, list[Any]]:
        options = ReadOptions(task.minimum_recognition_score, task.minimum_detection_score, task.max_resolution)
        return wire.ocr_answer(await self._engine.read_text(photo.pixels, options))

    async def _find(self, photo: Photo, task: FacesTask) -> list[dict[str, object]]:
        model, least = task.model_name, task.minimum_score
        faces = await self._engine.find_faces(photo.pixels, model=model, minimum_score=least)
        return [wire.face_answer(in_original(face.box, photo), face.score, face.embedding) for face in faces]


def in_original(box: tuple[float, float, float, float], photo: Photo) -> tuple[float, float, float, float]:
    """A box of the decoded picture, in pixels of the image as it was sent."""
    across = photo.original_size[0] / photo.pixels.shape[1]
    down = photo.original_size[1] / photo.pixels.shape[0]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


async def _together(work: dict[str, Callable[[], Awaitable[object]]]) -> dict[str, object]:
    """Do all at the same time; the first failure ends the others."""
    tasks = {name: asyncio.ensure_future(begin()) for name, begin in work.items()}
    try:
        await asyncio.gather(*tasks.values())
    finally:
        for task in tasks.values():
            task.cancel()
    return {name: task.result() for name, task in tasks.items()}


def _tasks(entries: Entries) -> _Tasks:
    """What `entries` ask for.

    Raises:
        InvalidRequest: something that is not known here.
    """
    for task, parts in entries.items():
        if task not in _KNOWN:
            message = f"The task {task[:100]!r} is not known here; these are: {', '.join(_KNOWN)}."
            raise InvalidRequest(message)
        for part, values in parts.items():
            name = values.get("modelName")
            if name is not None and not _MODEL_NAME.fullmatch(name):
                message = f"{name[:100]!r} of '{task}.{part}' is not a model's name."
                raise InvalidRequest(message)
    return _Tasks(wire.clip_task(entries), wire.ocr_task(entries), wire.faces_task(entries))


_KNOWN = (wire.CLIP, wire.OCR, wire.FACES)
