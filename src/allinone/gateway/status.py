"""What the gateway is doing, for people and as JSON."""

import string
from html import escape
from importlib import resources

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from allinone.gateway.gateway import Gateway
from allinone.gateway.members.member import Member, clock

_NO_STORE = {"cache-control": "no-store"}
_CSP = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


def status_routes(gateway: Gateway) -> APIRouter:
    """`/`: a page for browsers, a greeting for programs. `/status`: the same figures as JSON."""
    routes = APIRouter()
    page = string.Template(resources.files("allinone.gateway").joinpath("status.html").read_text("utf-8"))
    begun = clock()

    @routes.get("/status")
    async def status() -> JSONResponse:
        return JSONResponse(_status(gateway, clock() - begun), headers=_NO_STORE)

    @routes.get("/")
    async def root(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"message": "immich-all-in-one gateway"})
        figures = _status(gateway, clock() - begun)
        return HTMLResponse(page.substitute(_page(gateway, figures)), headers=_NO_STORE | _CSP)

    return routes


def _status(gateway: Gateway, uptime: float) -> dict[str, object]:
    return {
        "uptimeSeconds": round(uptime),
        "answered": gateway.metrics.answered,
        "failed": gateway.metrics.failed,
        "perSecond": round(gateway.metrics.answered / max(1.0, uptime), 2),
        "waiting": gateway.pool.waiting,
        "requestBytes": gateway.memory.used,
        "routes": {task: list(rule) for task, rule in gateway.settings.table.rules.items()},
        "backends": [_backend(member) for member in gateway.members],
    }


def _backend(member: Member) -> dict[str, object]:
    return {
        "name": member.spec.name,
        "kind": member.spec.kind,
        "place": member.spec.place,
        "state": member.health.state,
        "reason": member.health.reason,
        "notice": member.notice,
        "outstanding": member.outstanding,
        "limit": member.spec.limit,
        "weight": member.spec.weight,
        "answered": member.answered,
        "failed": member.failed,
        "clipDimension": member.dimension,
    }


def _page(gateway: Gateway, figures: dict[str, object]) -> dict[str, str]:
    rows = "".join(_row(member) for member in gateway.members)
    routes = "".join(
        f"<tr><td>{escape(task)}</td><td>{escape(', '.join(rule))}</td></tr>"
        for task, rule in gateway.settings.table.rules.items()
    )
    names = ("uptimeSeconds", "answered", "failed", "perSecond", "waiting", "requestBytes")
    return {"rows": rows, "routes": routes, **{name: escape(str(figures[name])) for name in names}}


def _row(member: Member) -> str:
    spec, health = member.spec, member.health
    remarks = "; ".join(part for part in (member.notice, health.reason) if part)
    cells = (
        spec.name,
        f"{spec.kind} {spec.place}",
        health.state,
        f"{member.outstanding} / {spec.limit}",
        f"{member.answered:,}",
        f"{member.failed:,}",
        remarks,
    )
    return f'<tr class="{health.state}">' + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
