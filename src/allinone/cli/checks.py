"""What `doctor` looks at: each check tells what it found and what to do about it."""

import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from allinone.cli.libraries import library_store
from allinone.cli.local_data import LocalData, join_data
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.errors import AllInOneError
from allinone.extension.settings import DEFAULT_PORT
from allinone.photos_ai.engine import EngineState

GIB = 1024**3
LOW_DISK = 2 * GIB
LOW_MEMORY = 2 * GIB
FEW_WATCHES = 65_536


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` is empty where nothing is to be done."""

    name: str
    status: Status
    found: str
    advice: str = ""


async def run_checks(directory: DataDirectory) -> AsyncIterator[Check]:
    """All checks, quick ones first."""
    yield check_python()
    yield check_memory()
    yield check_disk(directory)
    for check in check_models(make_engine(directory).describe()):
        yield check
    yield check_port(directory)
    yield check_watches()
    try:
        async with join_data(directory, "doctor") as data:
            yield await check_database(data)
            async for check in check_libraries(data):
                yield check
    except AllInOneError as error:
        yield Check("database", Status.FAILED, str(error), "See the log named above; nothing was changed.")


def check_python() -> Check:
    """The interpreter that runs us."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", Status.OK, f"{version} at {sys.prefix}")


def check_memory() -> Check:
    """Memory of the machine, or of the container we are in."""
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    found = f"{total / GIB:.1f} GiB, {os.cpu_count()} cores"
    if total < LOW_MEMORY:
        return Check("memory", Status.NOTE, found, "Reading photos needs about 1.2 GiB. Set ALLINONE_WORKERS=1.")
    return Check("memory", Status.OK, found)


def check_disk(directory: DataDirectory) -> Check:
    """Room where the data directory lies."""
    place = directory.path
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{directory.path}: {free / GIB:.1f} GiB free"
    if not os.access(place, os.W_OK):
        return Check("data directory", Status.FAILED, f"{directory.path} cannot be written", "Choose --data-dir.")
    if free < LOW_DISK:
        advice = "Thumbnails and the index need about 0.3 GiB per 1,000 photos. Choose --data-dir on a larger disk."
        return Check("data directory", Status.NOTE, found, advice)
    return Check("data directory", Status.OK, found)


def check_models(engine: EngineState) -> list[Check]:
    """The models on disk."""
    device = f"on {engine.device}, {engine.threads} photos at a time"
    ocr = Check("OCR model", Status.OK, f"{engine.ocr}, {device}")
    if engine.device_notice:
        ocr = Check("OCR model", Status.NOTE, f"{engine.ocr}, {device}", engine.device_notice)
    if engine.clip is None:
        advice = "docs/how-to/clip-model.md tells how to bring one."
        return [ocr, Check("CLIP model", Status.NOTE, engine.clip_notice or "none", advice)]
    return [ocr, Check("CLIP model", Status.OK, engine.clip)]


def check_port(directory: DataDirectory) -> Check:
    """The port `up` would listen on."""
    port = int(os.environ.get("ALLINONE_PORT", DEFAULT_PORT))
    holder = directory.holder()
    if holder and holder.url:
        return Check("port", Status.OK, f"allinone {holder.command} (process {holder.pid}) answers at {holder.url}")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return Check("port", Status.NOTE, f"{port} is taken by another program", "Use up --port with another.")
    return Check("port", Status.OK, f"{port} is free")


def check_watches() -> Check:
    """How many folders the kernel lets us watch."""
    try:
        limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return Check("folder watching", Status.NOTE, "unknown on this system", "New photos are found every 30 minutes.")
    found = f"up to {limit:,} folders"
    if limit < FEW_WATCHES:
        advice = f"With more folders than that: sysctl fs.inotify.max_user_watches={FEW_WATCHES * 8}"
        return Check("folder watching", Status.NOTE, found, advice)
    return Check("folder watching", Status.OK, found)


async def check_database(data: LocalData) -> Check:
    """The database answers, and which one it is."""
    async with data.database.connection() as connection:
        row = await (await connection.execute("select version()")).fetchone()
        vector = await (
            await connection.execute("select extversion from pg_extension where extname = 'vector'")
        ).fetchone()
    version = " ".join(str(row[0]).split()[:2]) if row else "?"
    kind = "set by ALLINONE_DATABASE_URL" if os.environ.get("ALLINONE_DATABASE_URL") else "embedded"
    return Check("database", Status.OK, f"{version} ({kind}), pgvector {vector[0] if vector else 'missing'}")


async def check_libraries(data: LocalData) -> AsyncIterator[Check]:
    """Every folder of photos known here."""
    store = library_store(data)
    libraries = await store.libraries()
    if not libraries:
        yield Check("library", Status.NOTE, "none yet", "Start with: ./run up --library DIR")
    for library in libraries:
        progress = await store.progress(library.id)
        found = f"{library.root}: {progress.done:,} of {progress.total:,} photos read, {progress.failed:,} unreadable"
        if not library.root.is_dir():
            yield Check("library", Status.FAILED, f"{library.root} is not there", "Mount it; nothing is forgotten.")
        else:
            yield Check("library", Status.OK, found)
