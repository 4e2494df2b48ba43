"""Other weights over an explained search: the rule of the ranking itself."""

from typing import Any
from uuid import UUID

from allinone.extension.immich_pages.weighing import weigh


def hit(number: int, *, text: float | None = None, kind: str = "phrase", z: float | None = None) -> dict[str, Any]:
    return {
        "assetId": str(UUID(int=number)),
        "score": 0.5,
        "text": None if text is None else {"score": text, "kind": kind},
        "clip": None if z is None else {"similarity": z / 20, "z": z},
    }


def order(hits: list[dict[str, Any]], weight: float, cutoff: Any = "normal") -> list[int]:
    return [UUID(one.hit["assetId"]).int for one in weigh(hits, weight, cutoff)]


def test_the_weight_moves_pictures_and_texts() -> None:
    hits = [hit(1, text=0.9, kind="fuzzy"), hit(2, z=5.0)]
    assert order(hits, 0.1) == [1, 2]
    assert order(hits, 0.9) == [2, 1]


def test_a_phrase_stays_above_pictures() -> None:
    assert order([hit(1, z=9.0), hit(2, text=0.5)], 0.95) == [2, 1]


def test_cut_offs_are_those_of_the_search() -> None:
    hits = [hit(1, z=6.0), hit(2, z=5.5), hit(3, z=3.5), hit(4, z=2.0), hit(5, z=1.0, text=0.4)]
    assert set(order(hits, 0.5, "off")) == {1, 2, 3, 4, 5}
    assert set(order(hits, 0.5)) == {1, 2, 3, 5}
    assert set(order(hits, 0.5, "strict")) == {1, 2, 5}  # up to the largest gap; what has the text stays


def test_equal_ones_stay_as_they_stood() -> None:
    assert order([hit(9, text=1.0), hit(1, text=1.0), hit(5, text=1.0)], 0.5) == [9, 1, 5]


def test_without_statistics_nothing_is_cut() -> None:
    one = hit(1)
    one["clip"] = {"similarity": 0.2, "z": None}
    assert order([one, hit(2, text=0.9)], 0.5, "strict") == [2, 1]
    assert weigh([one], 0.5, "normal")[0].picture is None
