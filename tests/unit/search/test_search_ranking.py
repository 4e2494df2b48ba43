from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search.calibration import Calibration, keep, strength
from allinone.search.ranking import PictureHit, TextHit, fuse, rank_text

DAY = datetime.fromisoformat("2024-05-01")

EARLIEST, LATEST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31")


def asset(number: int) -> UUID:
    return UUID(int=number)


KINDS = {"phrase": (0.0086, 1.0), "all_terms": (0.008, 0.845), "fuzzy": (0.005, 0.795)}


@st.composite
def text_hits(draw: st.DrawFn) -> list[TextHit]:
    hits = []
    for number in draw(st.lists(st.integers(0, 12), unique=True, max_size=8)):
        kind = draw(st.sampled_from(sorted(KINDS)))
        taken = draw(st.sampled_from([None, DAY, DAY + timedelta(days=1), EARLIEST, LATEST]))
        hits.append(TextHit(asset(number), taken, draw(st.floats(*KINDS[kind])), kind))
    return hits


def picture_hits(*, statistics: bool) -> st.SearchStrategy[list[PictureHit]]:
    z = st.floats(-10, 40) if statistics else st.none()
    one = st.builds(PictureHit, st.integers(0, 12).map(asset), st.sampled_from([None, DAY]), st.floats(-1, 1), z)
    return st.lists(one, max_size=8, unique_by=lambda hit: hit.asset_id)


ANY_PICTURES = st.one_of(picture_hits(statistics=True), picture_hits(statistics=False))
WEIGHTS = st.floats(0, 1)


@given(text_hits(), ANY_PICTURES, WEIGHTS, st.randoms())
def test_the_order_of_input_does_not_matter(text, pictures, weight, random):
    before = fuse(text, pictures, picture_weight=weight)
    random.shuffle(text)
    random.shuffle(pictures)
    after = fuse(text, pictures, picture_weight=weight)
    assert [hit.asset_id for hit in before] == [hit.asset_id for hit in after]
    assert [hit.score for hit in before] == [hit.score for hit in after]


@given(text_hits(), ANY_PICTURES, WEIGHTS)
def test_scores_are_numbers_from_0_to_1_and_descend(text, pictures, weight):
    scores = [hit.score for hit in fuse(text, pictures, picture_weight=weight)]
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert scores == sorted(scores, reverse=True)


@given(text_hits(), ANY_PICTURES, WEIGHTS)
def test_a_phrase_stands_above_every_picture(text, pictures, weight):
    ranked = fuse(text, pictures, picture_weight=weight)
    phrases = [place for place, hit in enumerate(ranked) if hit.kind == "phrase"]
    pictures_only = [place for place, hit in enumerate(ranked) if hit.kind is None]
    if phrases and pictures_only:
        assert max(phrases) < min(pictures_only)


@given(text_hits(), ANY_PICTURES, WEIGHTS)
def test_nothing_is_lost_or_doubled(text, pictures, weight):
    ranked = fuse(text, pictures, picture_weight=weight)
    expected = {hit.asset_id for hit in text} | {hit.asset_id for hit in pictures}
    assert sorted(hit.asset_id for hit in ranked) == sorted(expected)


@given(text_hits(), picture_hits(statistics=True), WEIGHTS, st.floats(0, 30), st.data())
def test_a_liker_picture_never_scores_lower(text, pictures, weight, more, data):
    if not pictures:
        return
    chosen = data.draw(st.sampled_from(pictures))
    raised = [
        PictureHit(hit.asset_id, hit.taken_at, hit.similarity, (hit.z or 0.0) + more) if hit is chosen else hit
        for hit in pictures
    ]
    before = {hit.asset_id: hit.score for hit in fuse(text, pictures, picture_weight=weight)}
    after = {hit.asset_id: hit.score for hit in fuse(text, raised, picture_weight=weight)}
    assert after[chosen.asset_id] >= before[chosen.asset_id]


