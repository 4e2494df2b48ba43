"""POST /api/search/...: which assets, in which order, on which page."""

import base64
import json
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError
from tests.support.immich import bodies
from tests.support.immich.answers import EXIF, asset_answer, search_answer
from tests.support.immich.callers import Caller, Connection, Refused
from tests.support.immich.conditions import Conditions

DEFAULT_CLIP_MODEL = "ViT-B-32__openai"
EMBEDDINGS_KEPT = 100
EXIF_COLUMNS = ", ".join(f'asset_exif."{name}" as "exif_{name}"' for name in EXIF)
FROM = 'from asset left join asset_exif on asset_exif."assetId" = asset.id'
ORDER_COLUMNS = {
    "fileCreatedAt": 'asset."fileCreatedAt"', "localDateTime": 'asset."localDateTime"',
    "fileSizeInBytes": 'asset_exif."fileSizeInByte"', "rating": "asset_exif.rating",
}  # fmt: skip
READABLE = """
select asset.id from asset where asset.id = any(%(ids)s) and (
    ("ownerId" = %(user)s and (visibility <> 'locked' or %(elevated)s))
    or ("deletedAt" is null and visibility in ('timeline', 'hidden') and exists (
        select from partner join "user" on "user".id = "sharedById" and "user"."deletedAt" is null
        where "sharedById" = asset."ownerId" and "sharedWithId" = %(user)s))
    or ("deletedAt" is null and exists (
        select from album_asset join album on album.id = "albumId" and album."deletedAt" is null
        join album_user on album_user."albumId" = album.id
        where album_asset."assetId" = asset.id and album_user."userId" = %(user)s)))
"""
OWNED = """
select id from asset where id = any(%(ids)s) and "ownerId" = %(user)s and (visibility <> 'locked' or %(elevated)s)
"""


async def readable(connection: Connection, caller: Caller, ids: list[UUID]) -> set[UUID]:
    """Those of `ids` whose details the caller may read."""
    if caller.shared_link:
        statement, parameters = (
            'select "assetId" as id from album_asset where "albumId" = %(album)s and "assetId" = any(%(ids)s)',
            {"album": caller.shared_album, "ids": ids},
        )
    else:
        statement, parameters = READABLE, {"ids": ids, "user": caller.id, "elevated": caller.elevated}
    return {row["id"] for row in await (await connection.execute(statement, parameters)).fetchall()}


async def owned(connection: Connection, caller: Caller, ids: list[UUID]) -> set[UUID]:
    """Those of `ids` that the caller may change."""
    parameters = {"ids": ids, "user": caller.id, "elevated": caller.elevated}
    return {row["id"] for row in await (await connection.execute(OWNED, parameters)).fetchall()}


