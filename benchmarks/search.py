"""How quick search is: beside Immich's rule on the same rows, while texts are indexed, and with pictures.

    ./run bench search [--rows N] [--vectors N] [--repeat N] [--no-peer] [--data DIR] [--json]

Makes its own photos' texts and its own PostgreSQL, in a temporary directory or in DIR, where the next run finds them.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import psycopg
from benchmarks.copies import multiply, number
from benchmarks.corpus import Corpus
from benchmarks.peers import ImmichRule, Peer, PeerText, database_for_peers, prepare, reopen
from benchmarks.picture_vectors import DIMENSIONS, MODEL, Question, fill_vectors, recall
from benchmarks.plots import plot
from benchmarks.timing import Times, Timing, measure, percentile, stolen, timing
from psycopg import sql
from rich.console import Console
from rich.table import Table

from allinone.cli import event_loop
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.immich.follower import CHUNK
from allinone.search import vector_index
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.maintenance import maintain, merge_waiting
from allinone.search.newest_index import PREFIX
from allinone.search.text_leg import FIRST_TEXT_HITS
from allinone.tasks import background

OWNER = UUID("00000000-0000-4000-8000-000000000001")
START = datetime(2015, 1, 1)  # noqa: DTZ001
BATCH = 500
READ = 100_000  # texts that are read and indexed one by one; more are copies of them
WRITERS = 3
HEADINGS = ("p50 ms", "p95 ms", "p50 of best rounds", "p95 of best rounds", "p95 of rounds left alone", "their share")

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


def make_texts(rows: int, seed: int = 1) -> list[AssetText]:
    """Invented photos' texts, as read."""
    draw = random.Random(seed + 6)
    return [
        AssetText(
            UUID(int=draw.getrandbits(128), version=4),
            OWNER,
            START + timedelta(minutes=draw.randrange(5_000_000)),
            photo.lines,
        )
        for photo in Corpus(seed).photos(rows)
    ]


async def fill(index: SearchIndex, dsn: str, texts: Sequence[AssetText]) -> dict[str, object]:
    """Index `texts` from one process, as fast as it goes: texts a second by the clock, and by time of processors.

    `percent_stolen`: of the processors' time, by other machines on the same host.
    """
    batches = iter([texts[at : at + BATCH] for at in range(0, len(texts), BATCH)])

    async def write() -> None:
        for batch in batches:
            await index.put_texts(batch)

    began, own, servers, taken = time.perf_counter(), time.process_time(), _server_seconds(dsn), stolen()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    spent = time.process_time() - own, _server_seconds(dsn) - servers
    seconds = time.perf_counter() - began
    return {
        "texts_per_second": round(len(texts) / seconds),
        "percent_stolen": round((stolen() - taken) / seconds / psutil.cpu_count() * 100, 1),
        "python_microseconds_per_text": round(spent[0] / len(texts) * 1e6),
        "postgres_microseconds_per_text": round(spent[1] / len(texts) * 1e6),
        # PostgreSQL's processes, one for each writer, share both cores with ours, which has one.
        "texts_per_second_on_two_free_cores": round(len(texts) / max(spent[0], sum(spent) / 2)),
    }


