"""The stand-in Immich behaves as Immich's sources say, where the contract suite cannot ask a real one."""

import asyncio
import time
from uuid import UUID

import httpx
import pytest
from bullmq import Queue
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite


def found(site: ImmichSite, path: str, body: dict[str, object], **headers: str) -> list[UUID]:
    answer = httpx.post(f"{site.url}/api/search/{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return [UUID(item["id"]) for item in answer.json()["assets"]["items"]]


def key(user: User) -> dict[str, str]:
    return {"x-api-key": user.api_key}


def test_who_sees_what(immich_site: ImmichSite) -> None:
    rows = immich_site.rows
    anna, bert = rows.add_user("anna"), rows.add_user("bert")
    mine = rows.add_asset(anna, ["發票"])
    archived = rows.add_asset(anna, ["發票"], visibility="archive")
    locked = rows.add_asset(anna, ["發票"], visibility="locked")
    trashed = rows.add_asset(anna, ["發票"], trashed=True)
    theirs = rows.add_asset(bert, ["發票"])
    bodies = (("smart", {"query": "x"}), ("metadata", {}), ("metadata", {"ocr": "發票"}))
    for path, body in bodies:
        assert set(found(immich_site, path, body, **key(anna))) == {mine, archived}
        assert set(found(immich_site, path, body | {"visibility": "timeline"}, **key(anna))) == {mine}
        assert set(found(immich_site, path, body | {"withDeleted": True}, **key(anna))) == {mine, archived, trashed}
    rows.share(bert, anna, in_timeline=False)
    assert set(found(immich_site, "smart", {"query": "x"}, **key(anna))) == {mine, archived}
    rows.share(bert, anna)
    assert set(found(immich_site, "smart", {"query": "x"}, **key(anna))) == {mine, archived, theirs}
    elevated = {"x-immich-user-token": anna.elevated_token}
    assert found(immich_site, "smart", {"query": "x", "visibility": "locked"}, **elevated) == [locked]
    for hidden, status in ((locked, 400), (trashed, 200), (theirs, 200)):
        answer = httpx.get(f"{immich_site.url}/api/assets/{hidden}", headers=key(anna))
        assert answer.status_code == status


def test_all_kinds_of_credentials(immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    for headers, query in (
        ({"x-api-key": anna.api_key}, ""),
        ({"cookie": f"immich_access_token={anna.token}"}, ""),
        ({"authorization": f"Bearer {anna.token}"}, ""),
        ({"x-immich-user-token": anna.token}, ""),
        ({"x-immich-session-token": anna.token}, ""),
        ({}, f"?apiKey={anna.api_key}"),
        ({}, f"?sessionKey={anna.token}"),
    ):
        answer = httpx.get(f"{immich_site.url}/api/users/me{query}", headers=headers)
        assert answer.json()["id"] == str(anna.id)


def test_shared_links_search_their_album_only(immich_site: ImmichSite) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    shared, _ = rows.add_asset(anna), rows.add_asset(anna)
    album = rows.add_album(anna, [shared])
    link = {"x-immich-share-key": rows.add_shared_link(anna, album)}
    assert found(immich_site, "metadata", {"albumIds": [str(album)]}, **link) == [shared]
    for path, status in (("metadata", 400), ("smart", 403)):
        answer = httpx.post(f"{immich_site.url}/api/search/{path}", json={"query": "x"}, headers=link)
        assert answer.status_code == status


def test_smart_search_orders_by_likeness(immich_site: ImmichSite) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    beach, receipt = rows.add_asset(anna, shows="beach sun"), rows.add_asset(anna, shows="receipt table")
    assert found(immich_site, "smart", {"query": "sun beach"}, **key(anna)) == [beach, receipt]
    assert found(immich_site, "smart", {"query": "receipt"}, **key(anna)) == [receipt, beach]
    assert found(immich_site, "smart", {"queryAssetId": str(beach)}, **key(anna)) == [beach, receipt]


async def add_job(redis: dict[str, object], queue: str, job: str, asset: UUID) -> None:
    jobs = Queue(queue, {"connection": redis, "prefix": "immich_bull"})
    await jobs.add(job, {"id": str(asset)}, {"removeOnComplete": True, "attempts": 1})
    await jobs.close()


@pytest.mark.parametrize(("queue", "job"), [("ocr", "Ocr"), ("smartSearch", "SmartSearch")])
def test_worker_rewrites_the_rows(immich_site: ImmichSite, queue: str, job: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    asset = rows.add_asset(anna, ["old"], shows="old")
    rows.repaint(asset, ["統一發票", "560"], shows="receipt")
    assert immich_site.redis is not None
    asyncio.run(add_job(immich_site.redis.connection, queue, job, asset))
    assert immich_site.worker is not None
    deadline = time.monotonic() + 20
    while not immich_site.worker.done and time.monotonic() < deadline:
        time.sleep(0.02)
    if job == "Ocr":
        lines = httpx.get(f"{immich_site.url}/api/assets/{asset}/ocr", headers=key(anna)).json()
        assert [line["text"] for line in lines] == ["統一發票", "560"]
        assert found(immich_site, "metadata", {"ocr": "發票"}, **key(anna)) == [asset]
    else:
        other = rows.add_asset(anna, shows="other")
        assert found(immich_site, "smart", {"query": "receipt"}, **key(anna)) == [asset, other]
