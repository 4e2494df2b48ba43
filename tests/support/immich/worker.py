"""Immich's worker: takes SmartSearch and Ocr jobs from its BullMQ queues and rewrites the rows."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from bullmq import Queue, Worker
from tests.support.immich.rows import ADD_LINE, SET_OCR_TIME, SET_SEARCH_TEXT, SET_VECTOR, tokenize

PREFIX = "immich_bull"
PREVIEW = """
select asset.visibility::text, file.path from asset
left join asset_file file on file."assetId" = asset.id and file.type = 'preview' and not file."isEdited"
where asset.id = %s
"""


class ImmichWorker:
    """Runs jobs until closed. `done` names them in the order they ended; `paused` holds them back."""

    def __init__(self, dsn: str, redis: dict[str, Any], machine_learning: str) -> None:
        self.done: list[tuple[str, UUID]] = []
        self._dsn = dsn
        self._redis = redis
        self._machine_learning = machine_learning
        self._client = httpx.AsyncClient(timeout=300)
        self.released = asyncio.Event()
        self.released.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work while the block runs."""
        options = {"connection": self._redis, "prefix": PREFIX}
        workers = [
            Worker("smartSearch", self._work, options | {"concurrency": 2}),
            Worker("ocr", self._work, options | {"concurrency": 1}),
        ]
        try:
            yield
        finally:
            for worker in workers:
                await worker.close(force=True)
            await self._client.aclose()

    async def queue_all(self, name: str) -> None:
        """A job for every asset that is not hidden."""
        job = {"smartSearch": "SmartSearch", "ocr": "Ocr"}[name]
        async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
            rows = await (await connection.execute("select id from asset where visibility <> 'hidden'")).fetchall()
        queue = Queue(name, {"connection": self._redis, "prefix": PREFIX})
        for (asset,) in rows:
            await queue.add(job, {"id": str(asset)}, {"removeOnComplete": True, "attempts": 1})
        await queue.close()

    async def _work(self, job: Any, _: str) -> None:
        await self.released.wait()
        asset = UUID(job.data["id"])
        with suppress(httpx.HTTPError, psycopg.Error):  # Immich logs it, and the job counts as done
            await self._run(job.name, asset)
        self.done.append((job.name, asset))

    async def _run(self, name: str, asset: UUID) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
            row = await (await connection.execute(PREVIEW, [asset])).fetchone()
            if row is None or row[0] == "hidden" or row[1] is None:
                return
            image = await asyncio.to_thread(Path(row[1]).read_bytes)
            if name == "Ocr":
                await self._ocr(connection, asset, image)
            elif name == "SmartSearch":
                await self._smart_search(connection, asset, image)

    async def _predict(self, entries: dict[str, Any], image: bytes) -> dict[str, Any]:
        files = {"entries": (None, json.dumps(entries)), "image": ("blob", image, "application/octet-stream")}
        answer = await self._client.post(f"{self._machine_learning}/predict", files=files)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    async def _ocr(self, connection: psycopg.AsyncConnection[Any], asset: UUID, image: bytes) -> None:
        entries = {
            "ocr": {
                "detection": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.5, "maxResolution": 736}},
                "recognition": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.8}},
            }
        }
        found = (await self._predict(entries, image))["ocr"]
        await connection.execute('delete from asset_ocr where "assetId" = %s', [asset])
        for at, text in enumerate(found["text"]):
            box = found["box"][8 * at : 8 * at + 8]
            line = {"asset": asset, "text": text, "top": box[1], "bottom": box[5], "score": found["textScore"][at]}
            await connection.execute(ADD_LINE, line)
        tokens = [token for text in found["text"] for token in tokenize(text)]
        if tokens:
            await connection.execute(SET_SEARCH_TEXT, [asset, " ".join(tokens)])
        else:
            await connection.execute('delete from ocr_search where "assetId" = %s', [asset])
        await connection.execute(SET_OCR_TIME, [asset])

    async def _smart_search(self, connection: psycopg.AsyncConnection[Any], asset: UUID, image: bytes) -> None:
        statement = "select value #>> '{machineLearning,clip,modelName}' from system_metadata"
        row = await (await connection.execute(statement)).fetchone()
        model = (row and row[0]) or "ViT-B-32__openai"
        vector = (await self._predict({"clip": {"visual": {"modelName": model}}}, image))["clip"]
        await connection.execute(SET_VECTOR, [asset, vector])
