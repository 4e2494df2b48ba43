"""Immich's jobs on single assets, with two more: what Immich itself does only for all assets at once."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from prometheus_client import Counter
from pydantic import UUID4
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from allinone.errors import InvalidRequest
from allinone.extension.asset_answers import moment
from allinone.extension.immich_pass_through import pass_on, replied
from allinone.extension.immich_services import ImmichServices
from allinone.extension.refresh_requests import RefreshRequests, RefreshState
from allinone.http.json_body import BodyTooLarge
from allinone.immich.asset_rows import AssetRowsReader
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.immich.job_queue import ImmichQueues, Refresh

PATH = "/api/assets/jobs"
REFRESHES: dict[str, Refresh] = {"refresh-ocr": "ocr", "refresh-smart-search": "clip"}
IMMICHS_NAME = "refresh-metadata"  # a job of Immich's own, to ask what it would say
MOST_ASSETS = 10_000
MOST_BYTES = 4 * 1024 * 1024
CHECKS_AT_ONCE = 16
SHOWN_REFUSED = 20
_UUID4 = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")


class Refused(Exception):
    """Immich's own answer is the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class ImmichJobs:
    """Jobs for whoever may have them."""

    def __init__(self, services: ImmichServices) -> None:
        self._client = services.client
        self._queues = ImmichQueues(services.settings)
        self._rows = AssetRowsReader(services.settings.dsn)
        self.requests = RefreshRequests(self._queues, self._rows)
        self._added = Counter(
            "allinone_refresh_jobs", "Jobs added to Immich's queues.", ["what"], registry=services.registry
        )

    @asynccontextmanager
    async def opened(self, _: object = None) -> AsyncIterator[None]:
        """Close connections at the end of the block."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._queues.opened())
            await stack.enter_async_context(self._rows.opened())
            yield

    async def request(self, what: Refresh, assets: Sequence[UUID]) -> None:
        """Have Immich read assets anew that the asker was found to own.

        Raises:
            BackendFailed, DatabaseUnavailable: see `RefreshRequests.request`.
        """
        self._added.labels(what).inc(await self.requests.request(what, assets))

    async def create(self, request: Request) -> Response:
        """`POST /api/assets/jobs`: our two names; Immich answers every other one, and every mistake."""
        raw = await _body(request)
        document = _object(raw)
        what = REFRESHES.get(str(document.get("name"))) if document else None
        if document is None or what is None:
            return await pass_on(self._client, request, raw)
        credentials = Credentials.of(request.headers, request.query_params.multi_items())
        assets = _assets(document.get("assetIds"))
        if assets is None:
            return replied(await self._client.post(PATH, credentials, {**document, "name": IMMICHS_NAME}))
        try:
            await self._check(assets, credentials)
        except Refused as refused:
            return replied(refused.reply)
        await self.request(what, assets)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _check(self, assets: Sequence[UUID], credentials: Credentials) -> None:
        """These credentials may start jobs, and all `assets` are their user's.

        Raises:
            Refused: they may not, or one is not.
        """
        allowed = await self._client.post(PATH, credentials, _job([]))
        if allowed.status != HTTPStatus.NO_CONTENT:
            raise Refused(allowed)
        refused = await not_owned(self._client, assets, credentials)
        if refused:
            # Immich checks all before it begins with one, so asking about these starts nothing.
            answer = await self._client.post(PATH, credentials, _job(refused[:SHOWN_REFUSED]))
            if answer.status != HTTPStatus.NO_CONTENT:
                raise Refused(answer)

    async def state(self, asset_id: UUID, request: Request) -> Response:
        """`GET /allinone/api/jobs/{id}`: how the last requests for an asset stand."""
        credentials = Credentials.of(request.headers, request.query_params.multi_items())
        seen = await self._client.readable(asset_id, credentials)
        if not seen.ok:
            return replied(seen)
        states = await self.requests.states(asset_id)
        content: dict[str, Any] = {"assetId": str(asset_id), "ocr": None, "clip": None}
        content |= {what: state_answer(state) for what, state in states.items()}
        return JSONResponse(content, headers={"cache-control": "no-store"})


def immich_job_routes(jobs: ImmichJobs) -> APIRouter:
    """`POST /api/assets/jobs`, and how they stand."""
    routes = APIRouter(lifespan=jobs.opened)
    routes.add_api_route(PATH, jobs.create, methods=["POST"])

    @routes.get("/allinone/api/jobs/{asset_id}")
    async def state(asset_id: UUID4, request: Request) -> Response:
        return await jobs.state(asset_id, request)

    return routes


def state_answer(state: RefreshState) -> dict[str, Any]:
    """A state as JSON."""
    return {
        "state": state.state,
        "requestedAt": moment(state.requested_at),
        "finishedAt": moment(state.finished_at) if state.finished_at else None,
        "message": state.message,
        "changed": state.changed,
    }


async def not_owned(client: ImmichClient, assets: Sequence[UUID], credentials: Credentials) -> list[str]:
    """Those of `assets` that Immich does not show to these credentials, or shows as another user's.

    Raises:
        Refused: Immich says that these credentials may not ask.
    """
    if not assets:
        return []
    me = await client.get("/api/users/me", credentials)
    if not me.ok:
        raise Refused(me)
    user = me.document().get("id")
    places = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def is_owned(asset: UUID) -> bool:
        async with places:
            reply = await client.readable(asset, credentials)
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
            return False
        if not reply.ok:
            raise Refused(reply)
        return bool(reply.document().get("ownerId") == user)

    try:
        async with asyncio.TaskGroup() as tasks:
            checks = {asset: tasks.create_task(is_owned(asset)) for asset in dict.fromkeys(assets)}
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [str(asset) for asset, check in checks.items() if not check.result()]


def _job(assets: Sequence[str]) -> dict[str, Any]:
    return {"name": IMMICHS_NAME, "assetIds": list(assets)}


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MOST_BYTES:
            message = f"The body is larger than {MOST_BYTES} bytes, which is the limit here."
            raise BodyTooLarge(message)
    return bytes(parts)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _assets(values: object) -> list[UUID] | None:
    """Immich's own rule: a list of UUIDs of version 4. None for anything else."""
    if not isinstance(values, list):
        return None
    if not all(isinstance(value, str) and _UUID4.fullmatch(value) for value in values):
        return None
    if len(values) > MOST_ASSETS:
        message = f"At most {MOST_ASSETS} assets at a time, please."
        raise InvalidRequest(message)
    return [UUID(value) for value in values]
