"""One photo: what is known of it, its pictures, its text, its file."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import UUID4
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from allinone.errors import NotFound
from allinone.extension.asset_access import find_asset
from allinone.extension.asset_answers import asset_answer, ocr_answer
from allinone.extension.services import Services
from allinone.images.formats import HEAD_BYTES, identify
from allinone.library.store import LibraryAsset

# Opened in a tab of its own, a file may show itself and nothing else.
_PICTURE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox; frame-ancestors 'self'"
_PICTURE_SECONDS = 24 * 3600

ThumbnailSize = Literal["preview", "thumbnail", "fullsize"]


def asset_routes(services: Services) -> APIRouter:
    """`/api/assets/{id}` and below, as Immich has them."""
    routes = APIRouter(prefix="/api/assets/{asset_id}")

    @routes.get("")
    async def asset(asset_id: UUID4) -> JSONResponse:
        answer = asset_answer(await find_asset(services, asset_id, "asset.read"), with_exif=True)
        return JSONResponse(answer.model_dump(mode="json", exclude_unset=True))

    @routes.get("/ocr")
    async def text(asset_id: UUID4) -> JSONResponse:
        await find_asset(services, asset_id, "asset.read")
        lines = ocr_answer(asset_id, await services.index.lines(asset_id))
        return JSONResponse([line.model_dump(mode="json") for line in lines])

    @routes.api_route("/thumbnail", methods=["GET", "HEAD"])
    async def thumbnail(request: Request, asset_id: UUID4, size: ThumbnailSize = "thumbnail") -> Response:
        found = await find_asset(services, asset_id, "asset.view")
        wanted: Literal["preview", "thumbnail"] = "thumbnail" if size == "thumbnail" else "preview"
        path = await services.library.thumbnail_path(asset_id, wanted)
        etag = _etag(found, wanted)
        media_type = "image/webp" if path.suffix == ".webp" else "image/jpeg"
        return await _file_answer(request, path, etag=etag, media_type=media_type)

    @routes.api_route("/original", methods=["GET", "HEAD"])
    async def original(request: Request, asset_id: UUID4) -> Response:
        found = await find_asset(services, asset_id, "asset.download")
        return await _file_answer(
            request,
            found.path,
            etag=_etag(found, "original"),
            media_type=await _media_type(found),
            name=found.file_name,
        )

    return routes


async def _media_type(asset: LibraryAsset) -> str:
    """What the file is now, by its content: a link may have been made to lead anywhere since it was indexed.

    Raises:
        NotFound: it has gone, or is no photo or video any more.
    """

    def head() -> bytes:
        with asset.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    try:
        media_type = identify(await asyncio.to_thread(head))
    except OSError as error:
        message = f"{asset.file_name} is not there at the moment."
        raise NotFound(message) from error
    if media_type is None:
        message = f"{asset.file_name} is not a photo or video any more."
        raise NotFound(message)
    return media_type


def _etag(asset: LibraryAsset, what: str) -> str:
    """Changes with the content only; the same content has the same pictures."""
    return f'"{asset.checksum.hex()}-{what}"'


async def _file_answer(
    request: Request, path: Path, *, etag: str, media_type: str, name: str | None = None
) -> Response:
    headers = {"etag": etag, "cache-control": f"private, max-age={_PICTURE_SECONDS}, no-transform"}
    if etag in {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        status = await asyncio.to_thread(path.stat)
    except OSError as error:
        message = "The file has just gone."
        raise NotFound(message) from error
    return FileResponse(
        path,
        headers=headers | {"content-security-policy": _PICTURE_POLICY},
        media_type=media_type,
        filename=name,
        stat_result=status,
        content_disposition_type="inline",
    )
