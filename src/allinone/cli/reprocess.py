"""`allinone reprocess`: read single photos again."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from allinone.cli import event_loop
from allinone.cli.libraries import library_store
from allinone.cli.local_data import LocalData, data_directory, embedded_dsn, join_data
from allinone.cli.options import DataDirOption
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.errors import InvalidRequest
from allinone.library.store import LibraryAsset, LibraryStore, Refresh
from allinone.library.worker import LibraryWorker
from allinone.search.index import SearchIndex

ASK_EVERY = 0.3  # seconds


def command(
    assets: Annotated[list[str], typer.Argument(help="Photos: the id of each, or the path of its file.")],
    *,
    ocr: Annotated[bool, typer.Option("--ocr", help="Recognise the text again.")] = False,
    clip: Annotated[bool, typer.Option("--clip", help="Make the CLIP vector again.")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Read single photos again: the text (--ocr), the CLIP vector (--clip), or both where neither is named.

    While `up` runs, its worker does it at once; otherwise it is done here. Waits for the outcome.
    """
    wanted: list[Refresh] = [name for name, asked in (("ocr", ocr), ("clip", clip)) if asked]  # type: ignore[misc]
    failed = event_loop.run(_reprocess(data_directory(data_dir), assets, wanted))
    raise typer.Exit(1 if failed else 0)


async def _reprocess(directory: DataDirectory, names: list[str], wanted: list[Refresh]) -> int:
    engine = make_engine(directory)
    has_clip = engine.clip_model is not None
    await engine.close()
    if "clip" in wanted and not has_clip:
        message = "There is no CLIP model on disk, so there is no vector to make. `allinone doctor` tells more."
        raise InvalidRequest(message)
    kinds: list[Refresh] = wanted or (["ocr", "clip"] if has_clip else ["ocr"])
    async with join_data(directory, "reprocess") as data:
        store = library_store(data)
        photos = [await _find(store, name) for name in names]
        for kind in kinds:
            await store.request_refresh([photo.id for photo in photos], kind)
        if data.hold is not None:
            return await _work_here(data, store, photos, kinds)
        return await _report_all(store, photos, kinds)


async def _find(store: LibraryStore, name: str) -> LibraryAsset:
    try:
        identity = UUID(name)
    except ValueError:
        return await store.find(Path(name))
    return await store.get(identity)


async def _work_here(data: LocalData, store: LibraryStore, photos: list[LibraryAsset], kinds: list[Refresh]) -> int:
    """No `up` is running: do what was asked for in this process."""
    engine = make_engine(data.directory)
    dsn = embedded_dsn(data.directory)
    index = SearchIndex(data.database)
    try:
        async with AsyncExitStack() as stack:
            for library_id in {photo.library_id for photo in photos}:
                worker = LibraryWorker(dsn, data.directory, engine, index, library_id)
                await stack.enter_async_context(worker.working())
            return await _report_all(store, photos, kinds)
    finally:
        await engine.close()


async def _report_all(store: LibraryStore, photos: list[LibraryAsset], kinds: list[Refresh]) -> int:
    return sum([await _report(store, photo, kinds) for photo in photos])


async def _report(store: LibraryStore, photo: LibraryAsset, kinds: list[Refresh]) -> int:
    """Wait for the outcome and print a line for each kind; the number of failures."""
    failures = 0
    for kind in kinds:
        state = (await store.refresh_states(photo.id))[kind]
        while state.state in ("waiting", "running"):
            await asyncio.sleep(ASK_EVERY)
            state = (await store.refresh_states(photo.id))[kind]
        failures += state.state == "failed"
        outcome = f"failed: {state.message}" if state.state == "failed" else "done"
        Console().print(f"{photo.file_name}  {kind}  {outcome}", markup=False, highlight=False)
    return failures
