"""A folder of photos, read by the real worker with the real recogniser into the real index: ask it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from allinone.database.data_directory import DataDirectory
from allinone.database.pool import Database
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryStore
from allinone.library.worker import IndexSummary, LibraryWorker
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.settings import EngineSettings
from allinone.search.index import RankRequest, SearchIndex

FIRST_PAGE = 10
MOST_PHOTOS = 200


@dataclass(frozen=True)
class IndexedFolder:
    """What the worker made of a folder."""

    summary: IndexSummary
    index: SearchIndex
    store: LibraryStore
    library_id: UUID

    async def find(self, typed: str) -> list[str]:
        """Names of the photos on the first page, best first."""
        ranking = await self.index.rank(RankRequest(query=f"ocr:{typed}", owners=[self.library_id]))
        assets = await self.store.select(ranking.asset_ids[:FIRST_PAGE], AssetFilters(self.library_id))
        return [asset.file_name for asset in assets]

    async def reads(self) -> dict[str, str]:
        """What was recognised in each photo, by file name."""
        page = await self.store.page(AssetFilters(self.library_id), offset=0, limit=MOST_PHOTOS)
        texts = [await self.index.lines(asset.id) for asset in page]
        return {
            asset.file_name: " | ".join(line.text for line in lines) for asset, lines in zip(page, texts, strict=True)
        }


@asynccontextmanager
async def indexed_folder(folder: Path, dsn: str, database: Database, data: Path) -> AsyncIterator[IndexedFolder]:
    """Index everything in `folder`, with `data` as the data directory."""
    directory = DataDirectory(data)
    index, store = SearchIndex(database), LibraryStore(database, directory.thumbnails)
    library_id = await store.open_library(folder)
    engine = Engine(EngineSettings(models=directory.models))
    try:
        worker = LibraryWorker(dsn, directory, engine, index, library_id)
        summary = await worker.run_until_idle()
        yield IndexedFolder(summary, index, store, library_id)
    finally:
        await engine.close()
