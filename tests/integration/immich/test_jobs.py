"""Jobs on single assets: who may have them, what Immich's worker makes of them, and what is told of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import redis
from tests.integration.immich.test_immich_app import extension
from tests.support.immich.site import ImmichSite

NAMES = {"refresh-ocr": "ocr", "refresh-smart-search": "clip"}
QUEUES = {"refresh-ocr": ("ocr", "Ocr"), "refresh-smart-search": ("smartSearch", "SmartSearch")}


@pytest.fixture
async def client(immich_site: ImmichSite, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    async with extension(immich_site, dsn) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, name: object, assets: object, **headers: str) -> httpx.Response:
    body = {"name": name, "assetIds": [str(a) for a in assets] if isinstance(assets, list) else assets}
    return await client.post("/api/assets/jobs", json=body, headers=headers)


async def settled(client: httpx.AsyncClient, asset: UUID, what: str, key: str) -> dict:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = (await client.get(f"/allinone/api/jobs/{asset}", headers={"x-api-key": key})).json()[what]
        if state["finishedAt"]:
            return state
        await asyncio.sleep(0.05)
    raise AssertionError(state)


def hold_jobs(site: ImmichSite) -> None:
    assert site.worker
    site.server.call(_set(site.worker.released, on=False))


def release_jobs(site: ImmichSite) -> None:
    assert site.worker
    site.server.call(_set(site.worker.released, on=True))


async def _set(event: asyncio.Event, *, on: bool) -> None:
    event.set() if on else event.clear()


def jobs_in(site: ImmichSite, queue: str) -> list[dict[str, str]]:
    """Every job of a queue that has not ended, as it lies in Redis."""
    assert site.redis
    store = redis.Redis(port=site.redis.port, decode_responses=True)
    names = [*store.lrange(f"immich_bull:{queue}:wait", 0, -1), *store.lrange(f"immich_bull:{queue}:active", 0, -1)]
    return [store.hgetall(f"immich_bull:{queue}:{name}") for name in names]  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO"])
async def test_text_is_read_anew(client: httpx.AsyncClient, immich_site: ImmichSite, kind: str) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["統一發票", "總計 560"], kind=kind)
    immich_site.rows.put_lines(asset, [])
    answer = await ask(client, "refresh-ocr", [asset], **{"x-api-key": anna.api_key})
    assert (answer.status_code, answer.content) == (204, b"")
    state = await settled(client, asset, "ocr", anna.api_key)
    assert state["state"] == "done"
    assert state["changed"] == {"text": True, "linesBefore": 0, "linesAfter": 2}


async def test_the_vector_is_made_anew_though_it_be_the_same(
    client: httpx.AsyncClient, immich_site: ImmichSite
) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, shows="a red car")
    for _ in range(2):
        assert (await ask(client, "refresh-smart-search", [asset], **{"x-api-key": anna.api_key})).status_code == 204
        state = await settled(client, asset, "clip", anna.api_key)
        assert state["state"] == "done"
    assert state["changed"] == {"embedding": False}


async def test_a_job_lies_in_redis_as_immichs_own_do(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    hold_jobs(immich_site)
    for name, (queue, job) in QUEUES.items():
        await ask(client, name, [asset], **{"x-api-key": anna.api_key})
        [found] = jobs_in(immich_site, queue)
        assert found["name"] == job
        assert httpx.Response(200, text=found["data"]).json() == {"id": str(asset)}
        options = httpx.Response(200, text=found["opts"]).json()
        assert options["attempts"] == 1
        assert options.get("removeOnComplete", options.get("removeOnCompletion")) is True
        assert options["removeOnFail"] is False
    release_jobs(immich_site)


async def test_nothing_waits_twice(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    assets = [immich_site.rows.add_asset(anna, [f"line {n}"]) for n in range(4)]
    hold_jobs(immich_site)
    key = {"x-api-key": anna.api_key}
    asked = [ask(client, "refresh-ocr", assets + assets, **key) for _ in range(5)]
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {204}
    waiting = [found["data"] for found in jobs_in(immich_site, "ocr")]
    # The one that the worker has taken no longer waits, and may be asked for once more.
    assert 4 <= len(waiting) <= 5
    assert len(set(waiting)) == 4
    release_jobs(immich_site)
    for asset in assets:
        assert (await settled(client, asset, "ocr", anna.api_key))["state"] == "done"
    assert (await ask(client, "refresh-ocr", assets, **key)).status_code == 204
    for asset in assets:
        assert (await settled(client, asset, "ocr", anna.api_key))["state"] == "done"


async def test_waiting_and_running_are_told_apart(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    first, second = (immich_site.rows.add_asset(anna, [name]) for name in ("a", "b"))
    hold_jobs(immich_site)
    key = {"x-api-key": anna.api_key}
    await ask(client, "refresh-ocr", [first, second], **key)
    deadline = time.monotonic() + 10
    while True:
        states = [(await client.get(f"/allinone/api/jobs/{a}", headers=key)).json()["ocr"] for a in (first, second)]
        if [state["state"] for state in states] == ["running", "waiting"]:
            break
        assert time.monotonic() < deadline, states
        await asyncio.sleep(0.05)
    assert states[0]["finishedAt"] is None
    release_jobs(immich_site)


@pytest.mark.parametrize("name", NAMES)
async def test_a_job_that_comes_to_nothing_is_told(
    client: httpx.AsyncClient, immich_site: ImmichSite, name: str
) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["a"])
    immich_site.machine_learning_server.stop()
    await ask(client, name, [asset], **{"x-api-key": anna.api_key})
    state = await settled(client, asset, NAMES[name], anna.api_key)
    assert state["state"] == "failed"
    assert "machine-learning" in state["message"]


async def test_only_the_owner_may(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna, bo = immich_site.rows.add_user("anna"), immich_site.rows.add_user("bo")
    immich_site.rows.share(bo, anna)
    own, shared = immich_site.rows.add_asset(anna), immich_site.rows.add_asset(bo)
    key = {"x-api-key": anna.api_key}
    assert (await client.get(f"/api/assets/{shared}", headers=key)).status_code == 200
    hold_jobs(immich_site)
    for assets in ([shared], [own, shared], [uuid4()]):
        answer = await ask(client, "refresh-ocr", assets, **key)
        theirs = await ask(client, "refresh-metadata", assets, **key)
        assert answer.status_code == theirs.status_code == 400
        assert answer.json()["message"] == theirs.json()["message"] == "Not found or no asset.update access"
    assert jobs_in(immich_site, "ocr") == []
    assert [job for job in immich_site.immich.jobs if job["assetIds"]] == []
    release_jobs(immich_site)


async def test_mistakes_are_answered_by_immich(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    key = {"x-api-key": anna.api_key}
    for assets in ("x", ["x"], None, [str(asset), 5], {"a": 1}, ["00000000-0000-1000-8000-000000000000"]):
        ours = await client.post("/api/assets/jobs", json={"name": "refresh-ocr", "assetIds": assets}, headers=key)
        theirs = await client.post(
            "/api/assets/jobs", json={"name": "refresh-metadata", "assetIds": assets}, headers=key
        )
        assert (ours.status_code, ours.json()["message"]) == (theirs.status_code, theirs.json()["message"]), assets
        assert ours.status_code == 400
    for raw in (b"{bad", b"[1]", b"", b"\xff\xfe"):
        answer = await client.post("/api/assets/jobs", content=raw, headers={**key, "content-type": "application/json"})
        assert answer.status_code == 400, raw[:20]
    assert (await ask(client, "nonsense", [asset], **key)).status_code == 400
    assert (await ask(client, 5, [asset], **key)).status_code == 400
    assert (await ask(client, "refresh-ocr", [], **key)).status_code == 204
    assert (await ask(client, "refresh-ocr", [uuid4()] * 10_001, **key)).status_code == 400
    assert (await client.post("/api/assets/jobs", content=b"x" * 5_000_000, headers=key)).status_code == 413
    assert [job for job in immich_site.immich.jobs if job["assetIds"]] == []


async def test_other_names_are_immichs(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    assert (await ask(client, "refresh-faces", [asset], **{"x-api-key": anna.api_key})).status_code == 204
    assert immich_site.immich.jobs == [{"name": "refresh-faces", "assetIds": [str(asset)]}]


async def test_strangers_are_refused_as_immich_refuses(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    for headers in ({}, {"x-api-key": "wrong"}, {"cookie": "immich_access_token=wrong"}):
        answer = await ask(client, "refresh-ocr", [asset], **headers)
        theirs = await ask(client, "refresh-metadata", [asset], **headers)
        assert (answer.status_code, answer.json()["message"]) == (401, theirs.json()["message"])
        assert (await client.get(f"/allinone/api/jobs/{asset}", headers=headers)).status_code == 401
    bo = immich_site.rows.add_user("bo")
    answer = await client.get(f"/allinone/api/jobs/{asset}", headers={"x-api-key": bo.api_key})
    assert answer.status_code == 400


async def test_without_redis_it_is_said(client: httpx.AsyncClient, immich_site: ImmichSite) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["a"])
    assert immich_site.redis
    immich_site.redis.stop()
    begun = time.monotonic()
    answer = await ask(client, "refresh-ocr", [asset], **{"x-api-key": anna.api_key})
    assert answer.status_code == 502
    assert "REDIS_HOSTNAME" in answer.json()["message"]
    assert time.monotonic() - begun < 10
    immich_site.redis.start()
    assert (await ask(client, "refresh-ocr", [asset], **{"x-api-key": anna.api_key})).status_code == 204


async def test_pages_carry_our_script(client: httpx.AsyncClient) -> None:
    answer = await client.get("/photos", headers={"accept": "text/html"})
    assert answer.text.count("/allinone/immich.js?v=") == 1
    assert answer.text.index("/allinone/immich.js") < answer.text.index("</head>")
    assert answer.headers["cache-control"] == "no-store"
    script = await client.get("/allinone/immich.js")
    assert script.headers["content-type"].startswith("text/javascript")
