"""How well searches find: ours beside Immich's rule and, where this PostgreSQL has it, zhparser with ts_rank.

    ./run bench relevance [--rows N] [--queries N] [--json] [--dsn DSN]

The same invented photos four times, read with 0, 5, 10 and 20 % of their characters wrong, all in one PostgreSQL.
`--dsn` names a server that has zhparser, and where databases may be made; without it, a server of its own is started.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from benchmarks.corpus import Corpus, misread
from benchmarks.judged_queries import ABSENT, Judge, Judged
from benchmarks.peers import Peer, PeerText, database_for_peers, prepare
from rich.console import Console
from rich.table import Table

from allinone.cli import event_loop
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.search.index import AssetText, RankRequest, SearchIndex

TOP = 10
NOISE = (0.0, 0.05, 0.1, 0.2)
BATCH = 500
OURS = "ours"

Find = Callable[[str, UUID], Awaitable[Sequence[UUID]]]


@dataclass(frozen=True, slots=True)
class Score:
    """One class of queries in one search. `false_hits`: the share of queries that found something that is not there."""

    queries: str
    search: str
    count: int
    recall: float
    ndcg: float
    precision: float
    false_hits: float
    p50: float
    p95: float


def owner(noise: float) -> UUID:
    return UUID(int=1000 + round(noise * 100), version=4)


def asset(noise: float, number: int) -> UUID:
    return UUID(int=(round(noise * 100) + 1) << 64 | number, version=4)


def recall(found: Sequence[int], grades: dict[int, int]) -> float:
    """Of what answers the query, how much is among the first ten; of more than ten, ten are asked for."""
    return sum(number in grades for number in found[:TOP]) / min(len(grades), TOP)


def ndcg(found: Sequence[int], grades: dict[int, int]) -> float:
    """Discounted gain of the first ten beside that of the best order there is."""

    def gain(values: Sequence[int]) -> float:
        return float(sum((2**value - 1) / math.log2(place + 2) for place, value in enumerate(values[:TOP])))

    return gain([grades.get(number, 0) for number in found]) / gain(sorted(grades.values(), reverse=True))


async def measure(name: str, search: str, queries: Sequence[Judged], find: Find) -> Score:
    """One class of queries, asked of one search."""
    times, recalls, gains, precisions = [], [], [], []
    false = 0
    for judged in queries:
        began = time.perf_counter()
        answers = await find(judged.typed, owner(judged.noise))
        times.append((time.perf_counter() - began) * 1000)
        numbers = [asset_id.int & 0xFFFFFFFF for asset_id in answers]
        false += any(number not in judged.grades for number in numbers)
        if judged.grades:
            recalls.append(recall(numbers, judged.grades))
            gains.append(ndcg(numbers, judged.grades))
        if numbers:
            precisions.append(sum(number in judged.grades for number in numbers) / len(numbers))
    mean = statistics.fmean
    return Score(
        queries=name,
        search=search,
        count=len(queries),
        recall=round(mean(recalls), 4) if recalls else 1.0,
        ndcg=round(mean(gains), 4) if gains else 1.0,
        precision=round(mean(precisions), 4) if precisions else 1.0,
        false_hits=round(false / len(queries), 4),
        p50=round(statistics.median(times), 2),
        p95=round(statistics.quantiles(times, n=20, method="inclusive")[-1], 2),
    )


def make_texts(rows: int) -> tuple[list[list[str]], list[AssetText]]:
    """What stands in the photos, and what was read in them, for each of `NOISE`."""
    draw = random.Random(11)
    photos = list(Corpus(error_rate=0.0).photos(rows))
    start = datetime(2015, 1, 1)  # noqa: DTZ001
    moments = [start + timedelta(minutes=draw.randrange(5_000_000)) for _ in photos]
    texts = []
    for noise in NOISE:
        for number, (photo, moment) in enumerate(zip(photos, moments, strict=True)):
            lines = [replace(line, text=misread(line.text, noise, draw)) for line in photo.lines]
            texts.append(AssetText(asset(noise, number), owner(noise), moment, lines))
    return [photo.truth for photo in photos], texts


def of_peer(peer: Peer) -> Find:
    async def find(typed: str, who: UUID) -> Sequence[UUID]:
        return peer.find(typed, [who], TOP)

    return find


def of_ours(index: SearchIndex) -> Find:
    async def find(typed: str, who: UUID) -> Sequence[UUID]:
        return (await index.rank(RankRequest(f"ocr:{typed}", [who]))).asset_ids[:TOP]

    return find


async def run(dsn: str, rows: int, count: int) -> list[Score]:
    """The whole benchmark."""
    truths, texts = make_texts(rows)
    classes = Judge(truths).classes(truths, count)
    peers = prepare(dsn, (PeerText(text.asset_id, text.owner_id, text.taken_at, text.lines) for text in texts))
    async with Database(dsn) as database:
        index = SearchIndex(database)
        for at in range(0, len(texts), BATCH):
            await index.put_texts(texts[at : at + BATCH])
        async with database.connection() as connection:
            await connection.execute("analyze search_token")
        searches = {peer.name: of_peer(peer) for peer in peers} | {OURS: of_ours(index)}
        return [
            await measure(name, search, queries, find)
            for name, queries in classes.items()
            for search, find in searches.items()
        ]


def show(scores: Sequence[Score]) -> None:
    table = Table(title="What answers a query, among the first ten")
    for heading in ("queries", "search", "recall@10", "nDCG@10", "precision", "false hits", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="left" if heading in ("queries", "search") else "right")
    before = ""
    for score in scores:
        if before not in ("", score.queries):
            table.add_section()
        name = score.queries if score.queries != before else ""
        before = score.queries
        numbers = ["-" if score.queries == ABSENT else f"{value:.3f}" for value in (score.recall, score.ndcg)]
        numbers += [f"{score.precision:.3f}", f"{score.false_hits:.3f}", f"{score.p50:.1f}", f"{score.p95:.1f}"]
        table.add_row(name, score.search, *numbers)
    Console(width=130).print(table)


def main(argv: list[str]) -> int:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(prog="bench relevance", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--dsn")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    if options.rows < 100 or options.queries < 10:
        parser.error("--rows must be at least 100 and --queries at least 10")
    with tempfile.TemporaryDirectory(prefix="allinone-bench-") as directory:
        server = None if options.dsn else EmbeddedPostgres(Path(directory))
        if server:
            server.start()
        try:
            dsn = database_for_peers(server.dsn if server else options.dsn, f"relevance_{os.getpid()}")
            migrate(dsn)
            scores = event_loop.run(run(dsn, options.rows, options.queries))
        finally:
            if server:
                server.stop()
    print(json.dumps([asdict(score) for score in scores], ensure_ascii=False, indent=1)) if options.json else show(
        scores
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
