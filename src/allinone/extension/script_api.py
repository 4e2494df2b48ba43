"""Our script for Immich's page, and what it has to complain about."""

import logging
from typing import Literal

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from allinone.extension.page_script import SCRIPT, SCRIPT_PATH, script_version
from allinone.http.json_body import read_model

ProblemKind = Literal["menu", "search", "explain", "error"]
KINDS: tuple[ProblemKind, ...] = ("menu", "search", "explain", "error")
CONSEQUENCES: dict[ProblemKind, str] = {
    "menu": "the menu of a photo has no entries of ours",
    "search": "photos on the search page are recognised by their pictures only",
    "explain": "the search page does not say why photos were found",
    "error": "a part of it stopped",
}

logger = logging.getLogger(__name__)


class ScriptProblem(BaseModel):
    """What the script found different in Immich's page."""

    model_config = ConfigDict(extra="ignore")

    kind: ProblemKind


def script_routes(registry: CollectorRegistry) -> APIRouter:
    """`/allinone/immich.js`, and the address it reports to. Both are open, as Immich's own scripts are."""
    routes = APIRouter()
    content, version = SCRIPT.read_bytes(), script_version()
    problems = Counter("allinone_script_problems", "Pages our script did not recognise.", ["kind"], registry=registry)
    for kind in KINDS:
        problems.labels(kind)
    logged: set[str] = set()

    @routes.get(SCRIPT_PATH)
    async def script(request: Request) -> Response:
        kept = "public, max-age=31536000, immutable" if request.query_params.get("v") == version else "no-cache"
        headers = {"cache-control": kept, "etag": f'"{version}"', "x-content-type-options": "nosniff"}
        if f'"{version}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)

    @routes.post("/allinone/api/script-problems", status_code=204)
    async def report(request: Request) -> Response:
        body = await read_model(request, ScriptProblem)
        problems.labels(body.kind).inc()
        if body.kind not in logged:
            logged.add(body.kind)
            logger.warning(
                "Immich's page is not as our script knows it (%s): %s. Immich itself is not affected; "
                "look for a newer version of immich-all-in-one.",
                body.kind,
                CONSEQUENCES[body.kind],
            )
        return Response(status_code=204)

    return routes
