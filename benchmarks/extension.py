"""How quick search beside an Immich is: through the extension, and Immich's own smart search, in turn.

    ./run bench extension [--rows N] [--rounds N] [--version 3.1.0] [--no-index] [--json]

Immich is the tests' stand-in: its schema, its queries and a PostgreSQL of its own in a temporary directory; photos,
texts and vectors are invented.
"""

import argparse
import asyncio
import json
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
from benchmarks.search import make_texts
from pgvector.psycopg import register_vector
from psycopg import conninfo
from rich.console import Console
from rich.table import Table
from tests.support.immich.extension_process import ExtensionProcess
from tests.support.immich.machine_learning import DIMENSIONS, embed
from tests.support.immich.rows import FIRST_MOMENT, User, tokenize
from tests.support.immich.site import ImmichSite

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate

WITH_TEXT = 0.3  # of the photos
DISTINCT_TEXTS = 5000
CONCEPTS = ("beach", "receipt", "mountain", "cat", "dinner", "發票", "火車", "wedding")
PER_CONCEPT = 400
QUERIES: dict[str, list[str]] = {
    "pictures and text": list(CONCEPTS),
    "words in many photos": ["總計", "收據", "total"],
    "words in few photos": ["paracetamol", "珍珠", "電子發票證明聯"],
    "text alone (ocr:)": ["ocr:发票", "ocr:總計", "ocr:560", "ocr:票"],
    "neither": ["量子糾纏", "xylophone"],
}


@dataclass(frozen=True, slots=True)
class Timing:
    """One class of queries; milliseconds. `added`: what the extension adds to Immich's own, of each percentile."""

    queries: str
    photos: float
    immich_p50: float
    ours_p50: float
    added_p50: float
    immich_p95: float
    ours_p95: float
    added_p95: float


def fill(site: ImmichSite, owner: User, rows: int, *, index: bool) -> None:
    """A library of `rows` photos."""
    texts = make_texts(DISTINCT_TEXTS)
    ids = [uuid4() for _ in range(rows)]
    with site.rows.connect() as connection:
        register_vector(connection)
        cursor = connection.cursor()
        with cursor.copy(
            'copy asset (id, "ownerId", type, "originalPath", "originalFileName", "fileCreatedAt", "fileModifiedAt", '
            '"localDateTime", checksum, width, height) from stdin'
        ) as copy:
            for at, asset in enumerate(ids):
                taken = FIRST_MOMENT - timedelta(minutes=37 * at)
                name = f"IMG_{at}.jpg"
                copy.write_row((
                    asset, owner.id, "IMAGE", f"/data/{name}", name, taken, taken, taken, asset.bytes, 4032, 3024
                ))  # fmt: skip
        with cursor.copy(
            'copy asset_exif ("assetId", make, model, city, country, "fileSizeInByte") from stdin'
        ) as copy:
            for asset in ids:
                copy.write_row((asset, "Apple", "iPhone 15", "台北", "Taiwan", 3_000_000))
        with_text = ids[: round(rows * WITH_TEXT)]
        _fill_lines(cursor, with_text, texts)
        _fill_vectors(cursor, ids)
        connection.commit()
        connection.execute("set maintenance_work_mem = '1GB'")
        if index:
            connection.execute(
                "create index clip_index on smart_search using hnsw (embedding vector_cosine_ops) "
                "with (m = 16, ef_construction = 64)"
            )
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


def _fill_lines(cursor: psycopg.Cursor[Any], ids: list[UUID], texts: Any) -> None:
    columns = 'copy asset_ocr ("assetId", x1, y1, x2, y2, x3, y3, x4, y4, "boxScore", "textScore", text) from stdin'
    with cursor.copy(columns) as copy:
        for at, asset in enumerate(ids):
            for line in texts[at % len(texts)].lines:
                copy.write_row((asset, *line.box, line.box_score, line.text_score, line.text))
    with cursor.copy('copy ocr_search ("assetId", text) from stdin') as copy:
        for at, asset in enumerate(ids):
            tokens = [token for line in texts[at % len(texts)].lines for token in tokenize(line.text)]
            copy.write_row((asset, " ".join(tokens)))
    with cursor.copy('copy asset_job_status ("assetId", "ocrAt") from stdin') as copy:
        for asset in ids:
            copy.write_row((asset, FIRST_MOMENT))


def _fill_vectors(cursor: psycopg.Cursor[Any], ids: list[UUID]) -> None:
    chance = np.random.default_rng(5)
    with cursor.copy('copy smart_search ("assetId", embedding) from stdin with (format binary)') as copy:
        copy.set_types(["uuid", "vector"])
        for at, asset in enumerate(ids):
            vector = chance.standard_normal(DIMENSIONS).astype(np.float32) / np.float32(np.sqrt(DIMENSIONS))
            concept, number = at % len(CONCEPTS), at // len(CONCEPTS)
            if number < PER_CONCEPT:
                vector = vector + embed(CONCEPTS[concept])
            copy.write_row((asset, vector / np.linalg.norm(vector)))


