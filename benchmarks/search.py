"""How quick the text search is: texts indexed a second, milliseconds a query, bytes of index.

    ./run bench search [--rows N] [--json] [--repeat N]

Makes its own photos' texts and its own PostgreSQL in a temporary directory.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import uvloop
from benchmarks.corpus import Corpus
from rich.console import Console
from rich.table import Table

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.search.index import AssetText, RankRequest, SearchIndex

OWNER = UUID("00000000-0000-4000-8000-000000000001")
BATCH = 500
WRITERS = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """One class of queries; milliseconds."""

    queries: str
    hits: int
    p50: float
    p95: float
    worst: float


QUERIES: dict[str, list[str]] = {
    "commonest words": ["總計", "发票", "收據", "現金", "統一", "total"],
    "middling two characters": ["車票", "地址", "牛肉麵", "簽名", "珍珠", "出口", "服務"],
    "one Chinese character": ["票", "總", "魚", "桃", "車"],
    "one letter or digit": ["5", "a", "A", "0"],
    "Latin words": ["receipt", "coffee", "boarding", "paracetamol", "car", "tax"],
    "parts of numbers": ["1234", "560", "2024", "88", "987654"],
    "dates and amounts": ["2024-05-01", "2019/12/24", "1,250", "NT$ 120"],
    "several terms": ["總計 560", "高鐵 台北", "統一超商 現金", "total coffee", "姓名 陳"],
    "long phrases": ["電子發票證明聯", "免用統一發票收據", "全聯福利中心", "施工中請改道"],
    "scripts and widths": ["电子发票", "ＴＯＴＡＬ", "收据", "總計５６０"],
    "misread": ["電子發漂證明聯", "全聯福禾中心", "paracetmol", "insurence", "星巴剋咖啡"],
    "absent": ["量子糾纏", "xylophone", "鸚鵡", "99999999999", "zzqq"],
    "excluding": ["發票 -現金", "total -coffee", "總計 -統一"],
}


async def fill(index: SearchIndex, rows: int) -> tuple[float, int]:
    """Index `rows` texts; seconds taken, and characters indexed."""
    draw = random.Random(7)
    start = datetime(2015, 1, 1)  # noqa: DTZ001
    texts = [
        AssetText(
            UUID(int=draw.getrandbits(128), version=4),
            OWNER,
            start + timedelta(minutes=draw.randrange(5_000_000)),
            photo.lines,
        )
        for photo in Corpus().photos(rows)
    ]
    characters = sum(len(line.text) for text in texts for line in text.lines)
    batches = iter([texts[at : at + BATCH] for at in range(0, rows, BATCH)])

    async def write() -> None:
        for batch in batches:
            await index.put_texts(batch)

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return time.perf_counter() - began, characters


async def measure(index: SearchIndex, queries: Sequence[str], repeat: int) -> tuple[list[float], int]:
    """Milliseconds of each query, and the hits of one round."""
    times: list[float] = []
    hits = 0
    for turn in range(repeat + 1):
        for query in queries:
            began = time.perf_counter()
            ranking = await index.rank(RankRequest(f"ocr:{query}", [OWNER]))
            if turn:  # the first round warms the caches
                times.append((time.perf_counter() - began) * 1000)
            else:
                hits += len(ranking)
    return times, hits


def _percentile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def _timing(name: str, times: Sequence[float], hits: int) -> Timing:
    return Timing(name, hits, round(_percentile(times, 50), 2), round(_percentile(times, 95), 2), round(max(times), 2))


def _sizes(dsn: str) -> dict[str, int]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "select pg_total_relation_size('search_token') - pg_relation_size('search_token_tokens'),"
            " pg_relation_size('search_token_tokens'), pg_total_relation_size('search_lines'),"
            " (select sum(octet_length(texts)) from search_lines)"
        ).fetchone()
    assert row is not None
    return dict(zip(("texts and tokens", "index", "lines and boxes", "characters alone"), map(int, row), strict=True))


async def run(dsn: str, rows: int, repeat: int) -> dict[str, object]:
    """The whole benchmark."""
    async with Database(dsn) as database:
        index = SearchIndex(database)
        seconds, characters = await fill(index, rows)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("vacuum analyze search_token")
            connection.execute("vacuum analyze search_lines")
        timings = []
        everything: list[float] = []
        for name, queries in QUERIES.items():
            times, hits = await measure(index, queries, repeat)
            everything += times
            timings.append(_timing(name, times, hits))
        timings.append(_timing("all", everything, sum(timing.hits for timing in timings)))
    return {
        "rows": rows,
        "characters": characters,
        "texts_per_second": round(rows / seconds, 1),
        "bytes": _sizes(dsn),
        "queries": [asdict(timing) for timing in timings],
    }


def _print(result: dict[str, object]) -> None:
    console = Console()
    table = Table(title=f"{result['rows']:,} texts, {result['texts_per_second']:,} indexed a second")
    for heading in ("ocr: queries", "hits", "p50 ms", "p95 ms", "worst ms"):
        table.add_column(heading, justify="left" if heading.startswith("ocr") else "right")
    queries = result["queries"]
    assert isinstance(queries, list)
    for row in queries:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    console.print({name: f"{size / 1e6:.1f} MB" for name, size in _as_dict(result["bytes"]).items()})


def _as_dict(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value


def main(argv: list[str]) -> int:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    if options.rows < 1 or options.repeat < 1:
        parser.error("--rows and --repeat must be at least 1")
    with tempfile.TemporaryDirectory(prefix="allinone-bench-") as directory:
        server = EmbeddedPostgres(Path(directory))
        server.start()
        try:
            migrate(server.dsn)
            result = uvloop.run(run(server.dsn, options.rows, options.repeat))
        finally:
            server.stop()
    print(json.dumps(result, ensure_ascii=False, indent=1)) if options.json else _print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
