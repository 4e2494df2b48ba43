"""Times of queries, asked in rounds, and what is told of them.

A virtual machine's host gives part of its processors to others. The kernel counts what is taken so; a query that it
happens to takes several milliseconds longer, whatever it does. So of each round it is kept whether it happened.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psutil


class Sample(NamedTuple):
    """One query of one round; `alone`: in a round in which the host took nothing."""

    milliseconds: float
    alone: bool


Times = dict[str, list[Sample]]


@dataclass(frozen=True, slots=True)
class Timing:
    """One class of queries; milliseconds.

    `best`: of each query's quickest round, which other work disturbs least. `alone`: of the rounds in which the host
    took nothing, None where there was none; and their share of all.
    """

    queries: str
    hits: int
    p50: float
    p95: float
    best_p50: float
    best_p95: float
    alone_p95: float | None
    alone_share: float


def stolen() -> float:
    """Seconds so far that processors were ready for us and did something else; 0 where that is not told.

    The kernel tells it in hundredths for each processor.
    """
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


async def measure(ask: Callable[[str], Awaitable[int]], queries: Sequence[str], repeat: int) -> tuple[Times, int]:
    """The times of each query in each round, and the hits of one round."""
    times: Times = {query: [] for query in queries}
    hits = 0
    for turn in range(repeat + 1):
        before = stolen()
        taken: list[float] = []
        for query in queries:
            began = time.perf_counter()
            found = await ask(query)
            taken.append((time.perf_counter() - began) * 1000)
            hits += 0 if turn else found
        alone = stolen() == before
        if turn:  # the first round warms the caches
            for query, milliseconds in zip(queries, taken, strict=True):
                times[query].append(Sample(milliseconds, alone))
    return times, hits


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile of one value or more, between those there are."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def timing(name: str, times: Times, hits: int) -> Timing:
    """What is told of a class of queries."""
    samples = [sample for rounds in times.values() for sample in rounds]
    every = [sample.milliseconds for sample in samples]
    best = [min(sample.milliseconds for sample in rounds) for rounds in times.values()]
    alone = [sample.milliseconds for sample in samples if sample.alone]
    numbers = (percentile(every, 50), percentile(every, 95), percentile(best, 50), percentile(best, 95))
    undisturbed = round(percentile(alone, 95), 2) if alone else None
    return Timing(name, hits, *(round(number, 2) for number in numbers), undisturbed, round(len(alone) / len(every), 2))
