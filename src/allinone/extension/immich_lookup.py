"""Assets as Immich gives them to whoever asks: the only way into an answer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from allinone.errors import AllInOneError, BackendFailed
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.tasks import end

AT_ONCE = 8
MOST_BRANCHES = 100  # of one `filter.or`
MOST_SINGLE = 30
"""Assets of a page that are asked for one by one. A phone's screen shows about 28, and its app asks for the next
page only when somebody scrolls, so a page must fill it."""
STRUCTURED_SINCE = (3, 2)
SIMPLE = {"visibility": "eq", "type": "eq", "isFavorite": "eq", "isOffline": "eq", "libraryId": "eq", "rating": "eq",
    "city": "eq", "state": "eq", "country": "eq", "make": "eq", "model": "eq", "lensModel": "eq"}  # fmt: skip
TIMES = {
    "takenAfter": ("takenAt", "gte"), "takenBefore": ("takenAt", "lte"), "createdAfter": ("createdAt", "gte"),
    "createdBefore": ("createdAt", "lte"), "updatedAfter": ("updatedAt", "gte"), "updatedBefore": ("updatedAt", "lte"),
}  # fmt: skip
UNFILTERING = frozenset({"withExif"})

Assets = dict[UUID, dict[str, Any]]


def assets_of(reply: Reply) -> Assets:
    """The assets of a search's answer, in its order.

    Raises:
        BackendFailed: it is no such answer.
    """
    document = reply.document()
    try:
        return {UUID(item["id"]): item for item in document["assets"]["items"]}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


class Lookup:
    """Asks Immich for single assets under a search's filters."""

    def __init__(self, client: ImmichClient, version: tuple[int, int] | None, late: Counter) -> None:
        self._client = client
        self.late = late
        self._structured = version is not None and version >= STRUCTURED_SINCE

    def most(self, filters: Mapping[str, Any], size: int, asked: int = 0) -> int:
        """How many of a page's `size` assets may be looked up, where so many of them were `asked` for already."""
        return size if self._together(filters) else max(MOST_SINGLE - asked, 0)

    async def by_id(
        self, ids: Sequence[UUID], filters: Mapping[str, Any], credentials: Credentials, *, seconds: float
    ) -> Assets:
        """Those of `ids` that Immich gives under these filters, as far as they come in time.

        Raises:
            BackendFailed: not one question was answered.
        """
        found: Assets = {}
        if not ids or seconds <= 0:
            return found
        bodies = self._bodies(ids, filters)
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(body: Mapping[str, Any]) -> None:
            async with gate:
                reply = await self._client.post("/api/search/metadata", credentials, body)
            if not reply.ok:
                message = f"Immich answered a look-up of single photos with status {reply.status}."
                raise BackendFailed(message)
            found.update(assets_of(reply))

        tasks = [asyncio.create_task(ask(body), name="look-up") for body in bodies]
        try:
            await asyncio.wait(tasks, timeout=seconds)
        finally:
            await end(*tasks)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if isinstance(failure, Exception) and not isinstance(failure, AllInOneError):
                raise failure
        if failures:
            self.late.inc()
        if len(failures) == len(tasks):
            message = f"Immich did not answer {len(tasks)} look-ups of single photos in time ({failures[0]!r})."
            raise BackendFailed(message)
        wanted = set(ids)
        return {asset_id: item for asset_id, item in found.items() if asset_id in wanted and _allowed(item, filters)}

    def _together(self, filters: Mapping[str, Any]) -> bool:
        """Whether many assets cost no more than one."""
        structured = structured_filters(filters) if self._structured else None
        return structured is not None and "or" not in structured[0]

    def _bodies(self, ids: Sequence[UUID], filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        structured = structured_filters(filters) if self._structured else None
        if structured is None:
            return [{**filters, "id": str(one), "size": 1} for one in ids]
        tree, rest = structured
        if "id" in tree:
            return [{**filters, "size": MOST_BRANCHES}]  # it names its assets itself; what it gives is what there is
        if "or" in tree:
            return [{**rest, "size": 1, "filter": {**tree, "id": {"eq": str(one)}}} for one in ids]
        chunks = [ids[at : at + MOST_BRANCHES] for at in range(0, len(ids), MOST_BRANCHES)]
        return [
            {**rest, "size": len(chunk), "filter": {**tree, "or": [{"id": {"eq": str(one)}} for one in chunk]}}
            for chunk in chunks
        ]


def structured_filters(filters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The filters in the form of 3.2, and what stands beside; None where that would not say the same."""
    given = filters.get("filter")
    if given is not None:
        rest = {name: value for name, value in filters.items() if name != "filter"}
        return (dict(given), rest) if isinstance(given, dict) else None
    tree: dict[str, Any] = {}
    rest = {}
    for name, value in filters.items():
        if name in SIMPLE:
            tree[name] = {SIMPLE[name]: value}
        elif name in TIMES:
            field, operator = TIMES[name]
            tree.setdefault(field, {})[operator] = value
        elif name in UNFILTERING:
            rest[name] = value
        else:
            return None
    return tree, rest


def _allowed(item: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """A second look at what the flat filters say without being asked: nothing from the trash."""
    if item.get("isTrashed") is not True or "filter" in filters:
        return True
    return any(filters.get(name) for name in ("withDeleted", "trashedAfter", "trashedBefore", "isOffline"))
