"""A running site for browser tests: the real app on a real database, with photos whose text is known exactly.

Nothing is recognised here: the lines are put into the index as a recogniser would, so that a test knows where
each one must appear.
"""

import asyncio
import hashlib
import math
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
import numpy as np
import psycopg
import uvicorn
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from psycopg import conninfo

from allinone.database.pool import Database
from allinone.extension.app import create_app
from allinone.extension.settings import ExtensionSettings
from allinone.library.catalogue import Catalogue, ReadFile
from allinone.library.identity import asset_id
from allinone.library.store import LibraryStore
from allinone.library.thumbnails import Thumbnails
from allinone.library.walk import FoundFile
from allinone.search.index import AssetText, SearchIndex
from allinone.wire.ocr import Box, OcrLine

T = TypeVar("T")

HOSTILE = "<img src=x onerror=document.body.dataset.owned=1>"
PLAIN_PHOTOS = 70
UNREADABLE = 53
NEWEST = datetime(2025, 6, 1, 12)  # noqa: DTZ001 — as a camera writes it, without a zone
DONE = """
update library_asset set status = 'done', media_type = 'image/jpeg', width = %s, height = %s, taken_at = %s,
    make = 'Kestrel', model = 'K2', ocr_at = now()
where id = %s
"""


@dataclass(frozen=True)
class Picture:
    """A photo to be made: its file, its size, and the lines in it."""

    name: str
    size: tuple[int, int]
    lines: tuple[OcrLine, ...] = ()
    colour: tuple[int, int, int] = (236, 233, 224)


def straight(text: str, left: float, top: float, right: float, bottom: float) -> OcrLine:
    """A horizontal line; shares of the picture."""
    return OcrLine(text, (left, top, right, top, right, bottom, left, bottom), 0.95, 0.98)


