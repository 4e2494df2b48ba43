"""Reads photos: the jobs' work, from the file to the index."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID
from weakref import WeakValueDictionary

from allinone.errors import DatabaseUnavailable, ImageError
from allinone.images.metadata import PhotoMetadata, read_metadata
from allinone.images.photo import Photo
from allinone.library.identity import readable
from allinone.library.queue import Task
from allinone.library.recognition import Recognizer
from allinone.library.thumbnails import Thumbnails
from allinone.library.work import Embedding, Reading, Work, WorkLedger

log = logging.getLogger(__name__)

MAX_CRASHES = 3
PAUSES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))

NO_MODEL = "No CLIP model is on disk. `./run models pull ViT-B-16` brings one."


class SourceGone(Exception):
    """No file holds the content any more; the scan will notice, or has noticed."""


class PhotoIndexer:
    """Does the jobs' work. A photo's failure is written down and ends there; the database's is raised."""

    def __init__(
        self,
        ledger: WorkLedger,
        recognizer: Recognizer,
        thumbnails: Thumbnails,
        *,
        pauses: tuple[timedelta, ...] = PAUSES,
    ) -> None:
        self._ledger = ledger
        self._recognizer = recognizer
        self._thumbnails = thumbnails
        self._pauses = pauses
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self.photos_read = 0

    def _turn(self, asset_id: UUID) -> asyncio.Lock:
        """One job at a time for each photo: the second then sees what the first has done."""
        return self._turns.setdefault(asset_id, asyncio.Lock())

    async def index(self, asset_id: UUID, attempt: int = 0) -> None:
        """Read a photo that has not been read.

        Raises:
            DatabaseUnavailable: do it again when the database is back.
        """
        async with self._turn(asset_id):
            await self._index_in_turn(asset_id, attempt)

    async def _index_in_turn(self, asset_id: UUID, attempt: int) -> None:
        work = await self._ledger.begin(asset_id)
        if work is None:
            return
        if work.status != "waiting":
            await self._ledger.release(work)
            return
        if work.crashes >= MAX_CRASHES:
            reason = f"The program was ended {work.crashes} times while it read this file; it is left out."
            await self._fail(work, "crash", reason)
            return
        await self._guarded(work, "index_asset", attempt, self._index)

    async def embed(self, asset_id: UUID, attempt: int = 0) -> None:
        """Make the vector of a photo that has none of the present model.

        Raises:
            DatabaseUnavailable: do it again when the database is back.
        """
        async with self._turn(asset_id):
            await self._embed_in_turn(asset_id, attempt)

    async def _embed_in_turn(self, asset_id: UUID, attempt: int) -> None:
        model = self._recognizer.clip_model
        work = await self._ledger.begin(asset_id)
        if work is None:
            return
        if model is None or work.status != "done" or work.clip_model == model:
            await self._ledger.release(work)
        elif work.crashes >= MAX_CRASHES:
            log.warning("%s: the program was ended while it made the vector; left out.", _shown(work))
            await self._ledger.give_up_embedding(work, model)
        else:
            await self._guarded(work, "embed_asset", attempt, self._embed)

    async def refresh(self, asset_id: UUID, what: Literal["ocr", "clip"]) -> None:
        """Read a photo's text, or make its vector, again; the outcome is written to its refresh state.

        Raises:
            DatabaseUnavailable: do it again when the database is back.
        """
        await self._ledger.set_refresh(asset_id, what, "running")
        async with self._turn(asset_id):
            await self._refresh_in_turn(asset_id, what)

    async def _refresh_in_turn(self, asset_id: UUID, what: Literal["ocr", "clip"]) -> None:
        work = await self._ledger.begin(asset_id)
        if work is None:
            await self._ledger.set_refresh(asset_id, what, "failed", "No file holds this photo any more.")
            return
        try:
            problem = await self._refresh(work, what)
        except DatabaseUnavailable:
            raise
        except asyncio.CancelledError:
            await self._ledger.release(work)
            raise
        except SourceGone:
            problem = "The file is not there at the moment."
        except Exception as error:  # noqa: BLE001 — told to the person who asked
            problem = _reason(error)
            if work.status == "done":
                log.warning("%s could not be read again: %s", _shown(work), problem)
            else:
                await self._fail(work, "image" if isinstance(error, ImageError) else "transient", problem)
        if problem is None:
            await self._ledger.set_refresh(asset_id, what, "done")
        else:
            await self._ledger.release(work)
            await self._ledger.set_refresh(asset_id, what, "failed", problem)

    async def _refresh(self, work: Work, what: Literal["ocr", "clip"]) -> str | None:
        """What went wrong, or None."""
        if work.crashes >= MAX_CRASHES:
            return f"The program was ended {work.crashes} times while it read this file."
        if what == "clip" and self._recognizer.clip_model is None:
            return NO_MODEL
        if work.status != "done":
            await self._index(work)
        elif what == "ocr":
            photo = await asyncio.to_thread(self._decode, work)
            await self._ledger.put_text(work, await self._recognizer.read_text(photo.pixels))
        else:
            await self._embed(work)
        return None

    async def _guarded(self, work: Work, task: Task, attempt: int, do: Callable[[Work], Awaitable[None]]) -> None:
        try:
            await do(work)
        except SourceGone:
            await self._ledger.release(work)
        except DatabaseUnavailable:
            raise
        except asyncio.CancelledError:
            await self._ledger.release(work)
            raise
        except ImageError as error:
            await self._fail_task(work, task, "image", str(error))
        except Exception as error:  # noqa: BLE001 — one photo must not stop the rest
            if attempt < len(self._pauses):
                log.info("%s: %s It is tried again.", _shown(work), _reason(error))
                await self._ledger.postpone(work, task, self._pauses[attempt], attempt + 1)
            else:
                await self._fail_task(work, task, "transient", _reason(error))

    async def _index(self, work: Work) -> None:
        photo, metadata = await asyncio.to_thread(self._read, work)
        lines = await self._recognizer.read_text(photo.pixels)
        embedding = await self._try_to_embed(work, photo)
        await self._ledger.put_reading(work, Reading(photo, metadata, lines, embedding))
        self.photos_read += 1

    async def _embed(self, work: Work) -> None:
        photo = await asyncio.to_thread(self._decode, work)
        model = self._recognizer.clip_model
        if model is not None:
            vector = await self._recognizer.embed_image(photo.pixels)
            await self._ledger.put_embedding(work, Embedding(model, vector))

    async def _try_to_embed(self, work: Work, photo: Photo) -> Embedding | None:
        """The vector; None where it cannot be made: that must not cost the text. The next start tries it."""
        model = self._recognizer.clip_model
        if model is None:
            return None
        try:
            return Embedding(model, await self._recognizer.embed_image(photo.pixels))
        except Exception as error:  # noqa: BLE001 — whatever the model does
            log.warning("%s has no vector of %s: %s", _shown(work), model, _reason(error))
            return None

    def _read(self, work: Work) -> tuple[Photo, PhotoMetadata]:
        """Decode once, write thumbnails, read metadata. Blocks."""
        path, photo = self._open(work)
        self._thumbnails.write(work.id, photo.pixels)
        metadata = read_metadata(path)
        return photo, metadata

    async def _fail_task(self, work: Work, task: Task, kind: Literal["image", "transient"], reason: str) -> None:
        model = self._recognizer.clip_model
        if task == "index_asset":
            await self._fail(work, kind, reason)
        elif model is not None:
            log.warning("%s has no vector of %s: %s", _shown(work), model, reason)
            await self._ledger.give_up_embedding(work, model)

    async def _fail(self, work: Work, kind: Literal["image", "transient", "crash"], reason: str) -> None:
        log.warning("%s cannot be read: %s", _shown(work), reason)
        await self._ledger.fail(work, kind, reason)

    def _decode(self, work: Work) -> Photo:
        return self._open(work)[1]

    def _open(self, work: Work) -> tuple[Path, Photo]:
        """The photo, from the first of its files that is there and unchanged. Blocks.

        Raises:
            SourceGone: there is none.
            ImageError: it cannot be decoded.
            OSError: it cannot be read.
        """
        for source in work.sources:
            path = Path(os.fsdecode(os.path.join(work.root, source.path)))  # noqa: PTH118 — bytes
            expected = (source.size_bytes, source.mtime_ns)
            try:
                if _version(path) != expected:
                    continue
                photo = self._thumbnails.read_original(path)
                # Written to while we read it: these are not the bytes that the asset stands for.
                if _version(path) == expected:
                    return path, photo
            except (FileNotFoundError, NotADirectoryError):
                continue
            except ImageError:
                if not path.exists() or _version(path) != expected:
                    continue
                raise
        raise SourceGone


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return str(error) or type(error).__name__


def _shown(work: Work) -> str:
    return readable(os.path.join(work.root, work.sources[0].path)) if work.sources else str(work.id)  # noqa: PTH118