def _server_seconds(dsn: str) -> float:
    """Processor time of all of PostgreSQL's processes so far."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        directory = Path(str(connection.execute("show data_directory").fetchone()[0]))  # type: ignore[index]
        server = psutil.Process(int((directory / "postmaster.pid").read_text().split("\n", 1)[0]))
        return sum(sum(process.cpu_times()[:2]) for process in server.children()) + sum(server.cpu_times()[2:4])


def ask_index(index: SearchIndex) -> Callable[[str], Awaitable[int]]:
    async def ask(query: str) -> int:
        return len(await index.rank(RankRequest(f"ocr:{query}", [OWNER])))

    return ask


def _of_peer(peer: Peer) -> Callable[[str], Awaitable[int]]:
    async def ask(query: str) -> int:
        return len(peer.find(query, [OWNER], FIRST_TEXT_HITS))

    return ask


async def measure_pictures(
    index: SearchIndex, database: Database, questions: Sequence[Question], repeat: int
) -> dict[str, object]:
    """Text and picture together; and how much of the exact hundred nearest the index finds."""

    def ask(question: Question) -> Callable[[str], Awaitable[int]]:
        async def rank(query: str) -> int:
            return len(await index.rank(RankRequest(query, [OWNER], vector=question.vector, model=MODEL)))

        return rank

    times: Times = {}
    hits = 0
    for question in questions:
        measured, found = await measure(ask(question), [question.text], repeat)
        times[f"{len(times)}"] = measured[question.text]
        hits += found
    return {
        "hybrid": asdict(timing("text and picture", times, hits)),
        "recall_at_100": await recall(database, OWNER, questions),
    }


async def measure_while_indexing(dsn: str, index: SearchIndex, repeat: int) -> dict[str, float]:
    """95th percentiles in one run: quiet, and while texts are indexed as fast as it goes, by whom we index.

    The index worker of a folder is another process; beside Immich it is a task of the process that searches.
    """
    quiet = await _p95_of_all(index, repeat)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "allinone", "bench", "search", "--write", dsn, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    await writer.stdout.readline()  # it has made its texts, and begins
    worker = await _p95_of_all(index, repeat)
    writer.terminate()
    await writer.wait()
    put = [0]
    async with background(_put_for_ever(index, make_texts(5_000, seed=98), CHUNK, put), "indexing"):
        began = time.perf_counter()
        task = await _p95_of_all(index, repeat)
        rate = put[0] / (time.perf_counter() - began)
    figures = {"quiet_p95": quiet, "beside_worker_p95": worker, "beside_task_p95": task, "task_texts_per_second": rate}
    ratios = {"worker_ratio": worker / quiet, "task_ratio": task / quiet}
    return {name: round(value, 2) for name, value in (figures | ratios).items()}


async def _p95_of_all(index: SearchIndex, repeat: int) -> float:
    queries = [query for several in QUERIES.values() for query in several]
    times, _ = await measure(ask_index(index), queries, repeat)
    return percentile([sample.milliseconds for several in times.values() for sample in several], 95)


async def write_on(dsn: str) -> None:
    """Index texts until ended, as the index worker does: in a process of its own that gives way."""
    os.nice(10)
    texts = make_texts(20_000, seed=99)
    print("ready", flush=True)
    async with Database(dsn) as database:
        await _put_for_ever(SearchIndex(database), texts, BATCH, [0])


async def _put_for_ever(index: SearchIndex, texts: Sequence[AssetText], batch: int, put: list[int]) -> None:
    """Index copies of `texts` and count them in `put[0]`."""
    while True:
        for at in range(0, len(texts), batch):
            await index.give_way()
            await index.put_texts([replace(text, asset_id=uuid4()) for text in texts[at : at + batch]])
            put[0] += batch


def _sizes(dsn: str) -> dict[str, int]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        sizes = {
            "tokens": "select pg_table_size('search_token')",
            "index": "select pg_relation_size('search_token_tokens')",
            "indexes of the newest": "select coalesce(sum(pg_relation_size(oid)), 0) from pg_class "
            f"where starts_with(relname::text, '{PREFIX}')",
            "folded texts": "select pg_total_relation_size('search_document')",
            "text alone": "select sum(octet_length(folded)) from search_document",
        }
        return {name: number(connection, query) for name, query in sizes.items()}


async def run(dsn: str, options: argparse.Namespace) -> dict[str, object]:
    """The whole benchmark."""
    result: dict[str, object] = {"rows": options.rows, "load_before": os.getloadavg()}
    async with Database(dsn) as database:
        index = SearchIndex(database)
        peers = [] if options.no_peer else reopen(dsn)
        if _present(dsn, "search_token") < options.rows:
            texts = make_texts(min(options.rows, READ))
            result |= await fill(index, dsn, texts)
            rows = (PeerText(text.asset_id, text.owner_id, text.taken_at, text.lines) for text in texts)
            peers = [] if options.no_peer else prepare(dsn, rows)
            if len(texts) < options.rows:
                multiply(dsn, options.rows, peers=bool(peers))
                peers = reopen(dsn)  # Immich's rule alone: the copies are not cut into words
            with psycopg.connect(dsn, autocommit=True) as connection:
                for table in ("search_token", "search_document"):
                    connection.execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(table)))
                connection.execute("checkpoint")  # else what was made is written to disk while searches are measured
        # As whoever maintains an index does, every minute and every hour.
        await merge_waiting(database)
        await maintain(database)
        result["bytes"] = _sizes(dsn)
        result["queries"] = [asdict(one) for one in await _all_timings(ask_index(index), options.repeat)]
        _tell(result)
        for peer in peers:
            result[peer.name] = [asdict(one) for one in await _all_timings(_of_peer(peer), 1)]
            _tell(result)
        vectors = options.rows // 4 if options.vectors is None else options.vectors
        if vectors:
            result["pictures"] = await _with_pictures(dsn, database, vectors, options.repeat)
            _tell(result)
        result["while_indexing"] = await measure_while_indexing(dsn, index, options.repeat)
    return result | {"load_after": os.getloadavg()}


def _present(dsn: str, table: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
        return int(row[0]) if row else 0


def _tell(result: dict[str, object]) -> None:
    """What is known so far, for runs that take long."""
    print(json.dumps(result, ensure_ascii=False), file=sys.stderr, flush=True)


async def _with_pictures(dsn: str, database: Database, vectors: int, repeat: int) -> dict[str, object]:
    missing = 0 if _present(dsn, "search_vector") >= vectors else vectors
    questions = fill_vectors(dsn, OWNER, missing)
    began = time.perf_counter()
    await vector_index.build(dsn, MODEL, DIMENSIONS, vectors)
    made = round(time.perf_counter() - began, 1)
    # A new one, for how many vectors there are is remembered for a while.
    measured = await measure_pictures(SearchIndex(database), database, questions, repeat)
    return {"vectors": vectors, "seconds_to_index": made, **measured}


async def _all_timings(ask: Callable[[str], Awaitable[int]], repeat: int) -> list[Timing]:
    timings = []
    everything: Times = {}
    for name, queries in QUERIES.items():
        times, hits = await measure(ask, queries, repeat)
        everything |= times
        timings.append(timing(name, times, hits))
    return [*timings, timing("all", everything, sum(one.hits for one in timings))]


def _timings(result: dict[str, object], name: str) -> list[dict[str, object]]:
    timings = result.get(name, [])
    assert isinstance(timings, list)
    return timings


def _beside(ours: Sequence[dict[str, object]], rule: Sequence[dict[str, object]]) -> Table | None:
    """How many times as long Immich's rule takes."""
    if not rule:
        return None
    table = Table(title="how many times as long Immich's rule takes")
    for heading in ("ocr: queries", "p50", "p95"):
        table.add_column(heading, justify="left" if heading.startswith("ocr") else "right")
    for mine, theirs in zip(ours, rule, strict=True):
        ratios = [float(str(theirs[name])) / float(str(mine[name])) for name in ("p50", "p95")]
        table.add_row(str(mine["queries"]), *(f"{ratio:,.0f}" for ratio in ratios))
    return table


