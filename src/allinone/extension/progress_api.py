"""How far the folder has been read, and what in it cannot be."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from allinone.extension.asset_answers import moment
from allinone.extension.services import Services

_FRESH = {"cache-control": "no-store"}


def progress_routes(services: Services) -> APIRouter:
    """`/allinone/api/progress` and `/allinone/api/failures`."""
    routes = APIRouter(prefix="/allinone/api")

    @routes.get("/progress")
    async def progress() -> JSONResponse:
        now = await services.library.progress(services.library_id)
        content = {
            "total": now.total,
            "done": now.done,
            "failed": now.failed,
            "waiting": now.waiting,
            "scanning": now.scanning,
            "files": now.files,
            "notice": now.notice,
            "notices": [notice.message for notice in services.notices],
        }
        return JSONResponse(content, headers=_FRESH)

    @routes.get("/failures")
    async def failures(
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> JSONResponse:
        found = await services.library.failures(services.library_id, offset=offset, limit=limit)
        items = [{"path": one.path, "reason": one.reason, "since": moment(one.since)} for one in found]
        return JSONResponse({"items": items}, headers=_FRESH)

    return routes
