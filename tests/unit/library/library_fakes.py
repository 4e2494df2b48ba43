"""What the library's tests put at its seams: a recogniser that counts, and small photos."""

import asyncio
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allinone.database.data_directory import DataDirectory
from allinone.database.pool import Database
from allinone.library.settings import LibrarySettings
from allinone.library.worker import LibraryWorker
from allinone.search.index import SearchIndex
from allinone.wire.ocr import OcrLine

BOX = (0.1, 0.1, 0.9, 0.1, 0.9, 0.2, 0.1, 0.2)


def mean_colour(pixels: NDArray[np.uint8]) -> str:
    """Names a photo of one colour by it, whatever JPEG made of it."""
    red, green, blue = (round(float(value) / 16) for value in pixels.reshape(-1, 3).mean(axis=0))
    return f"colour {red} {green} {blue}"


class CountingRecognizer:
    """Reads the colour of a photo as its text, and notes each call."""

    def __init__(
        self,
        *,
        clip_model: str | None = None,
        seconds: float = 0.0,
        before: Callable[[str], None] | None = None,
    ) -> None:
        self.clip_model = clip_model
        self.read: list[str] = []
        self.embedded: list[str] = []
        self._seconds = seconds
        self._before = before

    async def read_text(self, pixels: NDArray[np.uint8]) -> list[OcrLine]:
        name = mean_colour(pixels)
        if self._before:
            self._before(name)
        self.read.append(name)
        await asyncio.sleep(self._seconds)
        return [OcrLine(name, BOX, 0.9, 0.9)]

    async def embed_image(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.embedded.append(mean_colour(pixels))
        vector = np.ones(8, np.float32)
        return vector / np.linalg.norm(vector)


def jpeg(number: int, *, size: tuple[int, int] = (64, 48)) -> bytes:
    """A photo whose colour tells its number, 0 to 4095."""
    colour = tuple(int(part) * 16 for part in (number & 15, number >> 4 & 15, number >> 8 & 15))
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def put(path: Path | bytes, content: bytes, *, age: float = 100.0) -> None:
    """Write a file that nobody has touched for `age` seconds."""
    file = Path(os.fsdecode(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    moment = time.time() - age
    os.utime(file, (moment, moment))


def make_worker(
    database: Database, folder: Path, library_id: object, recognizer: CountingRecognizer, **settings: object
) -> LibraryWorker:
    """A worker with a data directory at `folder`."""
    return LibraryWorker(
        database.dsn,
        DataDirectory(folder),
        recognizer,
        SearchIndex(database),
        library_id,  # type: ignore[arg-type]
        settings=LibrarySettings(**({"workers": 2} | settings)),
    )
