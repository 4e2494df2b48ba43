"""Read one photo again: its text, or its CLIP vector."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import UUID4
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from allinone.errors import InvalidRequest
from allinone.extension.asset_access import find_asset, require_assets
from allinone.extension.asset_answers import moment
from allinone.extension.photo_search import Notice
from allinone.extension.services import Services
from allinone.http.json_body import read_model
from allinone.library.store import Refresh, RefreshState
from allinone.wire.asset_jobs import AssetJobsRequest, JobName

_REFRESHES: dict[JobName, Refresh] = {"refresh-ocr": "ocr", "refresh-smart-search": "clip"}


def job_routes(services: Services) -> APIRouter:
    """`POST /api/assets/jobs` as Immich has it, and where such a job stands."""
    routes = APIRouter()

    @routes.post("/api/assets/jobs")
    async def create(request: Request) -> Response:
        body = await read_model(request, AssetJobsRequest)
        ids = list(dict.fromkeys(body.assetIds))
        await require_assets(services, ids, "asset.update")
        if body.name == "refresh-smart-search" and services.encoder is None:
            raise InvalidRequest(Notice.NO_CLIP_MODEL.message)
        await services.library.request_refresh(ids, _REFRESHES[body.name])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @routes.get("/allinone/api/jobs/{asset_id}")
    async def state(asset_id: UUID4) -> JSONResponse:
        await find_asset(services, asset_id, "asset.read")
        states = await services.library.refresh_states(asset_id)
        content: dict[str, Any] = {"assetId": str(asset_id), "ocr": None, "clip": None}
        content |= {what: _state_answer(state) for what, state in states.items()}
        return JSONResponse(content, headers={"cache-control": "no-store"})

    return routes


def _state_answer(state: RefreshState) -> dict[str, Any]:
    return {
        "state": state.state,
        "requestedAt": moment(state.requested_at),
        "finishedAt": moment(state.finished_at) if state.finished_at else None,
        "message": state.message,
    }
