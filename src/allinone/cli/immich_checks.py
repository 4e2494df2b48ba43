"""What `doctor` looks at beside an Immich; each check names the setting that would mend it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx
import psycopg

from allinone.cli.checks import Check, Status
from allinone.errors import AllInOneError, ConfigurationError
from allinone.extension.front_door import DEFAULT_FRONT_DOOR_PORT
from allinone.gateway.dimensions import CHINESE_CLIP, expected_dimension
from allinone.immich.job_queue import ImmichQueues
from allinone.immich.settings import ImmichSettings

OLDEST, NEWEST_KNOWN = (2, 2), 3
DEFAULT_CLIP = "ViT-B-32__openai"
SETTINGS_PAGE = "Administration > Settings > Machine Learning Settings"
ROLE_PAGE = "docs/how-to/immich-database-role.md"
NEEDED = ("asset", "asset_ocr", "asset_job_status", "smart_search")
SECONDS = 5.0
GATEWAY = "immich-all-in-one gateway"
MAY = """
select rolsuper or bool_or(has_table_privilege(table_name, 'insert, update, delete, truncate')), rolsuper
from pg_roles, unnest(%(tables)s::text[]) as table_name
where rolname = current_user and to_regclass(table_name) is not null
group by rolsuper
"""
READABLE = (
    "select name, to_regclass(name) is not null, coalesce(has_table_privilege(to_regclass(name), 'select'), false) \
from unnest(%(tables)s::text[]) as name"
)
WIDTH = "select atttypmod from pg_attribute where attrelid = to_regclass('smart_search') and attname = 'embedding'"
CONFIG = "select value from system_metadata where key = 'system-config'"


async def immich_checks(url: str | None, clip_model: str | None) -> AsyncIterator[Check]:
    """All of them. `clip_model`: the model that our engine has; None where there is none."""
    try:
        settings = ImmichSettings(url=url) if url else ImmichSettings()
    except ConfigurationError as error:
        yield Check("Immich", Status.FAILED, str(error), "Correct that setting.")
        return
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as http:
        yield await check_server(settings, http)
        database = await asyncio.to_thread(_read_database, settings)
        for check in database.checks:
            yield check
        yield await check_redis(settings)
        yield await check_machine_learning(settings, database.config, http)
        if database.reached:
            yield check_clip(clip_model, database.config, database.width)
        yield await check_front_door(http)


async def check_server(settings: ImmichSettings, http: httpx.AsyncClient) -> Check:
    """immich-server answers, and is a version we know."""
    try:
        answer = await http.get(f"{settings.url}/api/server/version")
        version = tuple(int(answer.json()[part]) for part in ("major", "minor", "patch"))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        found = f"no Immich answers at {settings.url} ({type(error).__name__})"
        return Check("Immich", Status.FAILED, found, "Set ALLINONE_IMMICH_URL to where immich-server itself answers.")
    found = f"{'.'.join(map(str, version))} at {settings.url}"
    if version[:2] < OLDEST:
        return Check("Immich", Status.FAILED, found, "Text recognition came with 2.2: bring Immich to 2.2 or later.")
    if version[0] > NEWEST_KNOWN:
        return Check("Immich", Status.NOTE, found, "Newer than what is known here; look for a newer all-in-one.")
    return Check("Immich", Status.OK, found)


class _Database:
    """What Immich's database told."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.reached = False
        self.config: Mapping[str, Any] | None = None
        self.width: int | None = None


def _read_database(settings: ImmichSettings) -> _Database:
    told = _Database()
    try:
        with psycopg.connect(settings.dsn, autocommit=True) as connection:
            told.reached = True
            told.checks += [_tables(connection), _role(connection)]
            told.width = _value(connection, WIDTH)
            config = _value(connection, CONFIG)
            told.config = config if isinstance(config, dict) else {}
    except psycopg.errors.InsufficientPrivilege:
        pass  # the settings of Immich stay unknown to a role that may not read them
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        advice = (
            f"DB_HOSTNAME, DB_PORT, DB_DATABASE_NAME must be Immich's; DB_USERNAME and DB_PASSWORD as in {ROLE_PAGE}."
        )
        told.checks.append(Check("Immich's database", Status.FAILED, reason, advice))
    return told


def _value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _tables(connection: psycopg.Connection[Any]) -> Check:
    rows = connection.execute(READABLE, {"tables": list(NEEDED)}).fetchall()
    absent = [name for name, there, _ in rows if not there]
    locked = [name for name, there, readable in rows if there and not readable]
    name = f"{connection.info.dbname} as {connection.info.user}"
    if absent:
        advice = "Is DB_DATABASE_NAME Immich's database? Immich older than 2.2 has no asset_ocr."
        return Check("Immich's database", Status.FAILED, f"{name} has no table {', '.join(absent)}", advice)
    if locked:
        advice = f"grant select on {', '.join(locked)} to {connection.info.user}; {ROLE_PAGE} has the whole script."
        return Check("Immich's database", Status.FAILED, f"{name} may not read {', '.join(locked)}", advice)
    return Check("Immich's database", Status.OK, name)


def _role(connection: psycopg.Connection[Any]) -> Check:
    row = connection.execute(MAY, {"tables": list(NEEDED)}).fetchone()
    user = connection.info.user
    if row is None or not row[0]:
        return Check("database role", Status.OK, f"{user} may only read")
    found = f"{user} is an administrator of it" if row[1] else f"{user} may write to Immich's tables"
    advice = (
        f"We never write there; to be sure, make the role of {ROLE_PAGE} and set DB_USERNAME and DB_PASSWORD to it."
    )
    return Check("database role", Status.NOTE, found, advice)


