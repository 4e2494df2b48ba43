"""Searching beside Immich: text and picture together, in Immich's own answers."""

from uuid import UUID

import pytest
from tests.support.immich.beside import beside
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

from allinone.search.text_leg import FIRST_TEXT_HITS


def add_crowd(site: ImmichSite, owner: User, count: int = 60) -> list[UUID]:
    """Photos of other things, so that likeness has something to stand out of."""
    return [
        site.rows.add_asset(owner, [f"無關 {number}"], shows=f"thing{number} stuff{number}") for number in range(count)
    ]


async def test_text_and_picture_in_one_order(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    add_crowd(immich_site, anna)
    by_text = rows.add_asset(anna, ["receipt"], shows="paper")
    by_picture = rows.add_asset(anna, shows="receipt")
    by_both = rows.add_asset(anna, ["receipt"], shows="receipt")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert await both.ask(anna, {"query": "receipt"}) == [by_both, by_text, by_picture]
        assert await both.ask(anna, {"query": "ocr:receipt"}) == [by_both, by_text]
        assert await both.ask(anna, {"query": '"receipt"'}) == [by_both, by_text]
        assert await both.ask(anna, {"ocr": "receipt"}, "ocr") == [by_both, by_text]


async def test_chinese_that_immich_itself_does_not_find(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    invoice = rows.add_asset(anna, ["電子發票證明聯"])
    code = rows.add_asset(anna, ["RE16TGK"])
    wide = rows.add_asset(anna, ["abc123"])
    async with beside(immich_site, dsn) as both:
        await both.follow()
        for query, asset in (("发票", invoice), ("票", invoice), ("RE16", code), ("ＡＢＣ１２３", wide)):
            assert await both.ask(anna, {"query": f"ocr:{query}"}) == [asset], query
            theirs = (await both.post(anna, {"ocr": query}, "metadata", both.immich)).json()["assets"]["items"]
            # Newer PostgreSQLs' unaccent knows full-width letters.
            assert theirs == [] or asset == wide, query


async def test_answers_have_immichs_shape_and_assets(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    rows.add_asset(anna, ["receipt"], shows="receipt", city="台北")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        for more in ({}, {"withExif": True}):
            body = {"query": "receipt", "visibility": "timeline", "language": "zh-Hant", **more}
            ours, theirs = await both.post(anna, body), await both.post(anna, body, client=both.immich)
            assert ours.json() == theirs.json()
            assert ours.headers["content-type"].split(";")[0] == theirs.headers["content-type"].split(";")[0]


MISTAKES: list[object] = [
    {}, {"query": ""}, {"query": "   "}, {"query": 7}, {"query": "x", "size": 0}, {"query": "x", "size": 1001},
    {"query": "x", "page": 0}, {"query": "x", "page": "1"}, {"query": "x", "visibility": "all"},
    {"query": "x", "takenAfter": "x"}, {"query": "x", "personIds": "x"}, {"query": "ocr:x", "type": "X"},
    {"query": "ocr:x", "size": -1}, {"query": "x", "visibility": "locked"}, {"query": "ocr:x", "visibility": "locked"},
    {"queryAssetId": "00000000-0000-4000-8000-000000000000"}, [], "x", None, {"query": "ocr:"}, {"query": "x\0y"},
]  # fmt: skip


async def test_errors_are_immichs_own(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    async with beside(immich_site, dsn) as both:
        for body in MISTAKES:
            ours, theirs = await both.post(anna, body), await both.post(anna, body, client=both.immich)
            assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), body


async def test_credentials_are_judged_by_immich(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    asset = rows.add_asset(anna, ["receipt"], shows="receipt")
    key = rows.add_api_key(anna, ["asset.read"])
    none = rows.add_api_key(anna, ["album.read"])
    async with beside(immich_site, dsn) as both:
        await both.follow()
        for headers in ({"accept": "*/*"}, {"x-api-key": "wrong"}, {"cookie": "immich_access_token=x"},
                        {"x-immich-share-slug": "x"}, {"x-api-key": none}):  # fmt: skip
            for query in ("receipt", "ocr:receipt"):
                body = {"query": query}
                ours = await both.post(anna, body, **headers)
                theirs = await both.post(anna, {"query": "receipt"}, client=both.immich, **headers)
                assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
        for headers in ({"x-immich-user-token": anna.token}, {"authorization": f"Bearer {anna.token}"},
                        {"cookie": f"immich_access_token={anna.token}"}):  # fmt: skip
            assert await both.ask(anna, {"query": "ocr:receipt"}, **headers) == [asset]
        answer = await both.ours.post(f"/api/search/smart?apiKey={anna.api_key}", json={"query": "ocr:receipt"})
        assert [item["id"] for item in answer.json()["assets"]["items"]] == [str(asset)]
        # A key that may search, and may not ask whose it is: Immich's own answers.
        assert await both.ask(anna, {"query": "receipt"}, **{"x-api-key": key}) == [asset]
        assert await both.ask(anna, {"query": "ocr:receipt"}, **{"x-api-key": key}) == [asset]


async def test_pages_continue_each_other(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    texts = [rows.add_asset(anna, [f"發票 {number}"]) for number in range(70)]
    add_crowd(immich_site, anna, 20)
    async with beside(immich_site, dsn) as both:
        await both.follow()
        first = (await both.post(anna, {"query": "ocr:發票", "size": 25})).json()["assets"]
        assert (first["total"], first["count"], first["nextPage"]) == (25, 25, "2")
        rows.add_asset(anna, ["發票 new"])
        await both.follow()
        second = await both.ask(anna, {"query": "ocr:發票", "size": 25, "page": 2})
        third = await both.ask(anna, {"query": "ocr:發票", "size": 25, "page": 3})
        seen = [*(UUID(item["id"]) for item in first["items"]), *second, *third]
        assert set(seen) == set(texts)
        assert len(seen) == 70
        assert await both.ask(anna, {"query": "ocr:發票", "size": 25, "page": 9}) == []


async def test_what_immich_withdraws_between_pages_is_gone(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    texts = [rows.add_asset(anna, [f"發票 {number}"]) for number in range(20)]
    async with beside(immich_site, dsn) as both:
        await both.follow()
        first = await both.ask(anna, {"query": "ocr:發票", "size": 10})
        for asset in set(texts) - set(first):
            rows.set_visibility(asset, "locked")
        assert await both.ask(anna, {"query": "ocr:發票", "size": 10, "page": 2}) == []


async def test_pictures_go_on_behind_the_ranked_ones(immich_site: ImmichSite, dsn: str) -> None:
    """Of Immich's endless list, what is like the query is reached to its end, and nothing else."""
    rows = immich_site.rows
    anna = rows.add_user("anna")
    add_crowd(immich_site, anna, 2000 // 10)
    beach = [rows.add_asset(anna, shows="beach") for _ in range(240)]
    async with beside(immich_site, dsn, cutoff="off") as both:
        await both.follow()
        found = await both.all_pages(anna, {"query": "beach", "size": 50})
        assert set(found[:240]) == set(beach)
        assert len(found) == len(set(found)) == 440
    async with beside(immich_site, dsn, cutoff="normal") as both:
        found = await both.all_pages(anna, {"query": "thing7", "size": 50})
        assert 1 <= len(found) < 20


async def test_filters_hold_for_text_too(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    plain = rows.add_asset(anna, ["發票"])
    favorite = rows.add_asset(anna, ["發票"], favorite=True, city="台北", rating=4)
    video = rows.add_asset(anna, ["發票"], kind="VIDEO", make="Canon")
    archived = rows.add_asset(anna, ["發票"], visibility="archive")
    locked = rows.add_asset(anna, ["發票"], visibility="locked")
    trashed = rows.add_asset(anna, ["發票"], trashed=True)
    album = str(rows.add_album(anna, [plain]))
    expected: list[tuple[dict[str, object], set[UUID]]] = [
        ({}, {plain, favorite, video, archived}),
        ({"visibility": "timeline"}, {plain, favorite, video}),
        ({"visibility": "archive"}, {archived}),
        ({"isFavorite": True}, {favorite}),
        ({"city": "台北"}, {favorite}),
        ({"city": None, "type": "IMAGE"}, {plain, archived}),
        ({"rating": 4}, {favorite}),
        ({"type": "VIDEO"}, {video}),
        ({"make": "Canon"}, {video}),
        ({"albumIds": [album]}, {plain}),
        ({"isNotInAlbum": True}, {favorite, video, archived}),
        ({"withDeleted": True}, {plain, favorite, video, archived, trashed}),
        ({"trashedAfter": "2000-01-01T00:00:00Z"}, {trashed}),
        ({"takenBefore": "2000-01-01T00:00:00Z"}, set()),
        ({"ocr": "發票", "type": "VIDEO"}, {video}),
    ]
    async with beside(immich_site, dsn) as both:
        await both.follow()
        for filters, wanted in expected:
            for query in ("ocr:发票", "发票"):
                found = await both.ask(anna, {"query": query, **filters})
                assert set(found) == wanted or (query == "发票" and wanted <= set(found)), (query, filters)
                theirs = await both.post(anna, {"query": query, "size": 1000, **filters}, client=both.immich)
                assert set(found) <= {UUID(item["id"]) for item in theirs.json()["assets"]["items"]}, (query, filters)
        elevated = {"x-immich-user-token": anna.elevated_token}
        assert await both.ask(anna, {"query": "ocr:发票", "visibility": "locked"}, **elevated) == [locked]


async def test_old_photos_within_a_filter_are_found_among_many(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    old = rows.add_asset(anna, ["發票"], city="台北")
    for number in range(320):
        rows.add_asset(anna, [f"發票 {number}"], preview=False)
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert await both.ask(anna, {"query": "ocr:發票", "city": "台北"}) == [old]
        assert (await both.ask(anna, {"query": "發票", "city": "台北"}))[:1] == [old]
        # Without a filter they are reached page by page: the newest first, and behind them the older ones.
        body = {"query": "ocr:發票", "size": 25}
        found = await both.all_pages(anna, body)
        assert len(found) == len(set(found)) == 321
        assert old in found[FIRST_TEXT_HITS:]
        assert await both.ask(anna, {**body, "page": 3}) == found[50:75]
        # Somebody who begins in the middle, whose order is made anew.
        assert await both.ask(anna, {"query": " ocr:發票", "size": 25, "page": 11}) == found[250:275]


async def test_exclusions(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    add_crowd(immich_site, anna)
    kept, _ = rows.add_asset(anna, ["receipt"], shows="receipt"), rows.add_asset(anna, ["gift"], shows="receipt")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert await both.ask(anna, {"query": "receipt -gift"}) == [kept]


async def test_similar_photos_are_immichs(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    one, other = rows.add_asset(anna, shows="beach sun"), rows.add_asset(anna, shows="beach")
    async with beside(immich_site, dsn) as both:
        assert await both.ask(anna, {"queryAssetId": str(one)}) == [one, other]


async def test_partners(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna, bert = rows.add_user("anna"), rows.add_user("bert")
    mine, theirs = rows.add_asset(anna, ["發票"]), rows.add_asset(bert, ["發票"])
    rows.share(bert, anna)
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert set(await both.ask(anna, {"query": "ocr:發票"})) == {mine, theirs}
        assert set(await both.ask(bert, {"query": "ocr:發票"})) == {theirs}


async def test_explanations(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    add_crowd(immich_site, anna)
    asset = rows.add_asset(anna, ["統一發票收執聯"], shows="發票")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        answer = await both.ours.post(
            "/allinone/api/explain", json={"query": "發票"}, headers={"x-api-key": anna.api_key}
        )
        hit = answer.json()["hits"][0]
        assert hit["assetId"] == str(asset)
        assert hit["text"]["kind"] == "phrase"
        assert hit["text"]["lines"][0]["spans"] == [[2, 4]]
        assert hit["clip"]["similarity"] == pytest.approx(1.0, abs=1e-3)
        assert hit["clip"]["z"] > 6
        refused = await both.ours.post("/allinone/api/explain", json={"query": "發票"})
        assert (refused.status_code, refused.json()["message"]) == (401, "Authentication required")


async def test_few_photos_are_measured_beside_everybodys(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna, ben = rows.add_user("anna"), rows.add_user("ben")
    add_crowd(immich_site, ben)
    rows.add_asset(ben, shows="beach")
    beach = rows.add_asset(anna, shows="beach")
    for number in range(5):
        rows.add_asset(anna, shows=f"thing{number} stuff{number}")
    async with beside(immich_site, dsn) as both:
        await both.follow()
        assert await both.ask(anna, {"query": "beach"}) == [beach]
        sent = {"json": {"query": "beach"}, "headers": {"x-api-key": anna.api_key}}
        [hit] = (await both.ours.post("/allinone/api/explain", **sent)).json()["hits"]
        assert hit["clip"]["z"] > 3


async def test_structured_filters_of_3_2(empty_dsn: str, dsn: str, tmp_path: object) -> None:
    from pathlib import Path

    with ImmichSite(empty_dsn, Path(str(tmp_path)) / "immich", version=(3, 2, 0), with_redis=False) as site:
        rows = site.rows
        anna = rows.add_user("anna")
        plain, favorite = rows.add_asset(anna, ["RE16TGK"]), rows.add_asset(anna, ["RE16TGK"], favorite=True)
        videos = [rows.add_asset(anna, ["RE16TGK"], kind="VIDEO") for _ in range(40)]
        trashed = rows.add_asset(anna, ["RE16TGK"], trashed=True)
        async with beside(site, dsn) as both:
            await both.follow()
            for tree, wanted in (
                ({"isFavorite": {"eq": True}}, {favorite}),
                ({"type": {"eq": "IMAGE"}}, {plain, favorite}),
                ({"or": [{"type": {"eq": "VIDEO"}}, {"isFavorite": {"eq": True}}]}, {favorite, *videos}),
                ({"id": {"eq": str(plain)}}, {plain}),
                ({"trashedAt": {"ne": None}}, {trashed}),
            ):
                body = {"query": "ocr:RE16", "filter": tree, "unheardOf": {"of": 1}}
                assert set(await both.all_pages(anna, body)) == wanted, tree
            site.immich.asked.clear()
            found = await both.ask(anna, {"query": "ocr:RE16", "visibility": "timeline", "withExif": True})
            assert len(found) >= 30
            assert len([line for line in site.immich.asked if "search" in line]) == 2
            answer = (await both.post(anna, {"query": "RE16"})).json()["assets"]
            assert answer["nextCursor"] is None
            site.immich.searches.refuses_filters = True
            body = {"query": "ocr:RE16"}
            theirs = await both.post(anna, {"ocr": "RE16", "size": 100}, "metadata", both.immich)
            ours = await both.post(anna, body)
            assert (ours.status_code, ours.json()) == (200, theirs.json())
            assert ours.headers["x-allinone-notice"] == "immich_only"


async def test_immichs_text_filter_is_spared(immich_site: ImmichSite, dsn: str) -> None:
    """It compares the letters of nearly every text: what is found is asked for one by one, a phone's screen full."""
    rows = immich_site.rows
    anna = rows.add_user("anna")
    texts = [rows.add_asset(anna, [f"發票 {number}"]) for number in range(40)]
    async with beside(immich_site, dsn) as both:
        await both.follow()
        immich_site.immich.asked.clear()
        answer = (await both.post(anna, {"query": "ocr:發票"})).json()["assets"]
        assert (answer["count"], answer["nextPage"]) == (30, "2")
        assert (
            len([line for line in immich_site.immich.asked if "metadata" in line]) == 30
        )  # one came with the form of the answer
        rest = await both.ask(anna, {"query": "ocr:發票", "page": 2})
        assert {UUID(item["id"]) for item in answer["items"]} | set(rest) == set(texts)