def turned(text: str, corner: tuple[float, float], size: tuple[float, float], degrees: float) -> OcrLine:
    """A line in a square picture, turned clockwise about its top left corner."""
    along = (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    across = (-along[1], along[0])
    points: list[float] = []
    for x, y in ((0, 0), (size[0], 0), size, (0, size[1])):
        points += [corner[0] + x * along[0] + y * across[0], corner[1] + x * along[1] + y * across[1]]
    box: Box = tuple(points)  # type: ignore[assignment]
    return OcrLine(text, box, 0.95, 0.98)


PICTURES = (
    Picture(
        "receipt.jpg",
        (600, 900),
        (
            straight("統一發票收執聯", 0.1, 0.06, 0.74, 0.12),
            straight("AB-12345678", 0.12, 0.16, 0.6, 0.2),
            straight(f"發票備註 {HOSTILE}", 0.05, 0.3, 0.95, 0.34),
            straight("總計 560", 0.5, 0.82, 0.86, 0.87),
        ),
    ),
    Picture("tilted.jpg", (800, 800), (turned("請勿停車 NO PARKING", (0.2, 0.3), (0.6, 0.07), 17),)),
    Picture("couplet.jpg", (500, 800), (straight("天增歲月人增壽", 0.4, 0.1, 0.52, 0.8),)),
    Picture(f"{HOSTILE}.jpg", (640, 480), (straight("Total due 25.96 電子發票", 0.1, 0.2, 0.9, 0.3),)),
    *(Picture(f"plain-{n:03}.jpg", (640, 400 + n), (), (90 + n, 130, 200 - n)) for n in range(PLAIN_PHOTOS)),
)


class FixedEncoder:
    """Stands in for the CLIP text tower."""

    clip_model = "test-model"

    async def embed_text(self, text: str) -> NDArray[np.float32]:
        """The same direction for every text."""
        return np.array([1, 0, 0, 0], np.float32)


@dataclass
class PageSite:
    """The site, and what a test may do behind its back."""

    dsn: str
    root: Path
    thumbnails: Path
    url: str = ""
    clip_url: str = ""
    photos: dict[str, UUID] = field(default_factory=dict)
    _servers: list[uvicorn.Server] = field(default_factory=list)

    def start(self) -> None:
        """Fill the library, and serve it twice: without a CLIP model, and with one."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        if not ready.wait(30):
            message = "the test site did not start"
            raise RuntimeError(message)

    def stop(self) -> None:
        """End both servers."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join(15)

    def photo_url(self, name: str, query: str = "", base: str | None = None) -> str:
        """The page of a photo, as a shared link has it."""
        return f"{base or self.url}/allinone/photos/{self.photos[name]}" + (f"?q={query}" if query else "")

    def add(self, picture: Picture) -> UUID:
        """Have a photo appear in the library, read."""
        return self.call(self._put([picture]))[0]

    def set_lines(self, name: str, lines: Sequence[OcrLine]) -> None:
        """What a new reading of a photo found."""
        owner = self.library_id
        self.call(self.index.put_text(self.photos[name], owner, None, list(lines)))

    def set_refresh(self, name: str, what: str, state: str, message: str | None = None) -> None:
        """What the worker notes about a request to read a photo again."""
        self.execute(
            "update library_refresh set state = %s, message = %s, finished_at = "
            "case when %s in ('done', 'failed') then clock_timestamp() end where asset_id = %s and what = %s",
            (state, message, state, self.photos[name], what),
        )

    def refresh_state(self, name: str, what: str) -> str | None:
        """What is noted of the last request."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(
                "select state from library_refresh where asset_id = %s and what = %s", (self.photos[name], what)
            ).fetchone()
        return row[0] if row else None

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Change the database, as the index worker would from its own process."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement, parameters)  # type: ignore[arg-type]

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """The database lets nobody in while the block runs."""
        name = conninfo.conninfo_to_dict(self.dsn)["dbname"]
        admin = conninfo.make_conninfo(self.dsn, dbname="postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"alter database {name} with allow_connections false")  # type: ignore[arg-type]
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            try:
                yield
            finally:
                connection.execute(f"alter database {name} with allow_connections true")  # type: ignore[arg-type]
        for url in (self.url, self.clip_url):
            self._wait_until_ready(url)

    def _wait_until_ready(self, url: str) -> None:
        deadline = time.monotonic() + 60
        while httpx.get(f"{url}/readyz", timeout=20).status_code != httpx.codes.OK:
            if time.monotonic() > deadline:
                message = f"{url} did not come back with its database"
                raise TimeoutError(message)
            time.sleep(0.2)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the site's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        async with Database(self.dsn) as database:
            self.index = SearchIndex(database)
            self.library_id = await LibraryStore(database, self.thumbnails).open_library(self.root)
            self._catalogue = Catalogue(database, self.library_id)
            await self._put(PICTURES)
            await self._put_unreadable()
            servers = [self._server(None), self._server(FixedEncoder())]
            self._servers += servers
            tasks = [asyncio.create_task(server.serve()) for server in servers]
            while not all(server.started for server in servers):  # noqa: ASYNC110 — uvicorn has no event for it
                await asyncio.sleep(0.02)
            self.url, self.clip_url = (
                f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}" for server in servers
            )
            ready.set()
            await asyncio.gather(*tasks)

    def _server(self, encoder: FixedEncoder | None) -> uvicorn.Server:
        database = Database(self.dsn)
        app = create_app(
            ExtensionSettings(data_directory=self.thumbnails.parent, host="127.0.0.1", port=0),
            database=database,
            library=LibraryStore(database, self.thumbnails),
            index=SearchIndex(database),
            library_id=self.library_id,
            encoder=encoder,
        )
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=1)
        return uvicorn.Server(config)

    async def _put(self, pictures: Sequence[Picture]) -> list[UUID]:
        reads = [self._write(picture) for picture in pictures]
        await self._catalogue.put(reads, [])
        ids = [asset_id(self.library_id, read.checksum or b"") for read in reads]
        newest = NEWEST + timedelta(days=len(self.photos))
        done, texts = [], []
        for number, (picture, identity) in enumerate(zip(pictures, ids, strict=True)):
            taken = newest - timedelta(days=number)
            done.append((*picture.size, taken, identity))
            texts.append(AssetText(identity, self.library_id, taken, picture.lines))
        with psycopg.connect(self.dsn) as connection:
            connection.cursor().executemany(DONE, done)
        await self.index.put_texts(texts)
        self.photos |= {picture.name: identity for picture, identity in zip(pictures, ids, strict=True)}
        return ids

    def _write(self, picture: Picture) -> ReadFile:
        image = Image.new("RGB", picture.size, picture.colour)
        draw = ImageDraw.Draw(image)
        for line in picture.lines:
            points = [value * picture.size[index % 2] for index, value in enumerate(line.box)]
            draw.polygon(list(zip(points[::2], points[1::2], strict=True)), fill=(70, 66, 58))
        path = self.root / picture.name
        image.save(path, quality=80)
        content = path.read_bytes()
        checksum = hashlib.sha1(content, usedforsecurity=False).digest()
        Thumbnails(self.thumbnails).write(asset_id(self.library_id, checksum), np.asarray(image))
        return ReadFile(FoundFile(picture.name.encode(), len(content), path.stat().st_mtime_ns), checksum)

    async def _put_unreadable(self) -> None:
        names = [f"broken-{number:02}.jpg" for number in range(UNREADABLE - 1)] + [f"{HOSTILE}2.jpg"]
        reason = f"The file is cut off after 12 bytes. {HOSTILE}"
        reads = [ReadFile(FoundFile(name.encode(), 12, 1), None, reason) for name in names]
        await self._catalogue.put(reads, [])