async def check_redis(settings: ImmichSettings) -> Check:
    """Redis answers, and is the one with Immich's queues in it."""
    queues = ImmichQueues(settings)
    try:
        async with queues.opened():
            known, waiting = await queues.known(), await queues.waiting()
    except AllInOneError as error:
        advice = "Set REDIS_HOSTNAME, REDIS_PORT and REDIS_PASSWORD (or REDIS_URL) as in Immich's own .env."
        return Check("Redis", Status.FAILED, str(error), advice)
    if not known:
        advice = "Set REDIS_DBINDEX (and REDIS_HOSTNAME) to Immich's: jobs put here would reach nobody."
        return Check("Redis", Status.FAILED, "it answers, but Immich's queues are not in it", advice)
    return Check("Redis", Status.OK, ", ".join(f"{name}: {count} waiting" for name, count in waiting.items()))


async def check_machine_learning(
    settings: ImmichSettings, config: Mapping[str, Any] | None, http: httpx.AsyncClient
) -> Check:
    """The address Immich asks is our gateway."""
    name = "machine-learning URL"
    learning = (config or {}).get("machineLearning", {})
    urls = learning.get("urls") or ([settings.machine_learning_url] if settings.machine_learning_url else [])
    if learning.get("enabled") is False:
        advice = f"In Immich, {SETTINGS_PAGE}: switch machine learning on."
        return Check(name, Status.FAILED, "machine learning is switched off in Immich", advice)
    if not urls:
        advice = (
            f"In Immich, {SETTINGS_PAGE}, the URL must be the gateway's, such as http://inference-gateway:8080; "
            "or set IMMICH_MACHINE_LEARNING_URL to it in Immich's .env and start immich-server again."
        )
        return Check(name, Status.NOTE, "not set in Immich's settings; its environment decides", advice)
    advice = f"In Immich, {SETTINGS_PAGE}, put the gateway's address first, such as http://inference-gateway:8080."
    first = str(urls[0]).rstrip("/")
    try:
        answer = await http.get(f"{first}/", headers={"accept": "application/json"})
        said = answer.json().get("message")
    except httpx.HTTPError as error:
        found = f"{first} does not answer from here ({type(error).__name__})"
        return Check(name, Status.NOTE, found, f"Fine where only immich-server reaches it. Otherwise: {advice}")
    except (ValueError, AttributeError):
        said = None
    if said != GATEWAY:
        return Check(name, Status.FAILED, f"{first} is not our gateway ({said or 'unknown'})", advice)
    return Check(name, Status.OK, first)


def check_clip(clip_model: str | None, config: Mapping[str, Any] | None, width: int | None) -> Check:
    """The vectors that our model makes fit into Immich's table."""
    name = "CLIP in Immich"
    in_immich = (config or {}).get("machineLearning", {}).get("clip", {}).get("modelName") or DEFAULT_CLIP
    room = width if width and width > 0 else expected_dimension(in_immich)
    shown = f"Immich's {in_immich if config is not None else 'table'} has room for {room} numbers"
    ours = next((length for length, models in CHINESE_CLIP.items() if clip_model in models), None)
    if ours is None:
        fitting = " or ".join(CHINESE_CLIP.get(room or 0, ()))
        advice = f"`./run models pull {fitting.split(' ')[0]}` brings a model that fits." if fitting else ""
        return Check(name, Status.NOTE, f"{shown}; no CLIP model of ours is on disk here", advice)
    if room is not None and ours != room:
        wanted = {512: "ViT-B-32__openai", 768: "ViT-L-14__openai", 1024: "RN50__openai"}[ours]
        fitting = " or ".join(CHINESE_CLIP.get(room, ()))
        advice = (
            f"In Immich, {SETTINGS_PAGE} > Smart Search, set the model to {wanted} (Immich then reads all photos anew)"
            + (f"; or set CLIP_MODEL={fitting}." if fitting else ".")
        )
        return Check(name, Status.FAILED, f"{shown}, and {clip_model} makes {ours}: Immich cannot store them", advice)
    return Check(name, Status.OK, f"{shown}, as many as {clip_model} makes")


async def check_front_door(http: httpx.AsyncClient) -> Check:
    """People reach Immich through the front door, and it reaches the extension."""
    port = os.environ.get("ALLINONE_FRONT_DOOR_PORT") or str(DEFAULT_FRONT_DOOR_PORT)
    url = f"http://127.0.0.1:{port}"
    try:
        script = await http.get(f"{url}/allinone/immich.js")
        ping = await http.get(f"{url}/api/server/ping")
    except httpx.HTTPError:
        advice = (
            "Start it (`allinone up --immich URL`, or `front-door` in deploy/compose.yaml); docs/how-to/front-door.md."
        )
        return Check("front door", Status.NOTE, f"nothing answers at {url}", advice)
    if ping.status_code != HTTPStatus.OK:
        advice = "Set ALLINONE_IMMICH_ADDRESS to immich-server's host and port."
        return Check("front door", Status.FAILED, f"{url} does not lead to Immich", advice)
    if "javascript" not in script.headers.get("content-type", ""):
        advice = (
            "Is it Immich itself? People must use the front door's address. Else start the extension, and set "
            "ALLINONE_EXTENSION_ADDRESS to its host and port."
        )
        return Check("front door", Status.FAILED, f"{url} leads to Immich, but not to the extension", advice)
    return Check("front door", Status.OK, f"{url} leads to Immich and to the extension")
