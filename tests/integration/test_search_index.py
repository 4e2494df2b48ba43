"""The index on a real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allinone.database.pool import Database
from allinone.errors import InvalidRequest, NotFound
from allinone.search.document_tokens import documents_tokens
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.picture_leg import MOST_PICTURE_HITS
from allinone.search.text_leg import FEW_TOGETHER, FIRST_TEXT_HITS
from allinone.search.tokens import LARGE
from allinone.wire.ocr import OcrLine
from unit.search.papers import at, document_of, paper
from unit.search.test_search_must_match import MUST_MATCH, MUST_NOT_MATCH
from unit.search.test_search_query import TYPED

OWNER, OTHER = uuid4(), uuid4()
DAY = datetime.fromisoformat("2024-05-01T10:00:00")


@pytest.fixture
def index(database: Database) -> SearchIndex:
    return SearchIndex(database)


async def put(index: SearchIndex, *texts: str, owner: UUID = OWNER, taken_at: datetime | None = DAY) -> UUID:
    asset_id = uuid4()
    await index.put_text(asset_id, owner, taken_at, paper(*texts))
    return asset_id


async def find(index: SearchIndex, query: str, owners: Sequence[UUID] = (OWNER,)) -> list[UUID]:
    return (await index.rank(RankRequest(query, owners, text_only=True))).asset_ids


async def test_must_match_through_the_index(index: SearchIndex):
    """Among all the other texts: so the candidates, too, are the right ones."""
    wanted = {name: await put(index, *texts) for name, (_, texts, _) in MUST_MATCH.items()}
    missed = [name for name, (query, _, _) in MUST_MATCH.items() if wanted[name] not in await find(index, query)]
    assert missed == []


async def test_must_not_match_through_the_index(index: SearchIndex):
    unwanted = {name: await put(index, *texts) for name, (_, texts) in MUST_NOT_MATCH.items()}
    found = [name for name, (query, _) in MUST_NOT_MATCH.items() if unwanted[name] in await find(index, query)]
    assert found == []


JOINED = {
    "side by side": ("發票", [at("統一發", 0.1, 0.1, 0.09, 0.03), at("票收執聯", 0.2, 0.1, 0.12, 0.03)]),
    "one under the other": ("電子發票", [at("電子發", 0.1, 0.1, 0.09, 0.03), at("票證明", 0.1, 0.14, 0.09, 0.03)]),
    "a column": ("小心地滑", [at(c, 0.5, 0.1 + 0.06 * row, 0.05, 0.05) for row, c in enumerate("小心地滑")]),
    "letters one by one": ("exit", [at(c, 0.1 + 0.06 * place, 0.1, 0.03, 0.05) for place, c in enumerate("EXIT")]),
    "vertical lines": ("光臨小", [at("歡迎光", 0.6, 0.1, 0.05, 0.3), at("臨小店", 0.52, 0.1, 0.05, 0.3)]),
    "a plate in two boxes": ("RE16TGK", [at("RE16", 0.1, 0.1, 0.08, 0.04), at("TGK", 0.2, 0.1, 0.06, 0.04)]),
}


@pytest.mark.parametrize(("query", "lines"), JOINED.values(), ids=JOINED.keys())
async def test_phrases_over_lines(index: SearchIndex, query: str, lines: list[OcrLine]):
    asset_id = uuid4()
    await index.put_text(asset_id, OWNER, DAY, lines)
    ranking = await index.rank(RankRequest(f"ocr:{query}", [OWNER]))
    assert [(hit.asset_id, hit.kind) for hit in ranking.hits] == [(asset_id, "phrase")]
    [hit] = await index.explain(ranking, [asset_id])
    assert hit.text is not None
    assert len(hit.text.lines) >= 2
    assert all(line.spans for line in hit.text.lines)


async def test_only_owners_asked_for(index: SearchIndex):
    mine, theirs = await put(index, "發票"), await put(index, "發票", owner=OTHER)
    assert await find(index, "發票") == [mine]
    assert await find(index, "發票", [OTHER]) == [theirs]
    assert set(await find(index, "發票", [OWNER, OTHER, OWNER])) == {mine, theirs}
    assert await find(index, "發票", []) == []
    assert await find(index, "發票", [uuid4()]) == []


async def test_lines_come_back_as_they_were(index: SearchIndex):
    lines = [
        OcrLine("統一 發票：ＡＢ", (0.1, 1 / 3, 0.7, 0.30001, 0.7, 0.4, 0.1, 0.41), 0.87, 0.912345678),
        OcrLine("", (0.0,) * 8, 0.5, 0.6),
    ]
    asset_id = uuid4()
    await index.put_text(asset_id, OWNER, DAY, lines)
    assert await index.lines(asset_id) == lines
    assert await index.lines(uuid4()) == []


async def test_what_a_database_cannot_hold_is_replaced_in_place(index: SearchIndex):
    asset_id = uuid4()
    strange = OcrLine("發\0票\ud800總\n計", (float("nan"),) * 8, float("inf"), float("nan"))
    await index.put_text(asset_id, OWNER, DAY, [strange])
    [line] = await index.lines(asset_id)
    assert line.text == "發\ufffd票\ufffd總 計"
    assert await find(index, "總計") == [asset_id]


async def test_a_text_replaces_the_one_before(index: SearchIndex):
    asset_id = uuid4()
    await index.put_text(asset_id, OWNER, DAY, paper("發票"))
    await index.put_text(asset_id, OWNER, DAY, paper("菜單"))
    assert await find(index, "發票") == []
    assert await find(index, "菜單") == [asset_id]
    await index.put_text(asset_id, OWNER, DAY, [])
    assert await find(index, "菜單") == []
    assert await index.lines(asset_id) == []


async def test_what_is_removed_is_gone(index: SearchIndex):
    asset_id, kept = await put(index, "發票"), await put(index, "發票")
    await index.put_vector(asset_id, OWNER, DAY, "m", np.ones(4, dtype=np.float32))
    await index.remove([asset_id, uuid4()])
    await index.remove([])
    assert await find(index, "發票") == [kept]
    assert await index.lines(asset_id) == []
    with pytest.raises(NotFound):
        await index.similar(asset_id, [OWNER], model="m")


async def test_writing_is_part_of_the_callers_transaction(index: SearchIndex, database: Database):
    asset_id = uuid4()

    async def write_and_fail() -> None:
        async with database.connection() as connection:
            await index.put_text(asset_id, OWNER, DAY, paper("發票"), connection=connection)
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await write_and_fail()
    assert await find(index, "發票") == []


async def test_ties_go_to_the_newest(index: SearchIndex):
    undated = await put(index, "發票", taken_at=None)
    old = await put(index, "發票", taken_at=DAY)
    new = await put(index, "發票", taken_at=DAY + timedelta(days=1))
    aware = await put(index, "發票", taken_at=datetime(2024, 5, 3, tzinfo=UTC))
    assert await find(index, "發票") == [aware, new, old, undated]


async def test_rank_order_of_classes(index: SearchIndex):
    fuzzy = await put(index, "統一癸票 現金")
    apart = await put(index, "現金", "統一發票")
    phrase = await put(index, "統一發票 現金")
    assert await find(index, "統一發票 現金") == [phrase, apart, fuzzy]


async def test_explanations_name_lines_and_spans(index: SearchIndex):
    lines = [at("電子發票證明聯", 0.1, 0.1, 0.2, 0.02, 0.8), at("總計 560", 0.1, 0.5, 0.2, 0.02, 0.9)]
    asset_id = uuid4()
    await index.put_text(asset_id, OWNER, DAY, lines)
    ranking = await index.rank(RankRequest("ocr:发票", [OWNER]))
    [hit] = await index.explain(ranking, [asset_id, uuid4()])
    assert hit.clip is None
    assert hit.score == pytest.approx(0.8, abs=1e-5)
    assert hit.text is not None
    assert (hit.text.kind, hit.text.terms) == ("phrase", ["发票"])
    [line] = hit.text.lines
    assert (line.text, line.box, line.text_score) == (lines[0].text, lines[0].box, 0.8)
    assert line.spans == [(2, 4)]


async def test_a_kept_ranking_does_not_move(index: SearchIndex):
    for _ in range(4):
        await put(index, "發票")
    ranking = await index.rank(RankRequest("ocr:發票", [OWNER]))
    first = ranking.asset_ids[:2]
    await put(index, "發票", taken_at=DAY + timedelta(days=9))
    await index.remove([ranking.asset_ids[3]])
    assert ranking.asset_ids[:2] == first
    explained = await index.explain(ranking, ranking.asset_ids[2:])
    assert [hit.asset_id for hit in explained] == ranking.asset_ids[2:]


@pytest.mark.parametrize("query", ["", " ", "ocr:", "!!!", "\0", "：", "-", '""'])
async def test_nothing_typed_finds_nothing(index: SearchIndex, query: str):
    await put(index, "發票!!!")
    assert await find(index, query) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_nothing_typed_is_an_error(index: SearchIndex, data: st.DataObject):
    await index.rank(RankRequest(data.draw(TYPED), [OWNER]))


async def test_a_very_long_document_is_found_by_each_of_its_words(index: SearchIndex):
    characters = [chr(point) for point in range(0x4E00, 0x9FA0)]
    lines = paper(*("".join(characters[at::7]) + "".join(characters[at::11]) for at in range(7)))
    longer = [
        *lines * 6,
        *paper(*("".join(chr(0x4E00 + (i * k) % 20000) for i in range(9000)) for k in range(3, 30, 2))),
    ]
    assert documents_tokens([document_of(longer)], [None]) == [LARGE]
    asset_id = uuid4()
    await index.put_text(asset_id, OWNER, DAY, [*longer, *paper("統一發票 560")])
    assert await find(index, "統一發票") == [asset_id]
    assert await find(index, "發票 560") == [asset_id]
    assert await find(index, "561") == []


async def test_a_word_that_stands_a_thousand_times(index: SearchIndex):
    asset_id = await put(index, *(["發票"] * 1000))
    assert await find(index, "發票") == [asset_id]


async def test_excluded_words(index: SearchIndex):
    plain, _ = await put(index, "發票"), await put(index, "發票 現金")
    assert await find(index, "發票 -現金") == [plain]


def _direction(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


async def _picture(index: SearchIndex, *values: float, owner: UUID = OWNER, model: str = "m") -> UUID:
    asset_id = uuid4()
    await index.put_vector(asset_id, owner, DAY, model, _direction(*values))
    return asset_id


async def _library(index: SearchIndex, count: int, owner: UUID = OWNER) -> None:
    draw = np.random.default_rng(3)
    for _ in range(count):
        await _picture(index, 0.0, *draw.normal(size=7), owner=owner)


async def test_pictures_without_statistics_rank_by_likeness(index: SearchIndex):
    unlike, like = await _picture(index, 0.1, 1.0), await _picture(index, 1.0, 0.1)
    await _picture(index, 1.0, 0.0, owner=OTHER)
    await _picture(index, 1.0, 0.0, model="another")
    await _picture(index, 1.0, 0.0, 0.0)
    ranking = await index.rank(RankRequest("狗", [OWNER], vector=_direction(2.0, 0.0), model="m"))
    assert ranking.asset_ids == [like, unlike]
    [hit, _] = await index.explain(ranking, ranking.asset_ids)
    assert hit.clip is not None
    assert hit.clip.similarity == pytest.approx(0.995, abs=1e-3)
    assert hit.clip.z is None


async def test_pictures_that_do_not_stand_out_are_cut(index: SearchIndex):
    await _library(index, 80)
    like = await _picture(index, 1.0, *[0.05] * 7)
    vector = _direction(1.0, *[0.02] * 7)
    ranking = await index.rank(RankRequest("狗", [OWNER], vector=vector, model="m"))
    assert ranking.asset_ids == [like]
    assert ranking.hits[0].z is not None
    assert ranking.hits[0].z > 3
    everything = await index.rank(RankRequest("狗", [OWNER], vector=vector, model="m", cutoff="off"))
    assert len(everything) == 81


async def test_few_photos_are_measured_beside_everybodys(index: SearchIndex):
    await _library(index, 80, owner=OTHER)
    await _picture(index, 1.0, *[0.0] * 7, owner=OTHER)
    like, _ = await _picture(index, 1.0, *[0.05] * 7), await _picture(index, 0.0, 1.0, *[0.0] * 6)
    vector = _direction(1.0, *[0.02] * 7)
    ranking = await index.rank(RankRequest("狗", [OWNER], vector=vector, model="m"))
    assert ranking.asset_ids == [like]
    assert ranking.hits[0].z is not None
    assert ranking.hits[0].z > 3
    without = await index.rank(RankRequest("狗", [OWNER], vector=vector, model="another"))
    assert without.asset_ids == []


async def test_a_phrase_stands_above_a_picture(index: SearchIndex):
    await _library(index, 60)
    picture = await _picture(index, 1.0, *[0.0] * 7)
    read = await put(index, "賣狗的店")
    await index.put_vector(read, OWNER, DAY, "m", _direction(0.0, 1.0, *[0.0] * 6))
    request = RankRequest("狗", [OWNER], vector=_direction(1.0, *[0.0] * 7), model="m")
    ranking = await index.rank(request)
    assert ranking.asset_ids == [read, picture]
    [both] = ranking.of([read])
    assert both.similarity == pytest.approx(0.0, abs=1e-6)
    text_only = await index.rank(RankRequest("ocr:狗", [OWNER], vector=request.vector, model="m"))
    assert text_only.asset_ids == [read]


async def test_excluded_words_hide_pictures_too(index: SearchIndex):
    picture = await _picture(index, 1.0, 0.0)
    labelled = await put(index, "發票")
    await index.put_vector(labelled, OWNER, DAY, "m", _direction(1.0, 0.0))
    ranking = await index.rank(RankRequest("狗 -發票", [OWNER], vector=_direction(1.0, 0.0), model="m"))
    assert ranking.asset_ids == [picture]


@pytest.mark.parametrize("more", [FIRST_TEXT_HITS - 5, FIRST_TEXT_HITS + 5, FEW_TOGETHER + 5])
async def test_the_phrase_comes_first_however_many_newer_photos_have_its_words_apart(index: SearchIndex, more: int):
    together = await put(index, "統一 發票", taken_at=DAY - timedelta(days=1000))
    apart = [AssetText(uuid4(), OWNER, DAY, paper("發票", "收據", "統一")) for _ in range(more)]
    await index.put_texts(apart)
    assert (await find(index, "統一 發票"))[0] == together


async def test_pictures_are_found_within_some_however_many_are_more_alike(index: SearchIndex):
    likest = [await _picture(index, 1.0, number / 1e4) for number in range(MOST_PICTURE_HITS)]
    allowed = [await _picture(index, 1.0, 0.5), await _picture(index, 1.0, 0.7)]
    request = RankRequest("狗", [OWNER], vector=_direction(1.0, 0.0), model="m", cutoff="off")
    ranking = await index.rank(request)
    assert (set(ranking.asset_ids), ranking.truncated) == (set(likest), True)
    among_few = await index.rank(replace(request, within=allowed))
    assert (set(among_few.asset_ids), among_few.truncated) == (set(allowed), False)
    similar = await index.similar(likest[0], [OWNER], model="m", within=allowed, cutoff="off")
    assert similar.asset_ids == allowed


async def test_similar_pictures(index: SearchIndex):
    asked, like, unlike = (
        await _picture(index, 1.0, 0.0),
        await _picture(index, 0.9, 0.1),
        await _picture(index, 0.0, 1.0),
    )
    ranking = await index.similar(asked, [OWNER], model="m")
    assert ranking.asset_ids == [like, unlike]
    for owners, model in (([OTHER], "m"), ([OWNER], "another"), ([], "m")):
        with pytest.raises(NotFound):
            await index.similar(asked, owners, model=model)


@pytest.mark.parametrize(
    "vector",
    [
        _direction(0.0, 0.0),
        _direction(float("nan"), 1.0),
        _direction(float("inf"), 1.0),
        _direction(),
        _direction(1.0).reshape(1, 1),
    ],
    ids=["zero", "nan", "infinite", "empty", "matrix"],
)
async def test_vectors_that_are_none(index: SearchIndex, vector: np.ndarray):
    with pytest.raises(InvalidRequest):
        await index.put_vector(uuid4(), OWNER, DAY, "m", vector)
    with pytest.raises(InvalidRequest):
        await index.rank(RankRequest("狗", [OWNER], vector=vector, model="m"))
    assert await find(index, "狗") == []


async def test_one_connection_is_enough_for_many_at_once(database: Database):
    """Text and pictures are looked for beside each other; none may keep what it has until it gets another."""
    async with Database(database.dsn, max_connections=1) as narrow:
        index = SearchIndex(narrow)
        read = await put(index, "賣狗的店")
        request = RankRequest("狗 -貓", [OWNER], vector=_direction(1.0, 0.0), model="m")
        async with asyncio.timeout(8):  # less than anybody waits for a connection
            rankings = await asyncio.gather(*(index.rank(request) for _ in range(8)))
        assert [ranking.asset_ids for ranking in rankings] == [[read]] * 8
