import json

import numpy as np
import psycopg
import pytest

from allinone.search.text_leg import FIRST_TEXT_HITS
from support.extension_site import ExtensionSite, FixedEncoder

EAST, NORTH = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


@pytest.fixture
async def site(dsn, tmp_path):
    site = ExtensionSite(dsn, tmp_path)
    await site.open()
    return site


async def smart(client, status=200, **body):
    answer = await client.post("/api/search/smart", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["assets"] if status == 200 else answer.json()


def ids(assets):
    return [item["id"] for item in assets["items"]]


async def test_text_in_photos_is_found_in_immichs_shape(site):
    wanted = await site.add("receipt.jpg", ["統一發票收執聯", "總計 560"])
    await site.add("other.jpg", ["購票後開發"])
    async with site.client() as client:
        for query in ("ocr:發票", "ocr:发票", '"發票"', "發票", "總計 560"):
            assert ids(await smart(client, query=query)) == [str(wanted)], query
        found = await smart(client, query="ocr:發票")
        absent = await smart(client, query="ocr:停車場")
    assert (found["total"], found["count"], found["facets"], found["nextPage"]) == (1, 1, [], None)
    assert (absent["count"], absent["items"], absent["nextPage"]) == (0, [], None)


async def test_the_ocr_endpoint_is_text_only(site):
    wanted = await site.add("receipt.jpg", ["電子發票證明聯"], vector=EAST)
    await site.add("sky.jpg", vector=EAST)
    encoder = FixedEncoder(np.array(EAST, np.float32))
    async with site.client(encoder) as client:
        answer = await client.post("/api/search/ocr", json={"ocr": "发票", "page": 1, "size": 5})
        empty = await client.post("/api/search/ocr", json={"ocr": "  "})
        missing = await client.post("/api/search/ocr", json={})
    assert ids(answer.json()["assets"]) == [str(wanted)]
    assert encoder.asked == []
    assert (empty.status_code, missing.status_code) == (400, 400)


async def test_how_pictures_are_weighed_is_kept_for_the_folder(site):
    for number in range(60):
        await site.add(f"north{number}.jpg", vector=(0.0, 1.0, number / 1000))
    like = await site.add("east.jpg", vector=EAST)
    async with site.client(FixedEncoder(np.array(EAST, np.float32))) as client:
        before = await smart(client, query="sunset")
        put = await client.put("/allinone/api/search-preference", json={"cutoff": "off"})
        kept = await client.get("/allinone/api/search-preference")
        after = await smart(client, query="sunset")
        wrong = await client.put("/allinone/api/search-preference", json={"cutoff": "little"})
    assert ids(before) == [str(like)]
    assert (put.status_code, kept.json()["cutoff"], after["count"]) == (200, "off", 61)
    assert wrong.status_code == 400


async def test_pictures_are_found_where_there_is_a_model(site):
    like = await site.add("east.jpg", vector=EAST)
    await site.add("north.jpg", vector=NORTH)
    encoder = FixedEncoder(np.array(EAST, np.float32))
    async with site.client(encoder) as client:
        found = await client.post("/api/search/smart", json={"query": "sunset"})
    assert ids(found.json()["assets"])[0] == str(like)
    assert encoder.asked == ["sunset"]
    assert "x-allinone-notice" not in found.headers


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("out of memory"),
        np.zeros(3, np.float32),
        np.full(3, np.nan, np.float32),
        np.ones(5, np.float32),
        np.ones((2, 3), np.float32),
    ],
    ids=["raises", "zero", "nan", "wrong length", "wrong shape"],
)
async def test_a_model_that_fails_costs_the_pictures_only(site, answer, caplog):
    wanted = await site.add("receipt.jpg", ["發票"], vector=EAST)
    async with site.client(FixedEncoder(answer)) as client:
        found = await client.post("/api/search/smart", json={"query": "發票"})
        metrics = (await client.get("/metrics")).text
    assert found.status_code == 200
    assert ids(found.json()["assets"]) == [str(wanted)]
    if found.headers.get("x-allinone-notice") == "encoder_failed":
        assert "allinone_search_encoder_failures_total 1.0" in metrics
        assert "answered by text alone" in caplog.text
    else:
        assert np.shape(answer) == (5,)  # vectors of another length are another model's: never compared


