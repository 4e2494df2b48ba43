"""`allinone extension`: the service beside an Immich by itself, as containers run it."""

import logging
from typing import Annotated, Any

import typer
from pydantic import Field

from allinone.cli import event_loop
from allinone.cli.immich_data import hold_immich_data
from allinone.cli.listening import Server, address, listen
from allinone.cli.local_data import data_directory
from allinone.cli.options import DataDirOption
from allinone.database.data_directory import DataDirectory
from allinone.extension.immich_app import create_immich_app
from allinone.extension.settings import DEFAULT_PORT
from allinone.http.server import server_config
from allinone.immich.settings import ImmichSettings
from allinone.settings import EnvironmentSettings

log = logging.getLogger(__name__)


class ListenSettings(EnvironmentSettings):
    """Where the extension listens beside an Immich, which asks everybody for their log-in. Variables: `ALLINONE_`."""

    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)


def command(
    immich: Annotated[
        str | None, typer.Option("--immich", help="Where immich-server answers.", show_default="ALLINONE_IMMICH_URL")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen on.", show_default="8070")] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve what an Immich lacks: searches, jobs on single photos, pages. The front door sends those requests here.

    Immich's own DB_* and REDIS_* variables tell where its database and its Redis are. Ctrl-C ends it.
    """
    given: dict[str, Any] = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    settings = ImmichSettings(url=immich) if immich else ImmichSettings()
    event_loop.run(_serve(data_directory(data_dir), ListenSettings(**given), settings))


async def _serve(directory: DataDirectory, listening: ListenSettings, settings: ImmichSettings) -> None:
    with listen(listening.host, listening.port) as listener:
        async with hold_immich_data(directory, "extension", settings) as data:
            server = Server(server_config(create_immich_app(settings, database=data.database, owns_database=False)))
            server.stop_on_signals()
            log.info("The extension listens at %s", address(listening.host, listener.getsockname()[1]))
            await server.serve(sockets=[listener])
