"""Each service is killed in turn while searches and following go on."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import conninfo
from tests.support.immich.beside import beside
from tests.support.immich.extension_process import ExtensionProcess
from tests.support.immich.following import fresh_index_rows
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite
from tests.support.index_rows import index_rows

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate

QUERIES = ("receipt", "ocr:receipt", "發票", "ocr:發票")


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that this test may kill."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    migrate(server.dsn)
    with psycopg.connect(conninfo.make_conninfo(server.dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute("create database ours template allinone")
        connection.execute("create database immich template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'")
    yield server
    server.stop()


class Watcher:
    """Searches all the time, and keeps what was worse than Immich alone."""

    def __init__(self, ours: str, immich: str, user: User) -> None:
        self._ours, self._immich = ours, immich
        self._headers = {"x-api-key": user.api_key}
        self.worse: list[str] = []
        self.good = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            number = 0
            while True:
                number += 1
                query = QUERIES[number % len(QUERIES)]
                before = await self._ask(client, self._immich, query)
                ours = await self._ask(client, self._ours, query)
                after = await self._ask(client, self._immich, query)
                if ours is None:
                    continue  # the extension itself is down: the front door asks Immich
                if before and after and not ours:
                    self.worse.append(f"{query}: Immich found {before} photos and we {ours}")
                self.good += bool(ours)
                await asyncio.sleep(0.02)

    async def _ask(self, client: httpx.AsyncClient, url: str, query: str) -> int | None:
        """How many photos were found; 0 for a refusal of ours, None where nobody answers, or Immich itself refuses."""
        try:
            answer = await client.post(f"{url}/api/search/smart", json={"query": query}, headers=self._headers)
        except httpx.HTTPError:
            return None
        if answer.status_code != 200:
            return 0 if "statusCode" in answer.json() else None  # Immich 3 has no such field
        return len(answer.json()["assets"]["items"])


@pytest.mark.timeout(400)
async def test_each_service_dies_while_searching_and_following(own_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = conninfo.make_conninfo(own_postgres.dsn, dbname="ours")
    immich = conninfo.make_conninfo(own_postgres.dsn, dbname="immich")
    with ImmichSite(immich, tmp_path / "immich") as site:
        anna = site.rows.add_user("anna")
        assets = [site.rows.add_asset(anna, [f"發票 receipt {at}"], shows="receipt", preview=False) for at in range(40)]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = ExtensionProcess(site.settings(follow_seconds=0.2), dsn, port)
        process.start()
        try:
            watcher = Watcher(process.url, site.url, anna)
            async with watcher.watching():
                for at, (kill, revive) in enumerate(_outages(site, own_postgres, process)):
                    await _good_searches(watcher, 4)
                    site.rows.put_lines(assets[at], [f"收據 {at}"])
                    await asyncio.to_thread(kill)
                    await asyncio.sleep(1.0)
                    await asyncio.to_thread(revive)
                    site.rows.close()
                    site.rows.put_lines(assets[at + 10], ["電影票"])
                    site.rows.delete(assets[at + 20])
                await _good_searches(watcher, 4)
            assert watcher.worse == []
            await _equal_to_fresh(site, dsn)
        finally:
            process.kill()


def _outages(site: ImmichSite, postgres: EmbeddedPostgres, process: ExtensionProcess) -> list[tuple[Any, Any]]:
    def kill_postgres() -> None:
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

    def revive_postgres() -> None:
        postgres._stop_leftover()
        postgres._spawn()
        postgres._wait_until_ready()

    assert site.redis is not None
    machine_learning = site.machine_learning_server
    return [
        (machine_learning.stop, machine_learning.start),
        (site.redis.stop, site.redis.start),
        (process.kill, process.start),
        (kill_postgres, revive_postgres),
    ]


async def _good_searches(watcher: Watcher, count: int) -> None:
    wanted = watcher.good + count
    async with asyncio.timeout(90):
        while watcher.good < wanted:  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.05)


async def _equal_to_fresh(site: ImmichSite, dsn: str) -> None:
    expected = await fresh_index_rows(site, dsn)
    async with asyncio.timeout(60):
        while index_rows(dsn) != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert len(expected["immich_document"]) == 36


async def test_immich_alone_answers_what_our_side_cannot(immich_site: ImmichSite, dsn: str) -> None:
    """Our database is away from the start of the search: Immich's own answer, marked and counted."""
    rows = immich_site.rows
    anna = rows.add_user("anna")
    for number in range(5):
        rows.add_asset(anna, ["receipt"], shows=f"receipt thing{number}")
    async with beside(immich_site, dsn, search_seconds=0.5) as both:
        await both.follow()
        with psycopg.connect(dsn) as connection:
            connection.execute("alter table search_token rename to gone")
        for query, page in (("receipt", 1), ("receipt", 2), ("ocr:receipt", 1), ("ocr:receipt", 2)):
            ours = await both.post(anna, {"query": query, "size": 2, "page": page})
            if query == "receipt":
                theirs = await both.post(anna, {"query": query, "size": 2, "page": page}, client=both.immich)
            else:
                body = {"ocr": "receipt", "size": 2, "page": page}
                theirs = await both.post(anna, body, "metadata", both.immich)
            assert ours.json() == theirs.json(), (query, page)
        assert ours.headers["x-allinone-notice"] == "immich_only"
        metrics = (await both.ours.get("/metrics")).text
        assert "allinone_immich_search_fallbacks_total" in metrics