class Searches:
    """Immich's searches over one database, with text vectors from one machine-learning server."""

    def __init__(self, machine_learning: str, version: tuple[int, int, int]) -> None:
        self.machine_learning = machine_learning
        self.structured = version >= (3, 2, 0)
        self.enabled = True
        self.refuses_filters = False  # as a later version may that has another form of them
        self.client: httpx.AsyncClient
        self._embeddings: dict[str, str] = {}

    async def smart(self, connection: Connection, caller: Caller, document: Any) -> dict[str, Any]:
        """`search/smart`."""
        body = self._body(bodies.Smart, document)
        self._may_see_locked(caller, body)
        if not self.enabled:
            raise Refused(400, "Smart search is not enabled")
        vector = await self._vector(connection, caller, body)
        conditions = await self._conditions(connection, caller, body, await self._users(connection, caller, body))
        name = conditions.bind(vector)
        return await self._page(
            connection, caller, body, conditions, size=body.get("size") or 100,
            join='join smart_search on smart_search."assetId" = asset.id',
            order=f"smart_search.embedding <=> {name}::vector, asset.id",
        )  # fmt: skip

    async def metadata(self, connection: Connection, caller: Caller, document: Any) -> dict[str, Any]:
        """`search/metadata`."""
        body = self._body(bodies.Metadata, document)
        if self.refuses_filters and "filter" in body:
            raise Refused(400, "Validation failed")
        self._may_see_locked(caller, body)
        users: list[UUID] | None = None
        if body.get("albumIds"):
            await self._albums_allowed(connection, caller, body["albumIds"])
        elif caller.shared_link:
            message = "Shared link access is only allowed in combination with an albumIds filter"
            raise Refused(400, message)
        else:
            users = await self._users(connection, caller, body)
        conditions = await self._conditions(connection, caller, body, users)
        order = body.get("orderBy") or {"field": "fileCreatedAt", "direction": body.get("order", "desc")}
        direction = order.get("direction", "desc")
        column = ORDER_COLUMNS[order.get("field", "fileCreatedAt")]
        return await self._page(
            connection, caller, body, conditions, size=body.get("size") or 250,
            order=f"{column} {direction} nulls last, asset.id {direction}",
        )  # fmt: skip

    async def random(self, connection: Connection, caller: Caller, document: Any) -> list[dict[str, Any]]:
        """`search/random`."""
        body = self._body(bodies.Random, document)
        self._may_see_locked(caller, body)
        conditions = await self._conditions(connection, caller, body, await self._users(connection, caller, body))
        answer = await self._page(connection, caller, body, conditions, size=body.get("size") or 250, order="random()")
        items: list[dict[str, Any]] = answer["assets"]["items"]
        return items

    async def statistics(self, connection: Connection, caller: Caller, document: Any) -> dict[str, int]:
        """`search/statistics`."""
        body = self._body(bodies.Statistics, document)
        self._may_see_locked(caller, body)
        conditions = await self._conditions(connection, caller, body, await self._users(connection, caller, body))
        statement = f"select count(*)::int as total {FROM} where {conditions.sql}"
        row = await (await connection.execute(statement, conditions.parameters)).fetchone()
        assert row is not None
        return {"total": row["total"]}

    async def clip_model(self, connection: Connection) -> str:
        """The CLIP model in the administration's settings."""
        statement = (
            "select value #>> '{machineLearning,clip,modelName}' as name from system_metadata "
            "where key = 'system-config'"
        )
        row = await (await connection.execute(statement)).fetchone()
        return (row and row["name"]) or DEFAULT_CLIP_MODEL

    def _body(self, model: type[BaseModel], document: Any) -> dict[str, Any]:
        try:
            body = model.model_validate(document).model_dump(mode="json", exclude_unset=True)
        except ValidationError as error:
            raise Refused(400, "Validation failed", errors=bodies.issues(error)) from error
        if self.structured:
            for name in ("filter", "cursor", "orderBy"):
                if document.get(name) is not None:
                    body[name] = document[name]
        return body

    def _may_see_locked(self, caller: Caller, body: dict[str, Any]) -> None:
        asked = body.get("visibility") or (body.get("filter") or {}).get("visibility", {}).get("eq")
        if asked == "locked" and not caller.elevated:
            raise Refused(401, "Elevated permission is required")

    async def _users(self, connection: Connection, caller: Caller, body: dict[str, Any]) -> list[UUID]:
        if body.get("visibility") == "locked":
            return [caller.id]
        statement = (
            'select "sharedById" as id from partner join "user" on "user".id = "sharedById" '
            'and "user"."deletedAt" is null where "sharedWithId" = %s and "inTimeline"'
        )
        rows = await (await connection.execute(statement, [caller.id])).fetchall()
        return [caller.id, *(row["id"] for row in rows)]

    async def _albums_allowed(self, connection: Connection, caller: Caller, ids: list[str]) -> None:
        if caller.shared_link:
            allowed = {str(caller.shared_album)}
        else:
            statement = 'select "albumId" as id from album_user where "userId" = %s'
            allowed = {str(row["id"]) for row in await (await connection.execute(statement, [caller.id])).fetchall()}
        if not set(ids) <= allowed:
            raise Refused(400, "Not found or no album.read access")

    async def _conditions(
        self, connection: Connection, caller: Caller, body: dict[str, Any], users: list[UUID] | None
    ) -> Conditions:
        conditions = Conditions()
        if users is not None:
            conditions.add('asset."ownerId" = any({})', users)
        tree = body.get("filter")
        if not tree:
            conditions.flat(body, not_locked=not caller.elevated)
            return conditions
        conditions.structured(tree)
        if "visibility" not in tree and not caller.elevated:
            conditions.add("asset.visibility <> 'locked'")
        if "trashedAt" not in tree:
            conditions.add('asset."deletedAt" is null')
        return conditions

    async def _vector(self, connection: Connection, caller: Caller, body: dict[str, Any]) -> str:
        if body.get("query", "").strip():
            return await self._embedding(connection, body["query"].strip(), body.get("language"))
        if not body.get("queryAssetId"):
            raise Refused(400, "Either `query` or `queryAssetId` must be set")
        asset = UUID(body["queryAssetId"])
        if not await readable(connection, caller, [asset]):
            raise Refused(400, "Not found or no asset.read access")
        statement = 'select embedding::text as embedding from smart_search where "assetId" = %s'
        row = await (await connection.execute(statement, [asset])).fetchone()
        if row is None:
            raise Refused(400, f"Asset {asset} has no embedding")
        return str(row["embedding"])

    async def _embedding(self, connection: Connection, query: str, language: str | None) -> str:
        model = await self.clip_model(connection)
        key = f"{model}{query}{language}"
        if key not in self._embeddings:
            options = {"language": language} if language is not None else {}
            entries = {"clip": {"textual": {"modelName": model, "options": options}}}
            files = {"entries": (None, json.dumps(entries)), "text": (None, query)}
            try:
                answer = await self.client.post(f"{self.machine_learning}/predict", files=files, timeout=300)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                raise Refused(500, "Internal server error") from error
            self._embeddings[key] = answer.json()["clip"]
            while len(self._embeddings) > EMBEDDINGS_KEPT:
                del self._embeddings[next(iter(self._embeddings))]
        return self._embeddings[key]

    async def _page(
        self, connection: Connection, caller: Caller, body: dict[str, Any], conditions: Conditions, *, size: int,
        order: str, join: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        page = body.get("page") or 1
        if body.get("cursor"):
            page = int(base64.b64decode(body["cursor"]))
        exif = bool(body.get("withExif"))
        columns = "asset.*, asset.visibility::text as visibility" + (f", {EXIF_COLUMNS}" if exif else "")
        statement = (
            f"select {columns} {FROM} {join} where {conditions.sql} order by {order} "
            f"limit {size + 1} offset {(page - 1) * size}"
        )
        rows = await (await connection.execute(statement, conditions.parameters)).fetchall()
        items = [asset_answer(row, caller.id, exif=exif) for row in rows[:size]]
        following = str(page + 1) if len(rows) > size else None
        answer = search_answer(items, following)
        if self.structured:
            cursor = base64.b64encode(following.encode()).decode() if following else None
            answer["assets"]["nextCursor"] = cursor
        return answer
