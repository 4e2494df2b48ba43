"""`allinone extension-worker`: the extension as a child of `up --immich`. Started by it, not by people."""

import os
from typing import Annotated

import typer

from allinone.cli import event_loop
from allinone.cli.extension import ListenSettings
from allinone.cli.listening import Server, listen
from allinone.cli.parent_watch import ended_with
from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.http.server import server_config
from allinone.immich.settings import ImmichSettings


def command(parent: Annotated[int, typer.Option("--parent", help="End when this process has ended.")]) -> None:
    """Answer what the front door sends here, with the database in ALLINONE_DATABASE_URL, until told to end."""
    event_loop.run(_serve(ListenSettings(), ImmichSettings(), os.environ["ALLINONE_DATABASE_URL"], parent))


async def _serve(listening: ListenSettings, settings: ImmichSettings, dsn: str, parent: int) -> None:
    app = create_immich_app(settings, database=Database(dsn))
    with listen(listening.host, listening.port, setting="ALLINONE_PORT") as listener:
        server = Server(server_config(app))
        server.stop_on_signals()
        async with ended_with(parent, server):
            await server.serve(sockets=[listener])
