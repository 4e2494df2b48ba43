"""`allinone index-worker`: the process beside `up` that reads photos. Started by `up`, not by people."""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from allinone.cli import event_loop
from allinone.cli.local_data import embedded_dsn
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.database.pool import Database
from allinone.library.worker import LibraryWorker
from allinone.search.index import SearchIndex
from allinone.search.maintenance import keep_maintained
from allinone.tasks import end

log = logging.getLogger(__name__)

NICENESS = 10
PARENT_CHECK_EVERY = 2.0  # seconds


def command(
    library_id: UUID,
    data_dir: Annotated[Path, typer.Option("--data-dir")],
    parent: Annotated[int, typer.Option("--parent", help="End when this process has ended.")],
) -> None:
    """Scan, follow and read a library until told to end."""
    # Searches come first: what reads photos takes the time that is left.
    os.nice(NICENESS)
    with suppress(asyncio.CancelledError):
        event_loop.run(_run(DataDirectory(data_dir), library_id, parent))


async def _run(directory: DataDirectory, library_id: UUID, parent: int) -> None:
    work = asyncio.current_task()
    assert work is not None  # noqa: S101
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    watch = loop.create_task(_end_with(parent, work), name="watch the parent")
    dsn = embedded_dsn(directory)
    engine = make_engine(directory)
    try:
        async with Database(dsn, max_connections=2) as database:
            care = loop.create_task(keep_maintained(database), name="maintain the search index")
            care.add_done_callback(_log_failure)
            try:
                await LibraryWorker(dsn, directory, engine, SearchIndex(database), library_id).run()
            finally:
                await end(care)
    finally:
        watch.cancel()
        await engine.close()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.warning("The search index could not be looked after: %s", task.exception())


async def _end_with(parent: int, work: asyncio.Task[object]) -> None:
    """End the work when whoever started us is gone, however that ended."""
    while os.getppid() == parent:  # noqa: ASYNC110  # the kernel has no event for it
        await asyncio.sleep(PARENT_CHECK_EVERY)
    work.cancel()
