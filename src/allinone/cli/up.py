"""`allinone up`: database, index worker and pages, started, watched over and ended together."""

import asyncio
import logging
import socket
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
import uvicorn
from rich.console import Console

from allinone.cli import event_loop
from allinone.cli.libraries import library_store
from allinone.cli.listening import Server, address, listen
from allinone.cli.local_data import LocalData, data_directory, hold_data
from allinone.cli.options import DataDirOption
from allinone.cli.progress import show_progress
from allinone.cli.recognition import make_engine
from allinone.cli.samples import sample_photos
from allinone.cli.up_immich import up_beside_immich
from allinone.cli.worker_process import worker_process
from allinone.database.data_directory import DataDirectory
from allinone.errors import ConfigurationError, InvalidRequest
from allinone.extension.app import create_app
from allinone.extension.settings import ExtensionSettings
from allinone.http.server import server_config
from allinone.library.settings import LibrarySettings
from allinone.library.store import LibraryStore
from allinone.search.index import SearchIndex

log = logging.getLogger(__name__)


def command(
    library: Annotated[
        Path | None,
        typer.Option("--library", help="The folder of photos.", show_default="the sample photos", file_okay=False),
    ] = None,
    immich: Annotated[
        str | None,
        typer.Option("--immich", help="Stand before this Immich instead, such as http://127.0.0.1:2284."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen on; without Immich, any but 127.0.0.1 needs a password."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port to listen on.", show_default="8070; with --immich 2283")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Read a folder of photos, follow its changes, and serve pages to search them.

    With --immich: search, jobs and pages for an unmodified Immich, at one address with it, and the models it asks.
    DB_* and REDIS_* must be Immich's own.

    Ctrl-C ends it. Nothing is lost by ending it at any moment, also in the middle of reading.
    """
    directory = data_directory(data_dir)
    if immich is not None:
        if library is not None:
            message = "--library and --immich exclude each other: Immich has photos of its own."
            raise InvalidRequest(message)
        door = {"front_door_host": host, "front_door_port": port}
        event_loop.run(up_beside_immich(directory, immich, _named(door)))
        return
    settings = ExtensionSettings(data_directory=directory.path, **_named({"host": host, "port": port}))
    LibrarySettings()  # a wrong setting is told here, not by the worker over and over
    event_loop.run(_up(directory, settings, (library or sample_photos()).expanduser().absolute()))


def _named(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


async def _up(directory: DataDirectory, settings: ExtensionSettings, root: Path) -> None:
    async with hold_data(directory, "up") as data:
        with listen(settings.host, settings.port) as listener:
            store = library_store(data)
            # A drive that is not mounted is waited for; a folder nobody ever read is a slip of the pen.
            known = {library.root for library in await store.libraries()}
            if root not in known and not await asyncio.to_thread(root.is_dir):
                message = f"There is no folder {root}. Name your photos with --library DIR."
                raise ConfigurationError(message)
            library_id = await store.open_library(root)
            url = address(settings.host, listener.getsockname()[1])
            await _serve(data, settings, store, library_id, listener, url)


async def _serve(
    data: LocalData,
    settings: ExtensionSettings,
    store: LibraryStore,
    library_id: UUID,
    listener: socket.socket,
    url: str,
) -> None:
    engine = make_engine(data.directory)
    app = create_app(
        settings,
        database=data.database,
        library=store,
        index=SearchIndex(data.database),
        library_id=library_id,
        encoder=engine,
        owns_database=False,
    )
    server = Server(server_config(app))
    worker = worker_process(data.directory, library_id)
    async with worker.running(), asyncio.TaskGroup() as tasks:
        server.stop_on_signals()
        tasks.create_task(_announce(server, data, url), name="announce")
        progress = tasks.create_task(show_progress(store, library_id), name="progress")
        await server.serve(sockets=[listener])
        progress.cancel()


async def _announce(server: uvicorn.Server, data: LocalData, url: str) -> None:
    while not server.started:
        if server.should_exit:
            return
        await asyncio.sleep(0.05)
    if data.hold:
        data.hold.announce(url)
    page = f"{url}allinone/"
    if sys.stderr.isatty():
        Console(stderr=True).print(f"\n  Your photos: [bold link={page}]{page}[/]   [dim]Ctrl-C ends[/]\n")
    else:
        log.info("Your photos: %s", page)