async def test_immich_answers_what_the_first_fill_has_not_reached(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    assets = {rows.add_asset(anna, ["receipt"]) for _ in range(5)}
    async with beside(immich_site, dsn) as both:
        answer = await both.post(anna, {"query": "ocr:receipt"})
        assert {item["id"] for item in answer.json()["assets"]["items"]} == {str(asset) for asset in assets}
        assert answer.headers["x-allinone-notice"] == "immich_only"
        assert set(await both.all_pages(anna, {"query": "ocr:receipt", "size": 2})) == assets
        await both.follow()
        answer = await both.post(anna, {"query": "ocr:receipt"})
        assert len(answer.json()["assets"]["items"]) == 5
        assert "x-allinone-notice" not in answer.headers
        answer = await both.post(anna, {"query": "ocr:電影票"})
        assert answer.json()["assets"]["items"] == []
        assert "x-allinone-notice" not in answer.headers


async def test_an_immich_without_text_is_not_asked_for_it(empty_dsn: str, dsn: str, tmp_path: Path) -> None:
    """It would leave the filter out, and give all photos there are."""
    with ImmichSite(empty_dsn, tmp_path / "immich", version=(2, 1, 0), with_redis=False) as site:
        anna = site.rows.add_user("anna")
        site.rows.add_asset(anna, ["receipt"])
        async with beside(site, dsn) as both:
            assert await both.ask(anna, {"query": "ocr:receipt"}) == []
            with psycopg.connect(dsn) as connection:
                connection.execute("alter table search_token rename to gone")
            answer = await both.post(anna, {"query": "ocr:receipt"})
            assert answer.status_code == 502
            assert "no such search itself" in answer.text


async def test_text_answers_where_there_is_no_smart_search(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    asset = rows.add_asset(anna, ["receipt"], shows="receipt")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        immich_site.machine_learning.failing = True
        assert (await both.post(anna, {"query": "receipt"}, client=both.immich)).status_code == 500
        answer = await both.post(anna, {"query": "receipt"})
        assert [item["id"] for item in answer.json()["assets"]["items"]] == [str(asset)]
        assert answer.headers["x-allinone-notice"] == "encoder_failed"
        assert (await both.post(anna, {"query": "nothing like it"})).status_code == 500
        immich_site.machine_learning.failing = False
        immich_site.immich.searches.enabled = False
        assert await both.ask(anna, {"query": "receipt"}) == [asset]


async def test_slow_parts_of_ours_are_not_waited_for(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    asset = rows.add_asset(anna, shows="receipt")
    async with beside(immich_site, dsn, search_seconds=0.3) as both:
        await both.post(anna, {"query": "receipt"}, client=both.immich)  # Immich remembers the vector
        immich_site.machine_learning.delay = 20
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await both.ask(anna, {"query": "receipt"}) == [asset]
        assert loop.time() - begun < 10
