"""A site whose page behaves like Immich's, with our script in it, under the strictest policy Immich can have."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from PIL import Image
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from allinone.extension.page_script import PageScript
from allinone.extension.script_api import script_routes

FOLDER = Path(__file__).with_name("immich_page")
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
OWN, OTHERS = "6b1f3f0e-7a53-4c1e-9d57-0d3c52a4f001", "6b1f3f0e-7a53-4c1e-9d57-0d3c52a4f002"
SECOND = "6b1f3f0e-7a53-4c1e-9d57-0d3c52a4f003"
ME = "1b1f3f0e-7a53-4c1e-9d57-0d3c52a4faaa"


@dataclass
class ImmichWeb:
    """What the page is to be like, and what it was asked.

    Attributes:
        language: of Immich's interface.
        icons: whether its menu has the icons we know.
        changed: whether it is a later Immich's, with other roles and names.
        states: what the jobs' state is to be, one after the other; the last one stays.
        refusal: what asking for a job is answered, if it is refused.
    """

    language: str = "en"
    icons: bool = True
    changed: bool = False
    states: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, dict[str, Any]] | None = None
    explain_status: int = 200
    jobs: list[dict[str, Any]] = field(default_factory=list)
    explained: list[dict[str, Any]] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def problems(self, kind: str) -> float | None:
        """How often the script reported this."""
        return self.registry.get_sample_value("allinone_script_problems_total", {"kind": kind})

    def app(self) -> FastAPI:
        """The site."""
        site = FastAPI()
        site.include_router(script_routes(self.registry))
        site.add_api_route("/api/test-config", self._config)
        site.add_api_route("/api/users/me", self._me)
        site.add_api_route("/api/assets/jobs", self._jobs, methods=["POST"])
        site.add_api_route("/api/assets/{asset_id}", self._asset)
        site.add_api_route("/api/assets/{asset_id}/thumbnail", self._thumbnail)
        site.add_api_route("/allinone/api/jobs/{asset_id}", self._state)
        site.add_api_route("/api/search/smart", self._search, methods=["POST"])
        site.add_api_route("/allinone/api/explain", self._explain, methods=["POST"])
        for name in ("app.js", "app.css"):
            site.add_api_route(f"/{name}", self._file(name))
        site.add_api_route("/{path:path}", self._page)
        site.add_middleware(PageScript, registry=self.registry)
        return site

    def _file(self, name: str) -> Any:
        async def answer() -> Response:
            return FileResponse(FOLDER / name)

        return answer

    async def _page(self, path: str) -> Response:
        headers = {"cache-control": "no-store", "content-security-policy": POLICY}
        return FileResponse(FOLDER / "index.html", headers=headers)

    async def _config(self) -> JSONResponse:
        return JSONResponse(
            {"language": self.language, "icons": self.icons, "changed": self.changed, "owned": [OWN, SECOND]}
        )

    async def _me(self) -> JSONResponse:
        return JSONResponse({"id": ME})

    async def _asset(self, asset_id: str) -> JSONResponse:
        return JSONResponse({"id": asset_id, "ownerId": "another" if asset_id == OTHERS else ME})

    async def _thumbnail(self, asset_id: str) -> Response:
        picture = io.BytesIO()
        Image.new("RGB", (235, 160), (90, 120, int(asset_id[-1], 16) * 15)).save(picture, "PNG")
        return Response(picture.getvalue(), media_type="image/png")

    async def _jobs(self, request: Request) -> Response:
        self.jobs.append(await request.json())
        if self.refusal:
            return JSONResponse(self.refusal[1], self.refusal[0])
        return Response(status_code=204)

    async def _state(self, asset_id: str) -> JSONResponse:
        nothing: dict[str, Any] = {"assetId": asset_id, "ocr": None, "clip": None}
        if not self.jobs:
            return JSONResponse(nothing)
        return JSONResponse(nothing | (self.states.pop(0) if len(self.states) > 1 else self.states[0]))

    async def _search(self) -> JSONResponse:
        items = [{"id": each} for each in (OWN, OTHERS, SECOND)]
        return JSONResponse({"assets": {"items": items}})

    async def _explain(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.explained.append(body)
        lines = [{"text": "𠮷野家 統一發票<b>", "spans": [[6, 8]], "box": [0] * 8, "textScore": 0.9}]
        text = {"score": 1.0, "kind": "phrase", "lines": lines}
        pages = {
            1: [{"assetId": OWN, "text": text, "clip": None}],
            2: [{"assetId": OTHERS, "text": None, "clip": {"similarity": 0.3, "z": 4.1}}],
        }
        answer = {"hits": pages[body["page"]], "nextPage": "2" if body["page"] == 1 else None, "notice": None}
        return JSONResponse(answer, self.explain_status)