async def test_without_a_model_there_is_one_notice(site):
    await site.add("receipt.jpg", ["發票"])
    async with site.client() as client:
        plain = await client.post("/api/search/smart", json={"query": "發票"})
        text = await client.post("/api/search/smart", json={"query": "ocr:發票"})
        explained = await client.post("/allinone/api/explain", json={"query": "發票"})
    assert plain.headers["x-allinone-notice"] == "no_clip_model"
    assert "x-allinone-notice" not in text.headers
    assert "models pull" in explained.json()["notice"]


async def test_explain_says_why(site):
    wanted = await site.add("receipt.jpg", ["歡迎光臨", "統一發票收執聯"], vector=EAST)
    async with site.client(FixedEncoder(np.array(EAST, np.float32))) as client:
        answer = (await client.post("/allinone/api/explain", json={"query": "发票"})).json()
    [hit] = answer["hits"]
    assert hit["assetId"] == str(wanted)
    assert hit["path"] == str(site.root / "receipt.jpg")
    assert hit["score"] > 0.5
    assert hit["text"]["kind"] == "phrase"
    [line] = hit["text"]["lines"]
    assert line["text"] == "統一發票收執聯"
    assert [line["text"][begin:end] for begin, end in line["spans"]] == ["發票"]
    assert line["box"] == pytest.approx([0.1, 0.2, 0.9, 0.2, 0.9, 0.25, 0.1, 0.25])
    assert hit["clip"]["similarity"] == pytest.approx(1)


async def test_page_two_goes_on_where_page_one_ended_while_photos_arrive(site):
    old = [await site.add(f"{number}.jpg", ["發票"]) for number in range(5)]
    async with site.client() as client:
        first = await smart(client, query="ocr:發票", size=2)
        await site.add("new.jpg", ["發票"])
        second = await smart(client, query="ocr:發票", size=2, page=2)
        third = await smart(client, query="ocr:發票", size=2, page=3)
        fourth = await smart(client, query="ocr:發票", size=2, page=4)
        again = await smart(client, query="ocr:發票", size=10)
    assert (first["nextPage"], second["nextPage"], third["nextPage"], fourth["nextPage"]) == (
        "2",
        "3",
        None,
        None,
    )
    seen = ids(first) + ids(second) + ids(third)
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == {str(asset) for asset in old}
    assert again["count"] == 6


async def test_a_photo_that_goes_away_leaves_a_shorter_page_not_an_error(site):
    photos = [await site.add(f"{number}.jpg", ["發票"]) for number in range(3)]
    async with site.client() as client:
        first = await smart(client, query="ocr:發票", size=1)
        with psycopg.connect(site.dsn) as connection:
            connection.execute("update library_asset set missing_since = now() where id <> %s", [ids(first)[0]])
        second = await smart(client, query="ocr:發票", size=1, page=2)
    assert ids(first)[0] in {str(photo) for photo in photos}
    assert (second["count"], second["nextPage"]) == (0, "3")


async def test_filters_are_honoured(site):
    picture = await site.add("a_b.jpg", ["發票 甲"], make="Kestrel")
    video = await site.add("axb.mp4", ["發票 乙"], kind="VIDEO")
    async with site.client() as client:

        async def found(**filters):
            return ids(await smart(client, query="ocr:發票", **filters))

        assert set(await found()) == {str(picture), str(video)}
        assert await found(type="VIDEO") == [str(video)]
        assert await found(make="Kestrel") == [str(picture)]
        assert await found(make=None) == [str(video)]
        assert await found(takenAfter="2024-01-03T00:00:00.000Z") == [str(video)]
        assert await found(takenBefore="2024-01-03T08:00:00+08:00") == [str(picture)]
        assert await found(ocr="甲") == [str(picture)]
        assert await found(filter={"type": {"eq": "VIDEO"}, "isFavorite": {"eq": False}}) == [str(video)]
        assert await found(filter={"id": {"eq": str(picture)}}) == [str(picture)]
        assert await found(filter={"originalFileName": {"like": "a_b"}}) == [str(picture)]
        assert await found(filter={"takenAt": {"gte": "2024-01-03T00:00:00Z"}}) == [str(video)]