def _print(result: dict[str, object]) -> None:
    console = Console(width=130)
    beside = _beside(_timings(result, "queries"), _timings(result, ImmichRule.name))
    for name in ("queries", "Immich's rule", "zhparser + ts_rank"):
        timings = result.pop(name, None)
        if not isinstance(timings, list):
            continue
        table = Table(title=name if name != "queries" else "ours")
        for heading in ("ocr: queries", "hits", *HEADINGS):
            table.add_column(heading, justify="left" if heading.startswith("ocr") else "right")
        for row in timings:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        console.print(table)
    if beside:
        console.print(beside)
    console.print(result)


def main(argv: list[str]) -> int:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--vectors", type=int, help="a quarter of the rows, unless given")
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--no-peer", action="store_true", help="leave Immich's rule out")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep PostgreSQL's data there, and use what is there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the 95th percentiles there")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", metavar="DSN", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.write:
        event_loop.run(write_on(options.write))
    if options.rows < 1 or options.repeat < 1:
        parser.error("--rows and --repeat must be at least 1")
    with tempfile.TemporaryDirectory(prefix="allinone-bench-") as directory:
        server = EmbeddedPostgres(options.data or Path(directory))
        server.start()
        try:
            dsn = database_for_peers(server.dsn, "search")
            migrate(dsn)
            result = event_loop.run(run(dsn, options))
        finally:
            server.stop()
    if options.svg:
        title = f"{options.rows:,} texts: milliseconds (logarithmic), 95th percentile of best rounds"
        options.svg.write_text(plot(title, _timings(result, "queries"), _timings(result, ImmichRule.name)))
    print(json.dumps(result, ensure_ascii=False, indent=1)) if options.json else _print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
