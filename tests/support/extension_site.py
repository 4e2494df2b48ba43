"""The extension's app over a small library whose rows and texts a test knows; nothing is recognised."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image

from allinone.database.pool import Database
from allinone.extension.app import create_app
from allinone.extension.photo_search import TextEncoder
from allinone.extension.settings import ExtensionSettings
from allinone.library.identity import asset_id, path_key
from allinone.library.store import LibraryStore
from allinone.search.index import AssetText, SearchIndex
from allinone.wire.ocr import OcrLine

MODEL = "test-model"
URL = "http://localhost"
FIRST_DAY = datetime(2024, 1, 1, 12)  # noqa: DTZ001 — local time, as photos have it

ADD_ASSET = """
insert into library_asset (id, library_id, checksum, kind, size_bytes, taken_at, file_created_at,
    file_modified_at, media_type, width, height, make, latitude, longitude, duration_ms, ocr_at, status)
values (%(id)s, %(library)s, %(checksum)s, %(kind)s, %(size)s, %(taken)s, %(taken)s at time zone 'UTC',
    %(taken)s at time zone 'UTC', %(media_type)s, 64, 48, %(make)s, 25.03, 121.56, %(duration)s, now(),
    'done')
"""
ADD_FILE = """
insert into library_file (library_id, path_key, path, name, size_bytes, mtime_ns, asset_id)
values (%(library)s, %(key)s, %(path)s, %(name)s, %(size)s, 0, %(id)s)
"""


def line(text: str, top: float = 0.1) -> OcrLine:
    """A line of text across the picture."""
    return OcrLine(text, (0.1, top, 0.9, top, 0.9, top + 0.05, 0.1, top + 0.05), 0.9, 0.98)


class FixedEncoder:
    """Stands in for the CLIP text tower: always the same vector, or the same failure."""

    def __init__(self, answer: NDArray[np.float32] | Exception, model: str | None = MODEL) -> None:
        self.clip_model = model
        self._answer = answer
        self.asked: list[str] = []

    async def embed_text(self, text: str) -> NDArray[np.float32]:
        """The vector, or the failure."""
        self.asked.append(text)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class ExtensionSite:
    """A library in `dsn` below `folder`."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.root = folder / "photos"
        self.data = folder / "data"
        self.root.mkdir(parents=True)
        self.library_id = UUID(int=0)
        self._added = 0

    async def open(self) -> None:
        """Register the library."""
        async with Database(self.dsn) as database:
            self.library_id = await LibraryStore(database, self.data).open_library(self.root)

    async def add(
        self,
        name: str,
        texts: Sequence[str] = (),
        *,
        kind: str = "IMAGE",
        make: str | None = None,
        vector: Sequence[float] | None = None,
        content: bytes | None = None,
    ) -> UUID:
        """A photo that has been read; each is a day younger than the one before."""
        path = self.root / name
        self._added += 1
        if content is None:
            Image.new("RGB", (64, 48), (self._added % 256, self._added // 256, 7)).save(path, "JPEG")
        else:
            path.write_bytes(content)
        checksum = hashlib.sha1(path.read_bytes() + name.encode(), usedforsecurity=False).digest()
        identity = asset_id(self.library_id, checksum)
        taken = FIRST_DAY + timedelta(days=self._added)
        video = kind == "VIDEO"
        row = {
            "id": identity, "library": self.library_id, "checksum": checksum, "kind": kind, "taken": taken,
            "size": path.stat().st_size, "make": make, "key": path_key(name.encode()), "path": name.encode(),
            "name": name, "media_type": "video/mp4" if video else "image/jpeg",
            "duration": 1500 if video else None,
        }  # fmt: skip
        with psycopg.connect(self.dsn) as connection:
            connection.execute(ADD_ASSET, row)
            connection.execute(ADD_FILE, row)
        async with Database(self.dsn) as database:
            index = SearchIndex(database)
            lines = [line(text, 0.1 + 0.1 * number) for number, text in enumerate(texts)]
            await index.put_text(identity, self.library_id, taken, lines)
            if vector is not None:
                await index.put_vector(identity, self.library_id, taken, MODEL, np.array(vector, np.float32))
        return identity

    async def fill(self, count: int, text: str) -> None:
        """Photos all with the same text, younger than those added so far; they have no files to show."""
        rows = []
        for _ in range(count):
            self._added += 1
            identity, name = uuid4(), f"{self._added}.jpg"
            rows.append({
                "id": identity, "library": self.library_id, "checksum": identity.bytes, "kind": "IMAGE",
                "taken": FIRST_DAY + timedelta(days=self._added), "size": 1, "make": None,
                "key": path_key(name.encode()), "path": name.encode(), "name": name, "media_type": "image/jpeg",
                "duration": None,
            })  # fmt: skip
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            cursor.executemany(ADD_ASSET, rows)
            cursor.executemany(ADD_FILE, rows)
        texts = [AssetText(row["id"], self.library_id, row["taken"], [line(text)]) for row in rows]
        async with Database(self.dsn) as database:
            await SearchIndex(database).put_texts(texts)

    def app(self, encoder: TextEncoder | None = None, **settings: object) -> FastAPI:
        """The app over this library."""
        database = Database(self.dsn)
        return create_app(
            ExtensionSettings(data_directory=self.data, **settings),
            database=database,
            library=LibraryStore(database, self.data / "thumbnails"),
            index=SearchIndex(database),
            library_id=self.library_id,
            encoder=encoder,
        )

    @asynccontextmanager
    async def client(self, encoder: TextEncoder | None = None, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
        """A browser on this machine, and the app running."""
        app = self.app(encoder, **settings)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=URL) as client,
        ):
            yield client
