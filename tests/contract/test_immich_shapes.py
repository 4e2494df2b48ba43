"""Every answer that imitates Immich has exactly the fields and types of v3.1.0, written down here once more by hand.

The answers are checked as JSON, not through the models that made them, so that a mistake in those is found.
"""

import re
from uuid import UUID

import pytest

from support.extension_site import ExtensionSite

NULL = type(None)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

ASSET = {
    "id": "uuid", "type": str, "thumbhash": (str, NULL), "localDateTime": "moment", "duration": (int, NULL),
    "hasMetadata": bool, "width": (int, NULL), "height": (int, NULL), "createdAt": "moment", "ownerId": "uuid",
    "originalPath": str, "originalFileName": str, "fileCreatedAt": "moment", "fileModifiedAt": "moment",
    "updatedAt": "moment", "isFavorite": bool, "isArchived": bool, "isTrashed": bool, "isOffline": bool,
    "visibility": str, "checksum": str, "isEdited": bool,
}  # fmt: skip
ASSET_OPTIONAL = {
    "originalMimeType": str, "livePhotoVideoId": ("uuid", NULL), "libraryId": ("uuid", NULL), "exifInfo": dict,
    "tags": list, "people": list, "stack": (dict, NULL), "duplicateId": ("uuid", NULL), "resized": bool,
    "owner": dict,
}  # fmt: skip
EXIF = {
    "make": (str, NULL), "model": (str, NULL), "exifImageWidth": (int, NULL), "exifImageHeight": (int, NULL),
    "fileSizeInByte": (int, NULL), "orientation": (str, NULL), "dateTimeOriginal": ("moment", NULL),
    "modifyDate": ("moment", NULL), "timeZone": (str, NULL), "lensModel": (str, NULL), "fNumber": (float, NULL),
    "focalLength": (float, NULL), "iso": (int, NULL), "exposureTime": (str, NULL), "latitude": (float, NULL),
    "longitude": (float, NULL), "city": (str, NULL), "state": (str, NULL), "country": (str, NULL),
    "description": (str, NULL), "projectionType": (str, NULL), "rating": (int, NULL),
}  # fmt: skip
OCR = {
    "id": "uuid", "assetId": "uuid", "text": str, "boxScore": float, "textScore": float, "x1": float, "y1": float,
    "x2": float, "y2": float, "x3": float, "y3": float, "x4": float, "y4": float,
}  # fmt: skip
SEARCH_ALBUMS = {"total": int, "count": int, "items": list, "facets": list}
SEARCH_ASSETS = {"total": int, "count": int, "items": list, "facets": list, "nextPage": (str, NULL)}
ERROR = {"message": (str, list), "error": str, "statusCode": int, "correlationId": "uuid"}


def fits(value, kind):
    if isinstance(kind, tuple):
        return any(fits(value, one) for one in kind)
    if kind == "uuid":
        return isinstance(value, str) and str(UUID(value)) == value and UUID(value).version == 4
    if kind == "moment":
        return isinstance(value, str) and MOMENT.fullmatch(value) is not None
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def check(value, shape, optional=None):
    known = shape | (optional or {})
    assert set(shape) <= set(value), f"missing: {set(shape) - set(value)}"
    assert set(value) <= set(known), f"not Immich's: {set(value) - set(known)}"
    for name, kind in known.items():
        if name in value:
            assert fits(value[name], kind), f"{name} is {value[name]!r}"


def check_asset(value, *, with_exif):
    check(value, ASSET, ASSET_OPTIONAL)
    assert value["type"] in ("IMAGE", "VIDEO", "AUDIO", "OTHER")
    assert value["visibility"] in ("archive", "timeline", "hidden", "locked")
    assert ("exifInfo" in value) is with_exif
    if with_exif:
        check(value["exifInfo"], EXIF)


@pytest.fixture
async def site(dsn, tmp_path):
    site = ExtensionSite(dsn, tmp_path)
    await site.open()
    return site


async def test_assets_and_their_text(site):
    photos = [await site.add("a.jpg", ["發票", "560"]), await site.add("b.mp4", ["發票"], kind="VIDEO", make="Kestrel")]
    async with site.client() as client:
        for photo in photos:
            check_asset((await client.get(f"/api/assets/{photo}")).json(), with_exif=True)
            lines = (await client.get(f"/api/assets/{photo}/ocr")).json()
            assert lines
            for line in lines:
                check(line, OCR)
                assert line["assetId"] == str(photo)
        video = (await client.get(f"/api/assets/{photos[1]}")).json()
    assert (video["type"], video["duration"], video["originalMimeType"]) == ("VIDEO", 1500, "video/mp4")


async def test_searches(site):
    for number in range(3):
        await site.add(f"{number}.jpg", ["發票"])
    bodies = {
        "/api/search/smart": {"query": "ocr:發票"},
        "/api/search/ocr": {"ocr": "發票"},
        "/api/search/metadata": {"originalFileName": "jpg"},
    }
    async with site.client() as client:
        for path, body in bodies.items():
            for with_exif in (True, False):
                answer = (await client.post(path, json=body | {"withExif": with_exif, "size": 2})).json()
                assert set(answer) == {"albums", "assets"}
                check(answer["albums"], SEARCH_ALBUMS)
                check(answer["assets"], SEARCH_ASSETS)
                assert answer["assets"]["nextPage"] == "2"
                assert answer["assets"]["total"] == answer["assets"]["count"] == len(answer["assets"]["items"]) == 2
                for item in answer["assets"]["items"]:
                    check_asset(item, with_exif=with_exif)


async def test_errors(site):
    async with site.client() as client:
        answers = [
            await client.post("/api/search/smart", json={}),
            await client.post("/api/search/smart", json={"query": "x", "size": "many", "page": 0}),
            await client.post("/api/assets/jobs", json={"name": "transcode-video", "assetIds": []}),
            await client.get("/api/assets/7d0c5c8f-5b1e-4a0e-9b56-0d1f4f0a8a11"),
            await client.get("/api/nothing"),
        ]
    for answer in answers:
        check(answer.json(), ERROR)
        assert answer.json()["statusCode"] == answer.status_code
    assert len(answers[1].json()["message"]) == 2


def test_the_check_itself_finds_mistakes():
    good = dict.fromkeys(("total", "count"), 0) | {"items": [], "facets": []}
    check(good, SEARCH_ALBUMS)
    for bad in (good | {"more": 1}, good | {"total": True}, {"total": 0}):
        with pytest.raises(AssertionError):
            check(bad, SEARCH_ALBUMS)
    assert not fits("00000000-0000-0000-0000-000000000000", "uuid")
    assert not fits("2024-01-01T00:00:00+00:00", "moment")
