"""The photos a page walks through: all of them, newest first, or those a search found, best first."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from allinone.extension.photo_search import Notice, PhotoHit, PhotoQuery
from allinone.extension.services import Services
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryAsset

BATCH = 60  # photos asked for, and sent to a browser, at a time
KEPT_BATCHES = 4
SEARCHED_BATCHES = 10  # how far a photo is looked for whose place is not known


MAX_QUERY = 500  # characters


def clean_query(typed: str) -> str:
    """What was typed, without what PostgreSQL or UTF-8 cannot hold, and not endless."""
    return typed[:MAX_QUERY].encode("utf-8", "ignore").decode().replace("\0", "").strip()


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo, and why it was found; `hit` is None where all photos are shown."""

    asset: LibraryAsset
    hit: PhotoHit | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to `BATCH` photos.

    Attributes:
        more: whether photos follow.
        notice: why the answer is less than it could be.
    """

    entries: list[Entry]
    more: bool
    notice: Notice | None = None


class Results:
    """One query's photos, read batch by batch; the last few batches are kept."""

    def __init__(self, services: Services, query: str) -> None:
        self.query = query
        self._services = services
        self._filters = AssetFilters(library_id=services.library_id)
        self._kept: OrderedDict[int, Batch] = OrderedDict()

    async def batch(self, number: int) -> Batch:
        """Batch `number`, counted from 0."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        batch = await (self._found(number) if self.query else self.newest(number * BATCH, BATCH))
        self._kept[number] = batch
        if len(self._kept) > KEPT_BATCHES:
            self._kept.popitem(last=False)
        return batch

    async def newest(self, offset: int, limit: int) -> Batch:
        """Photos by date, whatever the query; never kept."""
        assets = await self._services.library.page(self._filters, offset=offset, limit=limit + 1)
        return Batch([Entry(asset, None) for asset in assets[:limit]], more=len(assets) > limit)

    async def entry(self, place: int) -> Entry | None:
        """The photo at `place`, counted from 0; None past the end."""
        if place < 0:
            return None
        number, rest = divmod(place, BATCH)
        entries = (await self.batch(number)).entries
        return entries[rest] if rest < len(entries) else None

    async def find(self, asset_id: UUID, guess: int | None) -> int | None:
        """The place of a photo; `guess` is looked at first. None where it is not among the first ones."""
        if guess is not None:
            entry = await self.entry(guess)
            if entry is not None and entry.asset.id == asset_id:
                return guess
        for number in range(SEARCHED_BATCHES):
            batch = await self.batch(number)
            for rest, entry in enumerate(batch.entries):
                if entry.asset.id == asset_id:
                    return number * BATCH + rest
            if not batch.more:
                break
        return None

    async def _found(self, number: int) -> Batch:
        query = PhotoQuery(filters=self._filters, text=self.query, page=number + 1, size=BATCH)
        page = await self._services.photo_search.search(query)
        return Batch([Entry(hit.asset, hit) for hit in page.hits], page.next_page is not None, page.notice)
