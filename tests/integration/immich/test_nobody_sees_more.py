"""Nobody finds an asset that Immich does not give them.

A small number of random searches by default; ALLINONE_TEST_SEARCHES=5000 for the full run.
"""

import os
import random
from typing import Any
from uuid import UUID

from tests.support.immich.beside import Beside, beside
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

SEARCHES = int(os.environ.get("ALLINONE_TEST_SEARCHES", "150"))
ASSETS = 150
WORDS = ("發票", "收據", "receipt", "車票", "menu", "RE16TGK", "12345678", "beach", "電話")
PLACES = ("timeline", "timeline", "timeline", "archive", "locked", "hidden")


async def test_random_searches(immich_site: ImmichSite, dsn: str) -> None:
    chance = random.Random(20_240_601)
    users = _library(immich_site, chance)
    seen = {"ranked": 0, "assets": 0}
    async with beside(immich_site, dsn) as both:
        await both.follow()
        for number in range(SEARCHES):
            if number % 10 == 0:
                _change(immich_site, chance, users)  # the index hears of it only now and then
            if number % 100 == 50:
                await both.follow()
            await _search(both, chance, users, seen)
        assert not both.services.search._metrics.fallbacks._metrics, "everything was answered with our part"
    assert seen["ranked"] > SEARCHES / 4  # else the test would have looked at nothing
    assert seen["assets"] > SEARCHES


def _library(site: ImmichSite, chance: random.Random) -> list[User]:
    rows = site.rows
    users = [rows.add_user(name) for name in ("anna", "bert", "chris")]
    anna, bert, chris = users
    for owner in users:
        for _ in range(ASSETS // 3):
            words = chance.sample(WORDS, 2)
            rows.add_asset(
                owner, words, shows=" ".join(chance.sample(WORDS, 2)), visibility=chance.choice(PLACES),
                trashed=chance.random() < 0.15, favorite=chance.random() < 0.3, preview=False,
                kind=chance.choice(["IMAGE", "IMAGE", "VIDEO"]), city=chance.choice([None, "台北", "Berlin"]),
            )  # fmt: skip
    rows.share(bert, anna)
    rows.share(anna, chris, in_timeline=False)
    return users


def _change(site: ImmichSite, chance: random.Random, users: list[User]) -> None:
    rows = site.rows
    with rows.connect() as connection:
        assets = [row[0] for row in connection.execute("select id from asset order by id").fetchall()]
    asset = chance.choice(assets)
    match chance.randrange(6):
        case 0 | 1:
            rows.set_visibility(asset, chance.choice(PLACES))
        case 2:
            rows.trash(asset)
        case 3:
            rows.restore(asset)
        case 4:
            owner, other = chance.sample(users, 2)
            rows.share(owner, other, in_timeline=chance.random() < 0.5)
        case 5:
            with rows.connect() as connection:
                connection.execute('delete from partner where "sharedById" = %s', [chance.choice(users).id])


async def _search(both: Beside, chance: random.Random, users: list[User], seen: dict[str, int]) -> None:
    user = chance.choice(users)
    headers = chance.choice([
        {"x-api-key": user.api_key}, {"x-immich-user-token": user.token}, {"authorization": f"Bearer {user.token}"},
        {"x-immich-session-token": user.elevated_token},
    ])  # fmt: skip
    body: dict[str, Any] = {"size": chance.choice([3, 10, 100]), **_filters(chance)}
    words = " ".join(chance.sample(WORDS, chance.choice([1, 1, 2])))
    path, query = chance.choice([("smart", "{}"), ("smart", "ocr:{}"), ("smart", '"{}"'), ("ocr", "{}")])
    asked = body | {("ocr" if path == "ocr" else "query"): query.format(words), "page": chance.choice([1, 1, 1, 2])}
    ours = await both.post(user, asked, path, **headers)
    everything = {**body, "query": "x", "size": 1000}
    theirs = await both.post(user, everything, client=both.immich, **headers)
    if theirs.status_code != 200:
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), asked
        return
    assert ours.status_code == 200, (asked, ours.text)
    allowed = {item["id"]: item for item in theirs.json()["assets"]["items"]}
    found = {item["id"]: item for item in ours.json()["assets"]["items"]}
    assert found.keys() <= allowed.keys(), asked
    assert len(found) == ours.json()["assets"]["count"] <= body["size"]
    for asset, item in found.items():
        assert item == allowed[asset], asked
    seen["ranked"] += bool(found)
    seen["assets"] += len({UUID(asset) for asset in found})


def _filters(chance: random.Random) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if chance.random() < 0.5:
        filters["visibility"] = chance.choice(["timeline", "timeline", "archive", "locked", "hidden"])
    if chance.random() < 0.2:
        filters["isFavorite"] = chance.random() < 0.5
    if chance.random() < 0.2:
        filters["city"] = chance.choice([None, "台北"])
    if chance.random() < 0.2:
        filters["withDeleted"] = chance.random() < 0.8
    if chance.random() < 0.1:
        filters["trashedAfter"] = "2020-01-01T00:00:00.000Z"
    if chance.random() < 0.1:
        filters["type"] = chance.choice(["IMAGE", "VIDEO"])
    if chance.random() < 0.2:
        filters["withExif"] = True
    return filters
