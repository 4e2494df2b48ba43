"""The rows of one piece of work: what a job reads before it starts, and writes when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from typing import Any, Literal
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from allinone.database.pool import Database
from allinone.images.formats import VIDEO_TYPES
from allinone.images.metadata import PhotoMetadata
from allinone.images.photo import Photo
from allinone.library.queue import JobQueue, Task
from allinone.library.recognition import AssetIndex
from allinone.library.statements import statement
from allinone.wire.ocr import OcrLine

FailureKind = Literal["image", "transient", "crash"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that held the content when it was last looked at. `path` is relative to the root."""

    path: bytes
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Work:
    """A photo to be read.

    Attributes:
        taken_at: local time, as far as it is known.
        crashes: how many runs of the worker have ended abruptly while they read it.
    """

    id: UUID
    library_id: UUID
    root: bytes
    status: Literal["waiting", "done", "failed"]
    taken_at: datetime
    file_created_at: datetime
    clip_model: str | None
    crashes: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """A picture's vector, and the model that made it."""

    model: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of a photo."""

    photo: Photo
    metadata: PhotoMetadata
    lines: Sequence[OcrLine]
    embedding: Embedding | None


class WorkLedger:
    """Begins and ends work. What a job writes is one transaction with the index it writes to."""

    def __init__(self, database: Database, index: AssetIndex) -> None:
        self._database = database
        self._index = index
        self._queue = JobQueue()
        self._run_id = uuid4()

    async def begin(self, asset_id: UUID) -> Work | None:
        """Note that this run reads the photo; None where no file holds it any more."""
        async with self._database.connection() as connection:
            parameters = {"id": asset_id, "run": self._run_id}
            row = await (await connection.execute(statement("work_begin"), parameters)).fetchone()
            if row is None:
                return None
            files = await (await connection.execute(statement("work_files"), {"id": asset_id})).fetchall()
        values = [*row, tuple(Source(*file) for file in files)]
        return Work(*values)

    async def release(self, work: Work) -> None:
        """This run stops reading it, in order."""
        await self._run("work_release", id=work.id)

    async def fail(self, work: Work, kind: FailureKind, reason: str) -> None:
        """It cannot be read."""
        await self._run("work_failed", id=work.id, kind=kind, failure=_clean(reason))

    async def postpone(self, work: Work, task: Task, after: timedelta, attempt: int) -> None:
        """Try again later."""
        async with self._database.connection() as connection:
            await connection.execute(statement("work_release"), {"id": work.id})
            await self._queue.defer(connection, work.library_id, task, [work.id], after=after, attempt=attempt)

    async def put_reading(self, work: Work, reading: Reading) -> None:
        """Store all that was read."""
        taken_at, created_at = _moments(work, reading.metadata)
        columns = _columns(reading) | {"id": work.id, "taken_at": taken_at, "file_created_at": created_at}
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement("work_indexed"), columns)
            if cursor.rowcount == 0:
                return  # deleted meanwhile
            await self._index.put_text(work.id, work.library_id, taken_at, reading.lines, connection=connection)
            if reading.embedding is not None:
                await self._index.put_vector(
                    work.id,
                    work.library_id,
                    taken_at,
                    reading.embedding.model,
                    reading.embedding.vector,
                    connection=connection,
                )

    async def put_text(self, work: Work, lines: Sequence[OcrLine]) -> None:
        """Replace the text."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement("work_text_read"), {"id": work.id})
            if cursor.rowcount:
                await self._index.put_text(work.id, work.library_id, work.taken_at, lines, connection=connection)

    async def put_embedding(self, work: Work, embedding: Embedding) -> None:
        """Replace the vector."""
        parameters = {"id": work.id, "clip_model": embedding.model, "succeeded": True}
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement("work_embedded"), parameters)
            if cursor.rowcount:
                await self._index.put_vector(
                    work.id,
                    work.library_id,
                    work.taken_at,
                    embedding.model,
                    embedding.vector,
                    connection=connection,
                )

    async def give_up_embedding(self, work: Work, model: str) -> None:
        """This model cannot make a vector of it."""
        await self._run("work_embedded", id=work.id, clip_model=model, succeeded=False)

    async def set_refresh(
        self,
        asset_id: UUID,
        what: Literal["ocr", "clip"],
        state: Literal["running", "done", "failed"],
        message: str | None = None,
    ) -> None:
        """Note what becomes of a request."""
        cleaned = None if message is None else _clean(message)
        await self._run("refresh_set", asset_id=asset_id, what=what, state=state, message=cleaned)

    async def _run(self, name: str, **parameters: Any) -> None:
        async with self._database.connection() as connection:
            await connection.execute(statement(name), parameters)


def _moments(work: Work, metadata: PhotoMetadata) -> tuple[datetime, datetime]:
    """When it was taken: local time, and aware."""
    taken_at = metadata.taken_at
    if taken_at is None:
        return work.taken_at, work.file_created_at
    try:
        offset = metadata.utc_offset_minutes
        zone = None if offset is None else timezone(timedelta(minutes=offset))
        return taken_at, (taken_at.replace(tzinfo=zone) if zone else taken_at).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return work.taken_at, work.file_created_at  # the first day of year 1, or the like


def _columns(reading: Reading) -> dict[str, Any]:
    metadata = reading.metadata
    width, height = reading.photo.original_size
    return {
        "media_type": reading.photo.media_type,
        "kind": "VIDEO" if reading.photo.media_type in VIDEO_TYPES else "IMAGE",
        "width": width,
        "height": height,
        "duration_ms": metadata.duration_ms,
        "make": _clean(metadata.make),
        "model": _clean(metadata.model),
        "lens_model": _clean(metadata.lens_model),
        "latitude": _finite(metadata.latitude),
        "longitude": _finite(metadata.longitude),
        "clip_model": reading.embedding.model if reading.embedding else None,
    }


def _clean(text: str | None) -> str | None:
    """What PostgreSQL can hold of a text: no NUL, no half of a surrogate pair."""
    if text is None:
        return None
    return text.replace("\0", " ").encode("utf-8", "replace").decode().strip() or None


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None