async def test_filters_reach_photos_older_than_those_a_common_word_ranks(site):
    old = await site.add("old.jpg", ["發票 甲"], make="Kestrel")
    video = await site.add("old.mp4", ["發票 乙"], kind="VIDEO")
    await site.fill(FIRST_TEXT_HITS + 20, "發票")
    async with site.client() as client:
        assert str(old) not in ids(await smart(client, query="ocr:發票", size=FIRST_TEXT_HITS - 1))
        assert ids(await smart(client, query="ocr:發票", make="Kestrel")) == [str(old)]
        assert ids(await smart(client, query="ocr:發票", type="VIDEO")) == [str(video)]
        assert ids(await smart(client, query="ocr:發票", ocr="甲")) == [str(old)]
        assert ids(await smart(client, query="ocr:發票", ocr="發票", takenBefore="2024-01-03T23:00:00Z")) == [
            str(video),
            str(old),
        ]
        assert ids(await smart(client, query="ocr:發票", make="Kestrel", type="VIDEO")) == []


async def test_all_photos_with_a_common_word_can_be_paged_through_in_one_order(site):
    oldest = await site.add("old.jpg", ["發票 甲"])
    await site.fill(FIRST_TEXT_HITS * 3, "發票")
    async with site.client() as client:
        seen: list[str] = []
        page: int | None = 1
        while page is not None:
            answer = await smart(client, query="ocr:發票", page=page, size=90)
            assert 0 < len(answer["items"]) <= 90
            seen += ids(answer)
            page = int(answer["nextPage"]) if answer["nextPage"] else None
        assert len(seen) == len(set(seen)) == FIRST_TEXT_HITS * 3 + 1
        assert str(oldest) in seen[FIRST_TEXT_HITS:]
        # Asked for at once, and by somebody who begins in the middle.
        assert set(ids(await smart(client, query="ocr:發票", size=1000))) == set(seen)
        assert ids(await smart(client, query="ocr:發票 ", page=4, size=90)) == seen[270:360]


NOBODY = "7d0c5c8f-5b1e-4a0e-9b56-0d1f4f0a8a11"
NEVER = [
    {"personIds": [NOBODY]},
    {"albumIds": [NOBODY]},
    {"isFavorite": True},
    {"visibility": "archive"},
    {"visibility": "locked"},
    {"city": "臺北市"},
    {"rating": 5},
    {"type": "AUDIO"},
    {"libraryId": NOBODY},
    {"trashedAfter": "2024-01-01T00:00:00.000Z"},
    {"filter": {"albumIds": {"any": [NOBODY]}}},
    {"filter": {"isFavorite": {"eq": True}}},
]


async def test_what_a_folder_never_has_finds_nothing(site):
    await site.add("receipt.jpg", ["發票"])
    async with site.client() as client:
        for filters in NEVER:
            assert (await smart(client, query="ocr:發票", **filters))["items"] == [], filters


async def test_what_the_web_page_of_immich_sends_is_understood(site):
    wanted = await site.add("receipt.jpg", ["發票"])
    body = {
        "visibility": "timeline", "page": 1, "withExif": True, "query": " ocr:發票 ", "language": "zh-Hant",
        "isFavorite": False, "isNotInAlbum": False, "personIds": [], "tagIds": None, "rating": None,
        "somethingNew": {"x": [1]},
    }  # fmt: skip
    async with site.client() as client:
        found = await smart(client, **body)
    assert ids(found) == [str(wanted)]
    assert found["items"][0]["exifInfo"]["exifImageWidth"] == 64


NOT_UNDERSTOOD = [
    ({}, "Either `query` or `queryAssetId` must be set"),
    ({"query": ""}, "Either `query` or `queryAssetId` must be set"),
    ({"query": " \n"}, "Either `query` or `queryAssetId` must be set"),
    ({"query": "x", "page": 0}, "page must not be less than 1"),
    ({"query": "x", "page": -(10**30)}, "page must"),
    ({"query": "x", "page": 10**400}, "page must"),
    ({"query": "x", "size": 1001}, "size must not be greater than 1000"),
    ({"query": "x", "size": 0}, "size must not be less than 1"),
    ({"query": "x", "size": "9"}, "size must be a whole number"),
    ({"query": "x", "size": 1.5}, "size must be a whole number"),
    ({"query": ["x"]}, "query must be a string"),
    ({"query": "x" * 20_000}, "query must have at most"),
    ({"query": "x", "type": "PAINTING"}, "type must be one of"),
    ({"query": "x", "isFavorite": "yes"}, "isFavorite must be true or false"),
    ({"query": "x", "takenAfter": "yesterday"}, "takenAfter must be a date"),
    ({"query": "x", "takenAfter": 5}, "takenAfter must be a date"),
    ({"query": "x", "personIds": ["me"]}, "must be a UUID"),
    ({"queryAssetId": "nobody"}, "queryAssetId must be a UUID"),
    ({"queryAssetId": NOBODY}, "Not found or no asset.read access"),
    ({"query": "x", "filter": {"or": [{"id": {"eq": "a"}}]}}, "filter.or is not understood"),
    ({"query": "x", "filter": {"id": "a"}}, "filter.id must be an object"),
    ({"query": "x", "filter": {"id": {"eq": "a"}}}, "filter.id.eq cannot be"),
    ({"query": "x", "filter": {"takenAt": {"gt": [1]}}}, "filter.takenAt.gt cannot be"),
    (
        {"query": "x", "filter": {"originalPath": {"startsWith": "a"}}},
        "originalPath.startsWith is not understood",
    ),
]


