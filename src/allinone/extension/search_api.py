"""Immich's search endpoints over a folder, and why each photo was found."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from allinone.errors import InvalidRequest
from allinone.extension.asset_access import find_asset
from allinone.extension.asset_answers import asset_answer
from allinone.extension.photo_search import PhotoHit, PhotoPage, PhotoQuery
from allinone.extension.search_filters import asset_filters
from allinone.extension.services import Services
from allinone.http.json_body import read_model
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryAsset
from allinone.search.index import TextMatch
from allinone.wire.search_answer import (
    ExplainedHit,
    ExplainedLine,
    ExplainedPicture,
    ExplainedText,
    Explanation,
    SearchAlbums,
    SearchAnswer,
    SearchAssets,
)
from allinone.wire.search_request import (
    MetadataSearchRequest,
    OcrSearchRequest,
    SearchFilters,
    SmartSearchRequest,
)

SMART_SIZE = 100
METADATA_SIZE = 250
NOTICE_HEADER = "x-allinone-notice"


def search_routes(services: Services) -> APIRouter:
    """`/api/search/smart`, `/ocr` and `/metadata`, and `/allinone/api/explain`."""
    routes = APIRouter()

    @routes.post("/api/search/smart")
    async def smart(request: Request) -> JSONResponse:
        body = await read_model(request, SmartSearchRequest)
        return _page_answer(await _smart_page(services, body, details=False), body)

    @routes.post("/api/search/ocr")
    async def ocr(request: Request) -> JSONResponse:
        body = await read_model(request, OcrSearchRequest)
        if not (body.ocr and body.ocr.strip()):
            message = "`ocr` must be set: the text to look for"
            raise InvalidRequest(message)
        query = PhotoQuery(
            filters=asset_filters(services.library_id, body),
            text=body.ocr,
            text_only=True,
            page=body.page or 1,
            size=body.size or SMART_SIZE,
            details=False,
        )
        return _page_answer(await services.photo_search.search(query), body)

    @routes.post("/api/search/metadata")
    async def metadata(request: Request) -> JSONResponse:
        body = await read_model(request, MetadataSearchRequest)
        return await _metadata_answer(services, body)

    @routes.post("/allinone/api/explain")
    async def explain(request: Request) -> JSONResponse:
        body = await read_model(request, SmartSearchRequest)
        page = await _smart_page(services, body, details=True)
        answer = Explanation(
            hits=[_explained(hit) for hit in page.hits],
            nextPage=str(page.next_page) if page.next_page else None,
            notice=page.notice.message if page.notice else None,
        )
        return JSONResponse(answer.model_dump(mode="json"))

    return routes


async def _smart_page(services: Services, body: SmartSearchRequest, *, details: bool) -> PhotoPage:
    if not body.query and body.queryAssetId is None:
        message = "Either `query` or `queryAssetId` must be set"
        raise InvalidRequest(message)
    filters = asset_filters(services.library_id, body)
    if not body.query and body.queryAssetId is not None:
        await find_asset(services, body.queryAssetId, "asset.read")
    query = PhotoQuery(
        filters=filters,
        text=body.query or "",
        like=None if body.query else body.queryAssetId,
        containing=body.ocr or "",
        page=body.page or 1,
        size=body.size or SMART_SIZE,
        details=details,
    )
    page = await services.photo_search.search(query)
    if query.like is not None and page.notice is not None:
        message = f"Asset {query.like} has no embedding. {page.notice.message}"
        raise InvalidRequest(message)
    return page


async def _metadata_answer(services: Services, body: MetadataSearchRequest) -> JSONResponse:
    filters = asset_filters(services.library_id, body)
    page, size = body.page or 1, body.size or METADATA_SIZE
    if body.ocr and body.ocr.strip():
        query = PhotoQuery(filters, body.ocr, text_only=True, page=page, size=size, details=False)
        return _page_answer(await services.photo_search.search(query), body)
    if body.order == "asc":
        message = "order asc is not understood when searching a folder without Immich"
        raise InvalidRequest(message)
    found = await _newest(services, filters, page, size)
    more = len(found) > size
    return _assets_answer(found[:size], page + 1 if more else None, body)


async def _newest(services: Services, filters: AssetFilters, page: int, size: int) -> list[LibraryAsset]:
    return await services.library.page(filters, offset=(page - 1) * size, limit=size + 1)


def _page_answer(page: PhotoPage, body: SearchFilters) -> JSONResponse:
    answer = _assets_answer([hit.asset for hit in page.hits], page.next_page, body)
    if page.notice:
        answer.headers[NOTICE_HEADER] = page.notice.value
    return answer


def _assets_answer(assets: Sequence[LibraryAsset], next_page: int | None, body: SearchFilters) -> JSONResponse:
    items = [asset_answer(asset, with_exif=body.withExif is True) for asset in assets]
    answer = SearchAnswer(
        albums=SearchAlbums(total=0, count=0, items=[], facets=[]),
        assets=SearchAssets(
            total=len(items),
            count=len(items),
            items=items,
            facets=[],
            nextPage=str(next_page) if next_page else None,
        ),
    )
    return JSONResponse(answer.model_dump(mode="json", exclude_unset=True))


def _explained(hit: PhotoHit) -> ExplainedHit:
    return ExplainedHit(
        assetId=hit.asset.id,
        path=hit.asset.shown_path,
        score=hit.score,
        text=_explained_text(hit.text) if hit.text else None,
        clip=ExplainedPicture(similarity=hit.clip.similarity, z=hit.clip.z) if hit.clip else None,
    )


def _explained_text(match: TextMatch) -> ExplainedText:
    lines = [
        ExplainedLine(text=line.text, box=list(line.box), textScore=line.text_score, spans=list(line.spans))
        for line in match.lines
    ]
    return ExplainedText(score=match.score, kind=match.kind, lines=lines)
