"""Immich's search endpoints, answered by Immich and our index together, and why each photo was found."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from allinone.errors import AllInOneError, InvalidRequest
from allinone.extension.immich_body import SearchBody, ocr_body, smart_body
from allinone.extension.immich_page import ImmichPage
from allinone.extension.immich_pass_through import pass_on, replied
from allinone.extension.immich_search import ImmichSearch
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.http.json_body import BodyTooLarge
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.search.hits import Hit, Ranking, TextMatch
from allinone.search.index import SearchIndex

NOTICE_HEADER = "x-allinone-notice"
MOST_BYTES = 1024 * 1024


class ImmichSearchEndpoints:
    """`/api/search/smart`, `/api/search/ocr` and `/allinone/api/explain`."""

    def __init__(
        self, search: ImmichSearch, client: ImmichClient, index: SearchIndex, metrics: ImmichSearchMetrics
    ) -> None:
        self._search = search
        self._client = client
        self._index = index
        self._metrics = metrics

    def routes(self) -> APIRouter:
        """All three."""
        routes = APIRouter()
        for path, endpoint in (
            ("/api/search/smart", self.smart),
            ("/api/search/ocr", self.ocr),
            ("/allinone/api/explain", self.explain),
        ):
            routes.add_api_route(path, endpoint, methods=["POST"], response_model=None)
        return routes

    async def smart(self, request: Request) -> Response:
        """Immich's smart search, with the text in photos; Immich itself answers what we do not understand."""
        raw = await read_bounded(request)
        body = smart_body(raw)
        outcome = await self._timed(body, credentials_of(request)) if body is not None else None
        return await pass_on(self._client, request, raw) if outcome is None else _response(outcome)

    async def ocr(self, request: Request) -> Response:
        """By the text in photos alone."""
        body = ocr_body(await read_bounded(request))
        if not isinstance(body, SearchBody):
            message = "`ocr` must be set: the text to look for. `page` and `size` are whole numbers from 1."
            raise InvalidRequest(message)
        outcome = await self._timed(body, credentials_of(request))
        assert outcome is not None  # noqa: S101 — there is no such request of Immich's to hand on
        return _response(outcome)

    async def explain(self, request: Request) -> Response:
        """Why each photo of a page is there."""
        body = smart_body(await read_bounded(request))
        if body is None:
            message = "`query` must be set: what to look for. `page` and `size` are whole numbers from 1."
            raise InvalidRequest(message)
        outcome = await self._search.search(body, credentials_of(request))
        if isinstance(outcome, Reply):
            return replied(outcome)
        if outcome is None:
            return JSONResponse({"hits": [], "nextPage": None, "notice": None})
        return JSONResponse(await _explanation(self._index, body, outcome))

    async def _timed(self, body: SearchBody, credentials: Credentials) -> ImmichPage | Reply | None:
        begun = time.perf_counter()
        outcome = await self._search.search(body, credentials)
        ranked = isinstance(outcome, ImmichPage) and bool(outcome.hits)
        self._metrics.seconds.labels("ranked" if ranked else "immich").observe(time.perf_counter() - begun)
        return outcome


def credentials_of(request: Request) -> Credentials:
    """Those of a request."""
    return Credentials.of(dict(request.headers), request.query_params.multi_items())


async def read_bounded(request: Request) -> bytes:
    """The body of a request.

    Raises:
        BodyTooLarge: it has more than `MOST_BYTES`.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            message = f"The body is larger than {MOST_BYTES} bytes, which is the limit here."
            raise BodyTooLarge(message)
        parts.append(part)
    return b"".join(parts)


def _response(outcome: ImmichPage | Reply) -> Response:
    if isinstance(outcome, Reply):
        return replied(outcome)
    response = JSONResponse(outcome.document())
    if outcome.notice:
        response.headers[NOTICE_HEADER] = outcome.notice
    return response


async def _explanation(index: SearchIndex, body: SearchBody, page: ImmichPage) -> dict[str, Any]:
    ids = [hit.asset_id for hit in page.hits]
    ranking = Ranking(body.query, page.shelves, page.hits)
    try:
        explained = {hit.asset_id: hit for hit in await index.explain(ranking, ids)}
    except AllInOneError:
        explained = {}
    items = {str(item["id"]): item for item in page.items}
    return {
        "hits": [
            _explained(items[str(hit.asset_id)], hit.score, explained.get(hit.asset_id))
            for hit in page.hits
            if str(hit.asset_id) in items
        ],
        "nextPage": str(page.next_page) if page.next_page else None,
        "notice": page.notice,
    }


def _explained(item: Mapping[str, Any], score: float, hit: Hit | None) -> dict[str, Any]:
    return {
        "assetId": item["id"],
        "ownerId": item.get("ownerId"),
        "path": item.get("originalFileName", ""),
        "score": score,
        "text": _text(hit.text) if hit is not None and hit.text is not None else None,
        "clip": {"similarity": hit.clip.similarity, "z": hit.clip.z} if hit is not None and hit.clip else None,
    }


def _text(match: TextMatch) -> dict[str, Any]:
    return {
        "score": match.score,
        "kind": match.kind,
        "lines": [
            {
                "text": line.text,
                "box": list(line.box),
                "textScore": line.text_score,
                "spans": [list(span) for span in line.spans],
            }
            for line in match.lines
        ],
    }
