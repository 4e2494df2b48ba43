"""immich-server, as far as our services and their clients meet it: API, pages, web socket."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.support.immich.answers import EXIF, admin_answer, asset_answer, moment, user_answer
from tests.support.immich.callers import Caller, Connection, Refused, identify, require
from tests.support.immich.rows import hashed
from tests.support.immich.searches import EXIF_COLUMNS, FROM, Searches, owned, readable

INDEX_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <!-- metadata:tags -->
    <title>Immich</title>
    <script>window.__before = true;</script>
  </head>
  <body data-sveltekit-preload-data="hover">
    <div id="stencil"></div>
    <script>window.__after = true;</script>
  </body>
</html>
"""
ASSET_JOBS = {"refresh-faces", "refresh-metadata", "regenerate-thumbnail", "transcode-video"}
QUEUES = {"smartSearch": "SmartSearch", "ocr": "Ocr"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Handler = Callable[[Request, Connection, Caller], Awaitable[Response]]


class Immich:
    """A stand-in for one immich-server.

    Attributes:
        asked: method and path of every request, oldest first.
        jobs: what `POST /api/assets/jobs` was given and allowed.
        failing: a status to answer every API request with; None to behave.
        page: the page at `/`, for tests that need one of their own.
        uploaded: bytes of each upload.
        queue_all: called with "smartSearch" or "ocr" when an administrator runs a queue over all assets.
    """

    def __init__(self, dsn: str, machine_learning: str, *, version: tuple[int, int, int] = (3, 1, 0)) -> None:
        self.version = version
        self.asked: list[str] = []
        self.jobs: list[dict[str, Any]] = []
        self.failing: int | None = None
        self.page = INDEX_PAGE
        self.content_security_policy: str | None = None
        self.uploaded: list[int] = []
        self.queue_all: Callable[[str], Awaitable[None]] | None = None
        self._dsn = dsn
        self._pool: AsyncConnectionPool[Connection]
        self.searches = Searches(machine_learning, version)

    def app(self) -> Starlette:
        """The server."""
        routes = [
            self._public("/api/server/ping", self._ping),
            self._public("/api/server/version", self._version),
            self._public("/api/server/version-history", self._version_history),
            self._public("/api/server/features", self._features),
            self._public("/api/server/config", self._config),
            self._public("/api/auth/login", self._log_in, "POST"),
            self._route("/api/server/about", self._about, "server.about"),
            self._route("/api/server/storage", self._storage, "server.storage"),
            self._route("/api/server/statistics", self._server_statistics, "server.statistics", admin=True),
            self._route("/api/server/version-check", self._version_check, "server.versionCheck"),
            self._route("/api/system-config", self._system_config, "systemConfig.read", admin=True),
            self._route("/api/users/me", self._me, "user.read"),
            self._route("/api/partners", self._partners, "partner.read"),
            self._route("/api/albums", self._albums, "album.read"),
            self._route("/api/people", self._people, "person.read"),
            self._route("/api/tags", self._tags, "tag.read"),
            self._route("/api/search/smart", self._smart, "asset.read", "POST"),
            self._route("/api/search/metadata", self._metadata, "asset.read", "POST", shared_link=True),
            self._route("/api/search/random", self._random, "asset.read", "POST"),
            self._route("/api/search/statistics", self._statistics, "asset.statistics", "POST"),
            self._route("/api/assets", self._upload, "asset.upload", "POST", shared_link=True),
            self._route("/api/assets", self._update, "asset.update", "PUT"),
            self._route("/api/assets", self._delete, "asset.delete", "DELETE"),
            self._route("/api/assets/jobs", self._asset_jobs, "job.create", "POST"),
            self._route("/api/assets/{id}", self._asset, "asset.read", shared_link=True),
            self._route("/api/assets/{id}/ocr", self._asset_ocr, "asset.read"),
            self._route("/api/assets/{id}/thumbnail", self._thumbnail, "asset.view", shared_link=True),
            self._route("/api/assets/{id}/original", self._thumbnail, "asset.download", shared_link=True),
            self._route("/api/jobs/{name}", self._queue, "job.create", "PUT", admin=True),
            WebSocketRoute("/api/socket.io/", self._socket),
            Route("/{path:path}", self._other, methods=METHODS),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._pool = AsyncConnectionPool(
            self._dsn, min_size=1, max_size=10, open=False, kwargs={"row_factory": dict_row}, timeout=5,
            reconnect_timeout=1, check=AsyncConnectionPool.check_connection,
        )  # fmt: skip
        async with self._pool, httpx.AsyncClient() as self.searches.client:
            yield

    def _public(self, path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            return await self._answered(request, lambda: handler(request))

        return Route(path, answer, methods=[method])

    def _route(
        self, path: str, handler: Handler, permission: str, method: str = "GET", *, shared_link: bool = False,
        admin: bool = False,
    ) -> Route:  # fmt: skip
        async def allowed(request: Request) -> Response:
            async with self._pool.connection() as connection:
                caller = await identify(request, connection)
                require(caller, permission, shared_link=shared_link, admin=admin)
                return await handler(request, connection, caller)

        async def answer(request: Request) -> Response:
            return await self._answered(request, lambda: allowed(request))

        return Route(path, answer, methods=[method])

    async def _answered(self, request: Request, handle: Callable[[], Awaitable[Response]]) -> Response:
        self.asked.append(f"{request.method} {request.url.path}")
        try:
            if self.failing is not None:
                raise Refused(self.failing, "Internal server error")
            return await handle()
        except Refused as refused:
            return self._refusal(refused.status, refused.body)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
            return self._refusal(500, {"message": "Internal server error"})

    def _refusal(self, status: int, body: dict[str, Any]) -> Response:
        correlation = secrets.token_hex(4)
        if self.version < (3, 0, 0):
            body = body | {
                "error": HTTPStatus(status).phrase, "statusCode": status, "correlationId": correlation,
            }  # fmt: skip
        return JSONResponse(body, status_code=status, headers={"x-immich-cid": correlation})

    # The server.

    async def _ping(self, _: Request) -> Response:
        return JSONResponse({"res": "pong"})

    async def _version(self, _: Request) -> Response:
        return JSONResponse(dict(zip(("major", "minor", "patch"), self.version, strict=True)))

    async def _version_history(self, _: Request) -> Response:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute("select * from version_history")).fetchall()
        return JSONResponse([
            {"id": str(row["id"]), "createdAt": moment(row["createdAt"]), "version": row["version"]} for row in rows
        ])  # fmt: skip

    async def _features(self, _: Request) -> Response:
        enabled = self.searches.enabled
        return JSONResponse({
            "smartSearch": enabled, "facialRecognition": True, "duplicateDetection": True, "map": True,
            "reverseGeocoding": True, "importFaces": False, "sidecar": True, "search": True, "trash": True,
            "oauth": False, "oauthAutoLaunch": False, "ocr": True, "passwordLogin": True, "configFile": False,
            "email": False,
        })  # fmt: skip

    async def _config(self, _: Request) -> Response:
        return JSONResponse({
            "loginPageMessage": "", "trashDays": 30, "userDeleteDelay": 7, "oauthButtonText": "", "isInitialized": True,
            "isOnboarded": True, "externalDomain": "", "publicUsers": True, "maintenanceMode": False, "minFaces": 3,
        })  # fmt: skip

    async def _about(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse({
            "version": "v" + ".".join(map(str, self.version)), "versionUrl": "https://example.com", "licensed": False,
        })  # fmt: skip

    async def _storage(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse({
            "diskAvailable": "1.0 GiB", "diskSize": "2.0 GiB", "diskUse": "1.0 GiB", "diskAvailableRaw": 2**30,
            "diskSizeRaw": 2**31, "diskUseRaw": 2**30, "diskUsagePercentage": 50.0,
        })  # fmt: skip

    async def _server_statistics(self, _: Request, connection: Connection, __: Caller) -> Response:
        row = await (await connection.execute("select count(*)::int as photos from asset")).fetchone()
        assert row is not None
        return JSONResponse({
            "photos": row["photos"], "videos": 0, "usage": 0, "usagePhotos": 0, "usageVideos": 0, "usageByUser": [],
        })  # fmt: skip

    async def _version_check(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse({"checkedAt": moment(datetime.now(UTC)), "releaseVersion": "v3.1.0"})

    async def _system_config(self, _: Request, connection: Connection, __: Caller) -> Response:
        model = await self.searches.clip_model(connection)
        return JSONResponse({
            "machineLearning": {
                "enabled": True, "urls": [self.searches.machine_learning],
                "clip": {"enabled": self.searches.enabled, "modelName": model},
                "ocr": {"enabled": True, "modelName": "PP-OCRv5_mobile"},
            }
        })  # fmt: skip

    # Users.

    async def _log_in(self, request: Request) -> Response:
        body = await request.json()
        async with self._pool.connection() as connection:
            statement = 'select * from "user" where email = %s and password = %s'
            row = await (
                await connection.execute(statement, [body["email"], hashed(body["password"]).hex()])
            ).fetchone()
            if row is None:
                raise Refused(401, "Incorrect email or password")
            token = secrets.token_urlsafe(32)
            await connection.execute(
                'insert into session (token, "userId") values (%s, %s)', [hashed(token), row["id"]]
            )
        response = JSONResponse(
            {
                "accessToken": token, "userId": str(row["id"]), "userEmail": row["email"], "name": row["name"],
                "isAdmin": row["isAdmin"], "profileImagePath": "", "shouldChangePassword": False, "isOnboarded": True,
            },
            status_code=201,
        )  # fmt: skip
        response.set_cookie("immich_access_token", token, httponly=True, samesite="lax")
        response.set_cookie("immich_auth_type", "password", httponly=True, samesite="lax")
        response.set_cookie("immich_is_authenticated", "true", samesite="lax")
        return response

    async def _me(self, _: Request, __: Connection, caller: Caller) -> Response:
        return JSONResponse(admin_answer(caller.user))

    async def _partners(self, request: Request, connection: Connection, caller: Caller) -> Response:
        direction = request.query_params.get("direction")
        if direction not in ("shared-with", "shared-by"):
            raise Refused(400, "Validation failed", errors=[{"path": ["direction"], "code": "invalid_value"}])
        me, other = ("sharedWithId", "sharedById") if direction == "shared-with" else ("sharedById", "sharedWithId")
        rows = await (
            await connection.execute(
                f'select "user".*, "inTimeline" from partner join "user" on "user".id = "{other}" '
                f'where "{me}" = %s and "user"."deletedAt" is null',
                [caller.id],
            )
        ).fetchall()
        return JSONResponse([user_answer(row) | {"inTimeline": row["inTimeline"]} for row in rows])

    async def _albums(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse([])

    async def _people(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse({"people": [], "total": 0, "hidden": 0, "hasNextPage": False})

    async def _tags(self, _: Request, __: Connection, ___: Caller) -> Response:
        return JSONResponse([])

    # Searches.

    async def _smart(self, request: Request, connection: Connection, caller: Caller) -> Response:
        return JSONResponse(await self.searches.smart(connection, caller, await _document(request)))

    async def _metadata(self, request: Request, connection: Connection, caller: Caller) -> Response:
        return JSONResponse(await self.searches.metadata(connection, caller, await _document(request)))

    async def _random(self, request: Request, connection: Connection, caller: Caller) -> Response:
        return JSONResponse(await self.searches.random(connection, caller, await _document(request)))

    async def _statistics(self, request: Request, connection: Connection, caller: Caller) -> Response:
        return JSONResponse(await self.searches.statistics(connection, caller, await _document(request)))

    # Assets.

    async def _readable(self, request: Request, connection: Connection, caller: Caller, permission: str) -> UUID:
        try:
            asset = UUID(request.path_params["id"])
        except ValueError as error:
            raise Refused(400, "Validation failed", errors=[{"path": ["id"], "message": "Invalid UUID"}]) from error
        if not await readable(connection, caller, [asset]):
            raise Refused(400, f"Not found or no {permission} access")
        return asset

    async def _asset(self, request: Request, connection: Connection, caller: Caller) -> Response:
        asset = await self._readable(request, connection, caller, "asset.read")
        statement = f"select asset.*, asset.visibility::text as visibility, {EXIF_COLUMNS} {FROM} where id = %s"
        row = await (await connection.execute(statement, [asset])).fetchone()
        assert row is not None
        owner = await (await connection.execute('select * from "user" where id = %s', [row["ownerId"]])).fetchone()
        assert owner is not None
        answer = asset_answer(row, caller.id, exif=True)
        return JSONResponse(answer | {"owner": user_answer(owner), "stack": None, "tags": []})

    async def _asset_ocr(self, request: Request, connection: Connection, caller: Caller) -> Response:
        asset = await self._readable(request, connection, caller, "asset.read")
        rows = await (await connection.execute('select * from asset_ocr where "assetId" = %s', [asset])).fetchall()
        names = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4", "boxScore", "textScore", "text")
        return JSONResponse([
            {"id": str(row["id"]), "assetId": str(asset)} | {name: row[name] for name in names}
            for row in rows
            if row.get("isVisible", True)
        ])  # fmt: skip

    async def _thumbnail(self, request: Request, connection: Connection, caller: Caller) -> Response:
        asset = await self._readable(request, connection, caller, "asset.view")
        statement = """select path from asset_file where "assetId" = %s and type = 'preview'"""
        row = await (await connection.execute(statement, [asset])).fetchone()
        if row is None or not await asyncio.to_thread(Path(row["path"]).exists):
            raise Refused(404, "Asset media not found")
        headers = {"cache-control": "private, max-age=86400, no-transform"}
        return FileResponse(row["path"], media_type="image/jpeg", headers=headers)

    async def _upload(self, request: Request, connection: Connection, caller: Caller) -> Response:
        size, digest = 0, hashlib.sha1()
        async for chunk in request.stream():
            size += len(chunk)
            digest.update(chunk)
        self.uploaded.append(size)
        return JSONResponse({"id": str(uuid4()), "status": "created"}, status_code=201)

    async def _changeable(
        self, request: Request, connection: Connection, caller: Caller, permission: str
    ) -> tuple[dict[str, Any], list[UUID]]:
        body = await _document(request)
        ids = _uuids(body.get("ids", body.get("assetIds")))
        if await owned(connection, caller, ids) != set(ids):
            raise Refused(400, f"Not found or no {permission} access")
        return body, ids

    async def _update(self, request: Request, connection: Connection, caller: Caller) -> Response:
        body, ids = await self._changeable(request, connection, caller, "asset.update")
        for name, cast in (("visibility", "::asset_visibility_enum"), ("isFavorite", "")):
            if name in body:
                statement = f'update asset set "{name}" = %s{cast} where id = any(%s)'
                await connection.execute(statement, [body[name], ids])
        return Response(status_code=204)

    async def _delete(self, request: Request, connection: Connection, caller: Caller) -> Response:
        body, ids = await self._changeable(request, connection, caller, "asset.delete")
        if body.get("force"):
            await connection.execute("delete from asset where id = any(%s)", [ids])
        else:
            statement = """update asset set "deletedAt" = now(), status = 'trashed' where id = any(%s)"""
            await connection.execute(statement, [ids])
        return Response(status_code=204)

    async def _asset_jobs(self, request: Request, connection: Connection, caller: Caller) -> Response:
        document = await _document(request)
        if document.get("name") not in ASSET_JOBS:
            raise Refused(400, "Validation failed", errors=[{"path": ["name"], "code": "invalid_value"}])
        body, ids = await self._changeable(request, connection, caller, "asset.update")
        self.jobs.append({"name": body["name"], "assetIds": [str(asset) for asset in ids]})
        return Response(status_code=204)

    async def _queue(self, request: Request, connection: Connection, _: Caller) -> Response:
        name, body = request.path_params["name"], await _document(request)
        if name not in QUEUES or body.get("command") != "start":
            raise Refused(400, "Validation failed", errors=[{"path": ["name"], "code": "invalid_value"}])
        if name == "ocr" and body.get("force"):
            await connection.execute("truncate asset_ocr")
            await connection.execute("truncate ocr_search")
        if self.queue_all is not None:
            await self.queue_all(name)
        return JSONResponse({"jobCounts": {"active": 0, "waiting": 0}, "queueStatus": {"isActive": True}})

    # Pages and the web socket.

    async def _other(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/api") or request.method not in ("GET", "HEAD"):
            message = f"Cannot {request.method} {path}"
            return await self._answered(request, lambda: _refuse(Refused(404, message)))
        accepted = request.headers.get("accept", "*/*")
        if not any(kind in accepted for kind in ("text/html", "text/*", "*/*")):
            message = f"The route {path} was requested as {accepted}, but only returns text/html"
            return await self._answered(request, lambda: _refuse(Refused(406, message)))
        self.asked.append(f"{request.method} {path}")
        headers = {"cache-control": "no-store"}
        if self.content_security_policy:
            headers["content-security-policy"] = self.content_security_policy
        page, status = self.page, 200
        if path.startswith(("/share/", "/s/")):
            page, status = await self._shared_page(path)
        return HTMLResponse(page, status_code=status, headers=headers)

    async def _shared_page(self, path: str) -> tuple[str, int]:
        _, kind, key = path.split("/", 2)
        column, value = ("key", bytes.fromhex(key)) if kind == "share" and _is_hex(key) else ("slug", key)
        async with self._pool.connection() as connection:
            statement = f"select * from shared_link where {column} = %s"
            row = await (await connection.execute(statement, [value])).fetchone()
        if row is None:
            return self.page, 404
        tags = '<meta name="description" content="shared" /><meta property="og:type" content="website" />'
        return self.page.replace("<!-- metadata:tags -->", tags), 200

    async def _socket(self, socket: WebSocket) -> None:
        """Engine.IO's hand-shake, Socket.IO's connect, and an echo of what comes after."""
        await socket.accept()
        await socket.send_text("0" + json.dumps({"sid": secrets.token_hex(8), "upgrades": [], "pingInterval": 25000}))
        try:
            while True:
                message = await socket.receive_text()
                await socket.send_text({"2": "3", "40": '40{"sid":"x"}'}.get(message, message))
        except WebSocketDisconnect:
            pass


async def _refuse(refused: Refused) -> Response:
    raise refused


def _is_hex(text: str) -> bool:
    return len(text) == 100 and all(letter in "0123456789abcdef" for letter in text)


async def _document(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Refused(400, f"Unexpected token in JSON: {error}") from error
    if not isinstance(document, dict):
        raise Refused(400, "Validation failed", errors=[{"path": [], "message": "Invalid input: expected object"}])
    return document


def _uuids(values: Any) -> list[UUID]:
    try:
        return [UUID(value) for value in values]
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(400, "Validation failed", errors=[{"path": ["assetIds"]}]) from error


__all__ = ["EXIF", "INDEX_PAGE", "Immich"]
