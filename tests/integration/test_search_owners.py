"""Nobody's search finds anybody else's photo, whatever is asked, and however."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allinone.database.pool import Database
from allinone.errors import NotFound
from allinone.search import newest_index, text_leg, vector_index
from allinone.search.index import AssetText, RankRequest, SearchIndex
from unit.search.papers import paper

PEOPLE = [UUID(int=number, version=4) for number in range(1, 5)]
TEXTS = ["統一發票 560", "发票 總計", "gift card total", "EXIT 出口", "統一癸票收據"]
QUERIES = ["發票", "ocr:發票", "總計 560", "card", "統一發票收據", "5", "票 -總計", "ocr:exit", '"統一發票"', "狗"]
LAST = datetime(2024, 6, 30)  # noqa: DTZ001
VECTORS = st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4).filter(any)
People = st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4)


@pytest.fixture
async def shared(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[SearchIndex, dict[UUID, UUID]]:
    """An index with everybody's photos, which vectors and the newest texts have indexes of, and whose each is."""
    index = SearchIndex(database)
    draw = np.random.default_rng(2)
    owners: dict[UUID, UUID] = {}
    texts = []
    for number in range(240):
        asset_id = uuid4()
        owners[asset_id] = PEOPLE[int(draw.integers(4))]
        taken_at = None if number % 7 == 0 else LAST - timedelta(days=int(draw.integers(200)))
        texts.append(AssetText(asset_id, owners[asset_id], taken_at, paper(TEXTS[number % 5])))
        await index.put_vector(asset_id, owners[asset_id], None, "m", draw.normal(size=4).astype(np.float32))
    await index.put_texts(texts)
    monkeypatch.setattr(vector_index, "WORTHWHILE", 100)  # some people together have so many, nobody alone
    await vector_index.build(database.dsn, "m", 4, len(owners))
    monkeypatch.setattr(newest_index, "WORTHWHILE", 100)
    monkeypatch.setattr(newest_index, "PARTS", (20, 50, 120))
    monkeypatch.setattr(text_leg, "AMPLE", 0.1)  # so that parts are asked of so few photos
    monkeypatch.setattr(text_leg, "FIRST_PART", 20)
    async with database.connection() as connection:
        await connection.execute("analyze search_token")
    assert await newest_index.build(database.dsn) == 3
    return index, owners


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_only_photos_of_those_asked_for_are_found(shared, data: st.DataObject):
    index, owners = shared
    # Somebody's own photos and those of the partners who share with them, as Immich decides it; of these, what a
    # filter or a visibility lets pass.
    people = data.draw(People)
    visible = {asset_id for asset_id, owner in owners.items() if owner in people}
    within = data.draw(st.none() | st.lists(st.sampled_from(sorted(owners)), max_size=40))
    vector = data.draw(st.none() | VECTORS.map(lambda numbers: np.array(numbers, dtype=np.float32)))
    cutoff = data.draw(st.sampled_from(["off", "normal", "strict"]))
    query = data.draw(st.sampled_from(QUERIES))
    request = RankRequest(query, people, within, vector, "m", cutoff=cutoff)
    ranking = await index.rank(request)
    allowed = visible if within is None else visible & set(within)
    assert set(ranking.asset_ids) <= allowed
    assert len(set(ranking.asset_ids)) == len(ranking)
    explained = await index.explain(ranking, list(owners))
    assert {hit.asset_id for hit in explained} == set(ranking.asset_ids)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_nothing_is_compared_with_a_strangers_photo(shared, data: st.DataObject):
    index, owners = shared
    people = data.draw(People)
    asked = data.draw(st.sampled_from(sorted(owners)))
    if owners[asked] not in people:
        with pytest.raises(NotFound):
            await index.similar(asked, people, model="m")
        return
    found = (await index.similar(asked, people, model="m", cutoff="off")).asset_ids
    assert all(owners[asset_id] in people for asset_id in found)
    assert asked not in found
