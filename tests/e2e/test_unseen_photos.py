"""Photos nobody has seen, through everything: decoder, real OCR, real PostgreSQL, search.

`ALLINONE_TEST_SEED=n` invents other photos.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from allinone.database.pool import Database
from support.indexed_folder import IndexedFolder, indexed_folder
from support.photos import typefaces, words
from support.photos.maker import MadePhoto, make_album
from support.photos.queries import Query, must_match, must_not_match

SEED = int(os.environ.get("ALLINONE_TEST_SEED", "22"))


@dataclass(frozen=True)
class Album:
    """Invented photos, and the folder they were read from."""

    photos: list[MadePhoto]
    folder: IndexedFolder


@pytest.fixture
async def album(dsn: str, database: Database, tmp_path: Path) -> AsyncIterator[Album]:
    path = tmp_path / "photos"
    path.mkdir()
    photos = make_album(SEED)
    for photo in photos:
        (path / photo.name).write_bytes(photo.data)
    async with indexed_folder(path, dsn, database, tmp_path / "data") as folder:
        assert folder.summary.photos_read == len(photos)
        assert folder.summary.unreadable == []
        yield Album(photos, folder)


@pytest.mark.timeout(600)
async def test_unseen_photos_are_found_and_absent_words_are_not(album: Album) -> None:
    rng = np.random.default_rng(SEED)
    wanted = must_match(album.photos, rng)
    absent = must_not_match(album.photos, rng)
    assert len(wanted) >= 20
    assert len(absent) >= 10
    reads = await album.folder.reads()
    missed = [
        _miss(query, found, reads)
        for query in wanted
        if query.photo not in (found := await album.folder.find(query.text))
    ]
    false = [
        f"{query.kind} {query.text!r} found {found}"
        for query in absent
        if (found := await album.folder.find(query.text))
    ]
    assert not missed, "\n".join(missed)
    assert not false, "\n".join(false)


def _miss(query: Query, found: list[str], read: dict[str, str]) -> str:
    reads = read.get(query.photo or "")
    return f"{query.kind} {query.text!r} did not find {query.photo}, but {found}; it reads: {reads}"


def test_same_seed_makes_the_same_photos_and_another_seed_others() -> None:
    first, again, other = make_album(3, 2), make_album(3, 2), make_album(4, 2)
    assert [photo.data for photo in first] == [photo.data for photo in again]
    assert all(photo.lines != stranger.lines for photo, stranger in zip(first, other, strict=True))


@pytest.mark.parametrize("script", ["hant", "hans", "latin"])
def test_every_word_can_be_drawn(script: words.Script) -> None:
    names = typefaces.LATIN if script == "latin" else typefaces.CHINESE
    for name in names:
        font = typefaces.face(name, script, 24)
        missing = bytes(font.getmask("\U0010fffd"))
        boxes = [char for char in words.characters(script) - {" "} if bytes(font.getmask(char)) == missing]
        assert not boxes, f"{name} has no {''.join(boxes)}"
