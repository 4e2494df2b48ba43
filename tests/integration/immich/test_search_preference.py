"""Everybody weighs text and pictures for themselves."""

import pytest
from tests.support.immich.beside import Beside, beside
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

PATH = "/allinone/api/search-preference"
NOTHING = {"pictureWeight": None, "cutoff": None, "fusion": None}


async def put(both: Beside, user: User, body: object) -> tuple[int, dict[str, object]]:
    answer = await both.ours.put(PATH, json=body, headers={"x-api-key": user.api_key})
    return answer.status_code, answer.json()


async def get(both: Beside, user: User) -> object:
    return (await both.ours.get(PATH, headers={"x-api-key": user.api_key})).json()


async def test_a_choice_is_kept_for_one_person_and_holds_for_their_searches(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna, ben = rows.add_user("anna"), rows.add_user("ben")
    for user in (anna, ben):
        for number in range(60):
            rows.add_asset(user, shows=f"thing{number} stuff{number}")
        rows.add_asset(user, shows="receipt")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert await get(both, anna) == NOTHING
        chosen = {"pictureWeight": 0.25, "cutoff": "off", "fusion": "reciprocal"}
        assert await put(both, anna, chosen) == (200, chosen)
        assert await get(both, anna) == chosen
        assert await get(both, ben) == NOTHING
        assert len(await both.ask(anna, {"query": "receipt"})) == 61
        assert len(await both.ask(ben, {"query": "receipt"})) == 1
        assert await put(both, anna, {"cutoff": "normal"}) == (200, NOTHING | {"cutoff": "normal"})
        assert len(await both.ask(anna, {"query": "receipt"})) == 1


@pytest.mark.parametrize(
    "body", [{"pictureWeight": 1.5}, {"pictureWeight": "0.5"}, {"cutoff": "some"}, {"fusion": 1}, {"weight": 1}, [], 7]
)
async def test_mistakes_are_named_and_nothing_is_kept(immich_site: ImmichSite, dsn: str, body: object) -> None:
    anna = immich_site.rows.add_user("anna")
    async with beside(immich_site, dsn) as both:
        status, answer = await put(both, anna, body)
        assert (status, bool(answer["message"])) == (400, True)
        assert await get(both, anna) == NOTHING


async def test_immich_decides_who_somebody_is(immich_site: ImmichSite, dsn: str) -> None:
    async with beside(immich_site, dsn) as both:
        for answer in (await both.ours.get(PATH), await both.ours.put(PATH, json={"cutoff": "off"})):
            theirs = await both.immich.get("/api/users/me")
            assert answer.status_code == theirs.status_code == 401