async def measure(ours: str, immich: str, user: User, rounds: int) -> list[Timing]:
    """Each query at both, in turn."""
    times: dict[str, tuple[list[float], list[float], list[int]]] = {name: ([], [], []) for name in QUERIES}
    async with httpx.AsyncClient(timeout=120, headers={"x-api-key": user.api_key}) as client:
        for turn in range(rounds + 1):
            for name, query in _queries():
                theirs, _ = await _ask(client, immich, query.removeprefix("ocr:"))
                mine, photos = await _ask(client, ours, query)
                if turn:  # the first round warms both up
                    for kept, value in zip(times[name], (theirs, mine, photos), strict=True):
                        kept.append(value)  # type: ignore[arg-type]
    rows = [_timing(name, *found) for name, found in times.items()]
    everything = tuple([value for found in times.values() for value in found[at]] for at in range(3))
    return [*rows, _timing("all", *everything)]  # type: ignore[arg-type]


def _queries() -> Iterator[tuple[str, str]]:
    for name, queries in QUERIES.items():
        for query in queries:
            yield name, query


def _version(text: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch


async def _ask(client: httpx.AsyncClient, url: str, query: str) -> tuple[float, int]:
    body = {"query": query, "visibility": "timeline", "withExif": True, "page": 1, "language": "zh-Hant"}
    begun = time.perf_counter()
    answer = await client.post(f"{url}/api/search/smart", json=body)
    took = (time.perf_counter() - begun) * 1000
    return took, len(answer.raise_for_status().json()["assets"]["items"])


def _timing(name: str, immich: list[float], ours: list[float], photos: list[int]) -> Timing:
    values = [*_percentiles(immich), *_percentiles(ours)]
    low, high, mine, worst = values
    return Timing(name, statistics.mean(photos), low, mine, mine - low, high, worst, worst - high)


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]


def main(argv: list[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="./run bench extension", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--version", type=_version, default=(3, 2, 0), help="of Immich; before 3.2.0 it is asked otherwise"
    )
    parser.add_argument("--no-index", action="store_true", help="compare all vectors one by one, as without clip_index")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        timings, facts = _run(Path(folder), options)
    if options.json:
        print(json.dumps({**facts, "timings": [asdict(timing) for timing in timings]}, ensure_ascii=False))
    else:
        _show(timings, facts)
    return 0


def _run(folder: Path, options: argparse.Namespace) -> tuple[list[Timing], dict[str, Any]]:
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    try:
        migrate(server.dsn)
        with psycopg.connect(conninfo.make_conninfo(server.dsn, dbname="postgres"), autocommit=True) as connection:
            connection.execute("create database immich template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'")
        immich = conninfo.make_conninfo(server.dsn, dbname="immich")
        with ImmichSite(immich, folder / "immich", version=options.version, with_redis=False) as site:
            return _measured(site, server.dsn, options)
    finally:
        server.stop()


def _measured(site: ImmichSite, dsn: str, options: argparse.Namespace) -> tuple[list[Timing], dict[str, Any]]:
    user = site.rows.add_user("anna")
    fill(site, user, options.rows, index=not options.no_index)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    extension = ExtensionProcess(site.settings(), dsn, port)
    extension.start()
    try:
        begun = time.perf_counter()
        _wait_for_fill(dsn)
        filled = time.perf_counter() - begun
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("vacuum analyze")
        timings = asyncio.run(measure(extension.url, site.url, user, options.rounds))
    finally:
        extension.kill()
    texts = round(options.rows * WITH_TEXT)
    return timings, {"photos": options.rows, "texts": texts, "filled_s": filled, "texts_s": texts / filled}


def _wait_for_fill(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            row = connection.execute("select finished_at from immich_reconciliation").fetchone()
            if row and row[0] is not None:
                return
            time.sleep(0.2)


def _show(timings: list[Timing], facts: dict[str, Any]) -> None:
    title = (
        f"{facts['photos']:,} photos, {facts['texts']:,} with text "
        f"(first fill {facts['filled_s']:.0f} s, {facts['texts_s']:.0f} texts a second); milliseconds"
    )
    table = Table(title=title)
    for name in ("queries", "photos", "Immich p50", "ours p50", "added", "Immich p95", "ours p95", "added"):
        table.add_column(name, justify="left" if name == "queries" else "right", no_wrap=name == "queries")
    for timing in timings:
        values = list(asdict(timing).values())
        table.add_row(values[0], *(f"{value:.1f}" for value in values[1:]))
    Console().print(table)
