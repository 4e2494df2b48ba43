"""The sample photos keep what samples/README.md promises of them."""

import re
from pathlib import Path

import pytest

from allinone.database.pool import Database
from support.indexed_folder import indexed_folder

_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|[^|]*\|(?P<queries>[^|]*)\|$", re.MULTILINE)
_PHOTOS = {".jpg", ".png", ".webp", ".heic"}


def promised(samples: Path) -> dict[str, list[str]]:
    """The queries of the table, by photo."""
    table = (samples / "README.md").read_text("utf-8")
    return {row["name"]: re.findall(r"`ocr:([^`]+)`", row["queries"]) for row in _ROW.finditer(table)}


def test_table_names_every_sample(samples: Path) -> None:
    assert set(promised(samples)) == {path.name for path in samples.iterdir() if path.suffix in _PHOTOS}


def test_samples_stay_small(samples: Path) -> None:
    sizes = [path.stat().st_size for path in samples.iterdir() if path.suffix in _PHOTOS]
    assert max(sizes) <= 120_000
    assert sum(sizes) <= 1_200_000


@pytest.mark.timeout(300)
async def test_promised_queries_find_their_sample(samples: Path, dsn: str, database: Database, tmp_path: Path) -> None:
    table = promised(samples)
    async with indexed_folder(samples, dsn, database, tmp_path / "data") as folder:
        assert folder.summary.unreadable == []
        assert folder.summary.photos_read == len(table)
        missed = [
            f"{query} did not find {name}"
            for name, queries in table.items()
            for query in queries
            if name not in await folder.find(query)
        ]
        assert not missed, "\n".join(missed)
        assert (await folder.reads())["landscape.jpg"] == ""
