"""Photos on S3 as docs/how-to/s3.md sets them up: JuiceFS over an object store, its metadata in Redis or PostgreSQL.

The object store is JuiceFS' own S3 gateway over a folder. What a container adds (mount propagation) is not tried here.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from allinone.database.embedded import EmbeddedPostgres
from support.allinone_process import wait_for

JUICEFS = Path(sys.executable).parent / "juicefs"
KEYS = {"ACCESS_KEY": "testkey", "SECRET_KEY": "testsecret"}
QUIET = ("--no-usage-report", "--backup-meta", "0")


@dataclass(frozen=True)
class ObjectStore:
    """An S3 server on this machine; `folder` is what lies behind it."""

    bucket: str
    folder: Path


def juicefs(*arguments: str | Path) -> str:
    """One command to its end: what it said."""
    command = [str(JUICEFS), *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | KEYS, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(*command: str | Path, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program, until the block ends."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command], env=os.environ | KEYS | environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """An empty bucket."""
    home = tmp_path_factory.mktemp("store")
    meta = f"sqlite3://{home}/meta.db"
    juicefs("format", "--storage", "file", "--bucket", f"{home}/objects/", meta, "bucket")
    port = free_port()
    options = ("--no-agent", *QUIET, "--cache-dir", home / "cache", "--multi-buckets")
    command = (JUICEFS, "gateway", *options, meta, f"127.0.0.1:{port}")
    keys = {"MINIO_ROOT_USER": KEYS["ACCESS_KEY"], "MINIO_ROOT_PASSWORD": KEYS["SECRET_KEY"]}
    with running(*command, log=home / "log", **keys):
        wait_for(lambda: _listens(port), "the object store")
        yield ObjectStore(f"http://127.0.0.1:{port}", home / "objects")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["redis", "postgresql"])
def metadata(request: pytest.FixtureRequest, tmp_path: Path, postgres: EmbeddedPostgres) -> Iterator[str]:
    """Where JuiceFS keeps names and sizes: its address."""
    if request.param == "redis":
        address = tmp_path / "redis.sock"
        command = ("redis-server", "--port", "0", "--unixsocket", address, "--appendonly", "yes", "--dir", tmp_path)
        with running(*command, log=tmp_path / "redis.log"):
            wait_for(address.exists, "Redis")
            yield f"unix://{address}?db=9"
        return
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("create database juicefs")
    parts = conninfo.conninfo_to_dict(postgres.dsn)
    yield f"postgres://{parts['user']}@/juicefs?host={parts['host']}&sslmode=disable"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("drop database juicefs with (force)")


@contextmanager
def mounted(metadata: str, home: Path) -> Iterator[Path]:
    """The file system, mounted with a cache of this mount's own."""
    place = home / "mount"
    place.mkdir(exist_ok=True)
    command = (
        JUICEFS,
        "mount",
        "--no-agent",
        *QUIET,
        "--cache-dir",
        home / "cache",
        "--cache-size",
        "64",
        metadata,
        place,
    )
    with running(*command, log=home / "mount.log"):
        wait_for((place / ".config").exists, "the mount")
        try:
            yield place
        finally:
            juicefs("umount", "--flush", place)


def test_what_is_written_comes_back_from_the_bucket(
    metadata: str, store: ObjectStore, samples: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bucket = f"{store.bucket}/{tmp_path.name.replace('_', '-').lower()}"
    options = ("--storage", "minio", "--bucket", bucket, "--trash-days", "7")
    photos = [path for path in samples.iterdir() if path.suffix != ".md"]
    for _ in range(2):  # the container formats at every start
        juicefs("format", *options, metadata, "immich")

    with mounted(metadata, tmp_path) as place:
        (place / "library").mkdir()
        for photo in photos:
            (place / "library" / photo.name).write_bytes(photo.read_bytes())

    # another machine, with nothing in its cache
    with mounted(metadata, tmp_path_factory.mktemp("elsewhere")) as place:
        for photo in photos:
            assert (place / "library" / photo.name).read_bytes() == photo.read_bytes()

    assert "broken" not in juicefs("fsck", metadata)


def test_fsck_tells_of_a_block_that_is_gone(metadata: str, samples: Path, tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    juicefs("format", "--storage", "file", "--bucket", f"{objects}/", metadata, "immich")
    with mounted(metadata, tmp_path) as place:
        (place / "receipt.jpg").write_bytes((samples / "receipt-taiwan.jpg").read_bytes())
    blocks = [path for path in (objects / "immich/chunks").rglob("*") if path.is_file()]
    assert blocks
    blocks[0].unlink()
    with pytest.raises(AssertionError, match=r"receipt\.jpg"):
        juicefs("fsck", metadata)
