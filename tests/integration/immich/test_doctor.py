"""`doctor` beside an Immich: what it finds, and which setting it names."""

import pytest
import redis
from psycopg import conninfo
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.support.immich.site import ImmichSite

from allinone.cli.checks import Check, Status
from allinone.cli.immich_checks import immich_checks
from support.front_door import named_site
from support.http_site import free_port, running_site


@pytest.fixture
def environment(immich_site: ImmichSite, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Immich's own settings, as the extension gets them."""
    assert immich_site.redis
    # Immich's own workers, unlike those of the stand-in, leave this in each queue when they start.
    redis.Redis(port=immich_site.redis.port).hset("immich_bull:ocr:meta", "version", "bullmq:5")
    reader = conninfo.conninfo_to_dict(immich_site.reader_dsn())
    for name, value in {
        "DB_HOSTNAME": reader["host"],
        "DB_USERNAME": "allinone_reader",
        "DB_PASSWORD": "reader",
        "DB_DATABASE_NAME": reader["dbname"],
        "REDIS_HOSTNAME": "127.0.0.1",
        "REDIS_PORT": immich_site.redis.port,
        "ALLINONE_FRONT_DOOR_PORT": free_port(),
    }.items():
        monkeypatch.setenv(name, str(value))
    return monkeypatch


async def looked(site: ImmichSite, clip: str | None = "ViT-B-16") -> dict[str, Check]:
    return {check.name: check async for check in immich_checks(site.url, clip)}


async def test_all_is_well(immich_site: ImmichSite, environment: pytest.MonkeyPatch) -> None:
    async def greeting(_):
        return JSONResponse({"message": "immich-all-in-one gateway"})

    with running_site(Starlette(routes=[Route("/", greeting)])) as gateway:
        environment.setenv("IMMICH_MACHINE_LEARNING_URL", gateway.url)
        checks = await looked(immich_site)
    door = checks.pop("front door")
    assert door.status is Status.NOTE
    assert "docs/how-to/front-door.md" in door.advice
    assert {check.status for check in checks.values()} == {Status.OK}, checks
    assert checks["Immich"].found.startswith("3.1.0")
    assert "may only read" in checks["database role"].found


async def test_vectors_that_do_not_fit(immich_site: ImmichSite, environment: pytest.MonkeyPatch) -> None:
    check = (await looked(immich_site, "ViT-L-14"))["CLIP in Immich"]
    assert check.status is Status.FAILED
    assert "ViT-L-14__openai" in check.advice
    assert "CLIP_MODEL=ViT-B-16" in check.advice
    assert "models pull ViT-B-16" in (await looked(immich_site, None))["CLIP in Immich"].advice


async def test_a_machine_learning_url_that_is_not_ours(
    immich_site: ImmichSite, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("IMMICH_MACHINE_LEARNING_URL", immich_site.machine_learning_server.url)
    check = (await looked(immich_site))["machine-learning URL"]
    assert check.status is Status.FAILED
    assert "Machine Learning Settings" in check.advice
    environment.setenv("IMMICH_MACHINE_LEARNING_URL", f"http://127.0.0.1:{free_port()}")
    assert (await looked(immich_site))["machine-learning URL"].status is Status.NOTE


async def test_a_role_that_may_write(immich_site: ImmichSite, environment: pytest.MonkeyPatch) -> None:
    owner = conninfo.conninfo_to_dict(immich_site.dsn)
    environment.setenv("DB_USERNAME", str(owner["user"]))
    check = (await looked(immich_site))["database role"]
    assert check.status is Status.NOTE
    assert "immich-database-role.md" in check.advice


async def test_what_is_away_is_named_with_its_setting(immich_site: ImmichSite, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REDIS_DBINDEX", "7")
    assert "REDIS_DBINDEX" in (await looked(immich_site))["Redis"].advice
    environment.setenv("REDIS_PORT", str(free_port()))
    assert "REDIS_HOSTNAME" in (await looked(immich_site))["Redis"].advice
    environment.setenv("DB_DATABASE_NAME", "postgres")
    assert "DB_DATABASE_NAME" in (await looked(immich_site))["Immich's database"].advice
    environment.setenv("DB_PASSWORD", "wrong")
    environment.setenv("DB_HOSTNAME", "127.0.0.1")
    environment.setenv("DB_PORT", str(free_port()))
    assert "DB_HOSTNAME" in (await looked(immich_site))["Immich's database"].advice
    site_url = f"http://127.0.0.1:{free_port()}"
    gone = {check.name: check async for check in immich_checks(site_url, None)}["Immich"]
    assert gone.status is Status.FAILED
    assert "ALLINONE_IMMICH_URL" in gone.advice


async def test_a_front_door_without_the_extension(immich_site: ImmichSite, environment: pytest.MonkeyPatch) -> None:
    with running_site(named_site("immich")) as door:
        environment.setenv("ALLINONE_FRONT_DOOR_PORT", str(door.port))
        check = (await looked(immich_site))["front door"]
    assert check.status is Status.FAILED
    assert "ALLINONE_EXTENSION_ADDRESS" in check.advice
