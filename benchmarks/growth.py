"""How searches slow down as a library grows: the same queries, asked of two databases in turns.

    ./run bench growth SMALL LARGE [--repeat N] [--json]

SMALL and LARGE are directories that `./run bench search --rows N --data DIR` has filled.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.peers import database_for_peers
from benchmarks.search import QUERIES, ask_index
from benchmarks.timing import Times, measure, timing
from rich.console import Console
from rich.table import Table

from allinone.cli import event_loop
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.search.index import SearchIndex
from allinone.search.maintenance import maintain, merge_waiting

ROUNDS = 3  # of one database before it is the other's turn: the load of the machine changes


async def run(small: str, large: str, repeat: int) -> list[dict[str, object]]:
    """The 95th percentiles of both, by class of queries."""
    rows = []
    totals: tuple[Times, Times] = ({}, {})
    async with Database(small) as less, Database(large) as more:
        for database in (less, more):  # as whoever maintains them does
            await merge_waiting(database)
            await maintain(database)
        both = ask_index(SearchIndex(less)), ask_index(SearchIndex(more))
        for name, queries in QUERIES.items():
            found: tuple[Times, Times] = ({}, {})
            for _ in range(max(repeat // ROUNDS, 1)):
                for ask, times in zip(both, found, strict=True):
                    measured, _ = await measure(ask, queries, ROUNDS)
                    for query, several in measured.items():
                        times.setdefault(query, []).extend(several)
            for total, times in zip(totals, found, strict=True):
                total.update(times)
            rows.append(_row(name, *found))
    return [*rows, _row("all", *totals)]


def _row(name: str, less: Times, more: Times) -> dict[str, object]:
    small, large = timing(name, less, 0), timing(name, more, 0)
    return {
        "queries": name,
        "small_p95": small.p95,
        "large_p95": large.p95,
        "times": round(large.p95 / small.p95, 2),
        "times_of_best": round(large.best_p95 / small.best_p95, 2),
    }


def main(argv: list[str]) -> int:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(prog="bench growth", description=__doc__)
    parser.add_argument("small", type=Path)
    parser.add_argument("large", type=Path)
    parser.add_argument("--repeat", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    servers = [EmbeddedPostgres(directory) for directory in (options.small, options.large)]
    load = os.getloadavg()
    dsns = []
    try:
        for server in servers:
            server.start()
            dsns.append(database_for_peers(server.dsn, "search"))
            migrate(dsns[-1])
        rows = event_loop.run(run(dsns[0], dsns[1], options.repeat))
    finally:
        for server in servers:
            server.stop()
    if options.json:
        print(json.dumps({"load": load, "queries": rows}, ensure_ascii=False, indent=1))
    else:
        table = Table(title=f"load average {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after")
        for heading in ("ocr: queries", "small, p95 ms", "large, p95 ms", "times", "times, best rounds"):
            table.add_column(heading, justify="left" if heading.startswith("ocr") else "right")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