@given(text_hits(), ANY_PICTURES, WEIGHTS, st.floats(0, 1), st.data())
def test_a_better_text_never_scores_lower(text, pictures, weight, share, data):
    if not text:
        return
    chosen = data.draw(st.sampled_from(text))
    better = chosen.score + (1 - chosen.score) * share
    raised = [TextHit(hit.asset_id, hit.taken_at, better, hit.kind) if hit is chosen else hit for hit in text]
    before = [hit.asset_id for hit in fuse(text, pictures, picture_weight=weight)]
    after = [hit.asset_id for hit in fuse(raised, pictures, picture_weight=weight)]
    assert after.index(chosen.asset_id) <= before.index(chosen.asset_id)


def test_ties_go_to_the_newer_and_then_to_the_smaller_id():
    hits = [
        TextHit(asset(4), None, 1.0, "phrase"),
        TextHit(asset(3), DAY, 1.0, "phrase"),
        TextHit(asset(2), DAY + timedelta(days=1), 1.0, "phrase"),
        TextHit(asset(1), DAY, 1.0, "phrase"),
    ]
    assert [hit.asset_id.int for hit in rank_text(hits)] == [2, 1, 3, 4]


def test_by_ranks_alone_scores_do_not_matter():
    text = [TextHit(asset(1), DAY, 0.8, "fuzzy"), TextHit(asset(2), DAY, 0.79, "fuzzy")]
    pictures = [PictureHit(asset(2), DAY, 0.3, 3.1), PictureHit(asset(3), DAY, 0.2, 3.0)]
    ranks = fuse(text, pictures, fusion="reciprocal")
    assert [hit.asset_id.int for hit in ranks] == [2, 1, 3]
    liker = [hit._replace(z=(hit.z or 0) + 30, similarity=hit.similarity + 0.4) for hit in pictures]
    assert [hit.score for hit in fuse(text, liker, fusion="reciprocal")] == [hit.score for hit in ranks]


def test_pictures_off_the_scale_are_ordered_by_likeness_not_by_date():
    pictures = [
        PictureHit(asset(1), DAY + timedelta(days=9), 0.1, -1.0),
        PictureHit(asset(2), DAY, 0.2, 1.5),
        PictureHit(asset(3), DAY + timedelta(days=5), 0.15, 0.5),
        PictureHit(asset(4), DAY + timedelta(days=8), 0.7, 6.5),
        PictureHit(asset(5), DAY, 0.8, 9.0),
    ]
    assert [hit.asset_id.int for hit in fuse([], pictures)] == [5, 4, 2, 3, 1]


@given(text_hits(), picture_hits(statistics=True), st.floats(0.1, 1))
def test_of_pictures_alone_the_liker_stands_above(text, pictures, weight):
    likeness = [hit.z for hit in fuse(text, pictures, picture_weight=weight) if hit.kind is None]
    assert all(above >= below - 1e-3 for above, below in pairwise(likeness))


@pytest.mark.parametrize(("z", "expected"), [(-3.0, 0.0), (2.0, 0.0), (4.0, 0.5), (6.0, 1.0), (60.0, 1.0)])
def test_strength(z: float, expected: float):
    assert strength(z) == expected


def test_calibration_needs_enough_pictures():
    vector = np.ones(4, dtype=np.float32) / 2
    assert Calibration.of(None, vector) is None
    assert Calibration.of(np.ones((49, 4), dtype=np.float32), vector) is None
    alike = Calibration.of(np.ones((50, 4), dtype=np.float32) / 2, vector)
    assert alike is not None
    assert np.isfinite(alike.z(1.0))


def test_cut_offs():
    calibration = Calibration(mean=0.2, deviation=0.05)
    similarities = [0.50, 0.49, 0.36, 0.355, 0.3, 0.1]
    assert keep(similarities, calibration, "off") == 6
    assert keep(similarities, calibration, "normal") == 4
    assert keep(similarities, calibration, "strict") == 2
    assert keep(similarities, None, "normal") == 6
    assert keep([], calibration, "strict") == 0
