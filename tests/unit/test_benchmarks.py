"""The benchmarks that can be asked for, and what is told of their times."""

from collections.abc import Iterator

import pytest
from benchmarks import timing
from benchmarks.timing import Sample, measure

from allinone.cli import bench


def test_what_benchmarks_have_in_common_is_none():
    assert {"search", "relevance", "growth"} <= set(bench.names())
    assert not {"copies", "corpus", "timing", "__init__"} & set(bench.names())


async def _found(query: str) -> int:
    return len(query)


async def test_rounds_in_which_the_host_took_time_are_told_apart(monkeypatch: pytest.MonkeyPatch):
    clock: Iterator[float] = iter([0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.01, 0.01])  # before and after each of four rounds
    monkeypatch.setattr(timing, "stolen", lambda: next(clock))
    times, hits = await measure(_found, ["a", "bc"], 3)
    assert hits == 3
    assert [[sample.alone for sample in rounds] for rounds in times.values()] == [[True, False, True]] * 2


def test_times_left_alone_are_told_beside_all():
    rounds = [Sample(float(number), number <= 20) for number in range(1, 101)]
    told = timing.timing("words", {"a": rounds, "b": [Sample(7.0, alone=False)]}, 5)
    assert (told.hits, told.p95, told.alone_p95, told.alone_share) == (5, 95.0, 19.05, 0.2)
    assert (told.best_p50, told.best_p95) == (4.0, 6.7)
    assert timing.timing("words", {"a": [Sample(7.0, alone=False)]}, 0).alone_p95 is None