async def test_what_cannot_be_understood_is_named(site):
    async with site.client() as client:
        for body, message in NOT_UNDERSTOOD:
            problem = await smart(client, status=400, **body)
            text = problem["message"] if isinstance(problem["message"], str) else "; ".join(problem["message"])
            assert message in text, body
            assert (problem["error"], problem["statusCode"]) == ("Bad Request", 400)
            assert problem["correlationId"]


TYPED = [
    "\x00", "a\x00b", "\ud800", "...", "ocr:", "ocr: ", "-", '"', "a & | ! <-> (b:*", "%_\\", "x" * 10_000,
    "'; drop table library; --", "票" * 5000, "🙂", "\u202e\u200b", "ocr:" * 500, '"' * 999,
]  # fmt: skip


async def test_whatever_is_typed_is_answered(site):
    wanted = await site.add("receipt.jpg", ["發票"])
    async with site.client() as client:
        for query in TYPED:
            # As JSON of our own: httpx cannot send half of a surrogate pair.
            answer = await client.post("/api/search/smart", content=json.dumps({"query": query}))
            assert answer.status_code == 200 or "must be set" in answer.text, query[:50]
        assert ids(await smart(client, query="ocr:發票")) == [str(wanted)]


NOT_OURS = [
        (b"", 400), (b"[]", 400), (b"3", 400), (b"null", 400), (b"{", 400), (b'{"query": NaN}', 400),
        (b'{"query": "\xff"}', 400), (b"[" * 50_000, 400), (b'{"query": "' + b"x" * 2_000_000 + b'"}', 413),
]  # fmt: skip


async def test_bodies_that_are_not_ours_are_refused_in_immichs_shape(site):
    async with site.client() as client:
        for path in ("/api/search/smart", "/api/search/ocr", "/api/search/metadata", "/allinone/api/explain"):
            for content, status in NOT_OURS:
                answer = await client.post(path, content=content, headers={"content-type": "application/json"})
                assert answer.status_code == status, (path, content[:50])
                assert answer.json()["statusCode"] == status


async def test_similar_photos(site):
    asked = await site.add("east.jpg", vector=EAST)
    near = await site.add("near.jpg", vector=(0.9, 0.1, 0.0))
    blind = await site.add("blind.jpg")
    async with site.client(FixedEncoder(np.array(EAST, np.float32))) as client:
        found = ids(await smart(client, queryAssetId=str(asked)))
        problem = await smart(client, status=400, queryAssetId=str(blind))
    async with site.client() as client:
        no_model = await smart(client, status=400, queryAssetId=str(asked))
    assert found[0] == str(near)
    assert str(asked) not in found
    assert f"Asset {blind} has no embedding" in problem["message"]
    assert "models pull" in no_model["message"]


async def test_metadata_search(site):
    first = await site.add("holiday_1.jpg", ["發票"])
    second = await site.add("holidayX1.jpg")
    async with site.client() as client:

        async def found(**body):
            return (await client.post("/api/search/metadata", json=body)).json()["assets"]

        assert ids(await found()) == [str(second), str(first)]
        assert ids(await found(originalFileName="HOLIDAY_1")) == [str(first)]
        assert ids(await found(id=str(second))) == [str(second)]
        assert ids(await found(ocr="发票")) == [str(first)]
        checksum = (await found(id=str(first)))["items"][0]["checksum"]
        assert ids(await found(checksum=checksum)) == [str(first)]
        page = await found(size=1)
        assert (ids(page), page["nextPage"]) == ([str(second)], "2")
        assert ids(await found(size=1, page=2)) == [str(first)]
        assert (await found(description="anything"))["items"] == []
        wrong = await client.post("/api/search/metadata", json={"checksum": "?"})
    assert wrong.status_code == 400
