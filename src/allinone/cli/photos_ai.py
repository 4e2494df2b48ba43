"""`allinone photos-ai`: the models as a service of their own."""

import logging
from typing import Annotated, Any

import typer
from fastapi import FastAPI

from allinone.cli import event_loop
from allinone.cli.listening import Server, address, listen
from allinone.cli.local_data import data_directory
from allinone.cli.options import DataDirOption
from allinone.http.server import server_config
from allinone.photos_ai.service.app import create_app
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.photos_ai.settings import EngineSettings

log = logging.getLogger(__name__)


def command(
    host: Annotated[
        str | None, typer.Option("--host", help="The address to listen on.", show_default="0.0.0.0")  # noqa: S104
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen on.", show_default="8060")] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve the models: the MT-Photos API and Immich's /predict.

    Models are looked for in CLIP_DOWNLOAD_ROOT, else in the data directory; each is loaded when first needed.
    """
    given: dict[str, Any] = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    settings = ServiceSettings(**given)
    app = create_app(settings, EngineSettings(models=data_directory(data_dir).models))
    event_loop.run(_serve(app, settings))


async def _serve(app: FastAPI, settings: ServiceSettings) -> None:
    server = Server(server_config(app))
    with listen(settings.host, settings.port) as listener:
        server.stop_on_signals()
        log.info("photos-ai listens at %s", address(settings.host, listener.getsockname()[1]))
        await server.serve(sockets=[listener])
