"""What our services rely on in Immich's API: held by the stand-in, and by a real Immich where one is given.

With ALLINONE_TEST_IMMICH_URL (and ALLINONE_TEST_IMMICH_KEY, an administrator's API key with all permissions, of a
library with at least three photos that smart search knows) the same tests ask that one.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from tests.support.immich.site import ImmichSite


@dataclass
class Target:
    """An Immich, and a key to it."""

    url: str
    key: str

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """As the key's owner."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"x-api-key": self.key, "content-type": "application/json"} | headers
        return httpx.post(self.url + path, content=content, headers=sent, timeout=60)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """As the key's owner."""
        return httpx.get(self.url + path, headers={"x-api-key": self.key} | headers, timeout=60)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    real = os.environ.get("ALLINONE_TEST_IMMICH_URL")
    if real:
        yield Target(real.rstrip("/"), os.environ["ALLINONE_TEST_IMMICH_KEY"])
        return
    site: ImmichSite = request.getfixturevalue("immich_site")
    anna = site.rows.add_user("anna", admin=True)
    for number in range(5):
        site.rows.add_asset(anna, [f"receipt {number}"], shows="receipt table" if number % 2 else "beach sun")
    yield Target(site.url, anna.api_key)


ASSET_FIELDS = {
    "id", "createdAt", "ownerId", "type", "originalPath", "originalFileName", "thumbhash", "fileCreatedAt",
    "fileModifiedAt", "localDateTime", "updatedAt", "isFavorite", "isArchived", "isTrashed", "visibility", "duration",
    "checksum", "isOffline", "hasMetadata",
}  # fmt: skip


def test_search_answers_have_the_known_shape(target: Target) -> None:
    for path, body in (("smart", {"query": "receipt"}), ("metadata", {})):
        answer = target.post(f"/api/search/{path}", {**body, "withExif": True, "size": 2})
        assert answer.status_code == 200
        document = answer.json()
        assert document["albums"] == {"total": 0, "count": 0, "items": [], "facets": []}
        assets = document["assets"]
        assert {"total", "count", "items", "facets", "nextPage"} <= set(assets)
        assert assets["total"] == assets["count"] == len(assets["items"]) == 2
        assert assets["nextPage"] == "2"
        assert set(assets["items"][0]) >= ASSET_FIELDS
        assert "make" in assets["items"][0]["exifInfo"]


def test_pages_do_not_overlap_and_end(target: Target) -> None:
    seen: list[str] = []
    page: str | None = "1"
    while page:
        answer = target.post("/api/search/smart", {"query": "receipt", "size": 2, "page": int(page)}).json()["assets"]
        seen += [item["id"] for item in answer["items"]]
        page = answer["nextPage"]
    whole = target.post("/api/search/smart", {"query": "receipt", "size": 1000}).json()["assets"]["items"]
    assert seen == [item["id"] for item in whole]
    assert len(set(seen)) == len(seen) >= 3


def test_metadata_finds_one_asset_by_id(target: Target) -> None:
    asset = target.post("/api/search/metadata", {"size": 1}).json()["assets"]["items"][0]
    found = target.post("/api/search/metadata", {"id": asset["id"]}).json()["assets"]["items"]
    assert [item["id"] for item in found] == [asset["id"]]
    assert target.get(f"/api/assets/{asset['id']}").json()["id"] == asset["id"]


@pytest.mark.parametrize(
    "body",
    [
        {"size": 0, "query": "x"},
        {"size": 1001, "query": "x"},
        {"page": 0, "query": "x"},
        {"query": 7},
        {"query": "x", "visibility": "everything"},
        {"query": "x", "personIds": ["1"]},
        {"query": "x", "takenAfter": "yesterday"},
        {},
        {"queryAssetId": "00000000-0000-4000-8000-000000000000"},
        [],
        b"{",
    ],
    ids=str,
)
def test_bodies_that_smart_search_refuses(target: Target, body: object) -> None:
    answer = target.post("/api/search/smart", body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_unknown_fields_are_dropped(target: Target) -> None:
    assert target.post("/api/search/smart", {"query": "receipt", "unheardOf": 1}).status_code == 200


def test_who_is_asking(target: Target) -> None:
    me = target.get("/api/users/me").json()
    assert {"id", "email", "name", "isAdmin"} <= set(me)
    assert isinstance(target.get("/api/partners?direction=shared-with").json(), list)


def test_no_credentials_and_wrong_ones(target: Target) -> None:
    for headers, message in (
        ({}, "Authentication required"),
        ({"x-api-key": "wrong"}, "Invalid API key"),
        ({"authorization": "Bearer wrong"}, "Invalid user token"),
        ({"cookie": "immich_access_token=wrong"}, "Invalid user token"),
        ({"x-immich-share-slug": "wrong"}, "Invalid share slug"),
    ):
        answer = httpx.post(f"{target.url}/api/search/smart", json={"query": "x"}, headers=headers)
        assert (answer.status_code, answer.json()["message"]) == (401, message)


def test_locked_folder_needs_an_elevated_session(target: Target) -> None:
    for path in ("smart", "metadata", "random", "statistics"):
        answer = target.post(f"/api/search/{path}", {"query": "x", "visibility": "locked"})
        assert (answer.status_code, answer.json()["message"]) == (401, "Elevated permission is required")


def test_jobs_for_assets(target: Target) -> None:
    asset = target.post("/api/search/metadata", {"size": 1}).json()["assets"]["items"][0]["id"]
    good = {"name": "refresh-metadata", "assetIds": [asset]}
    assert target.post("/api/assets/jobs", good).status_code == 204
    assert target.post("/api/assets/jobs", good | {"name": "refresh-ocr"}).status_code == 400
    stranger = good | {"assetIds": ["00000000-0000-4000-8000-000000000000"]}
    assert target.post("/api/assets/jobs", stranger).status_code == 400


def test_pages_are_html_and_nothing_else(target: Target) -> None:
    for path in ("/", "/photos", "/search?query=%7B%7D"):
        answer = target.get(path, accept="text/html")
        assert answer.headers["content-type"].lower() == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
    assert target.get("/photos", accept="application/json").status_code == 406
    assert target.get("/api/nothing").status_code == 404


def test_public_facts(target: Target) -> None:
    assert httpx.get(f"{target.url}/api/server/ping").json() == {"res": "pong"}
    assert set(httpx.get(f"{target.url}/api/server/version").json()) >= {"major", "minor", "patch"}
    assert httpx.get(f"{target.url}/api/server/features").json()["search"] is True
