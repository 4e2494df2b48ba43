"""`allinone models-worker`: models and gateway in one process, beside `up --immich`. Started by it, not by people."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from allinone.cli import event_loop
from allinone.cli.listening import Server, listen
from allinone.cli.parent_watch import ended_with
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.gateway.app import create_app, gateway_config
from allinone.gateway.settings import GatewaySettings
from allinone.photos_ai.predictor import Predictor


def command(
    data_dir: Annotated[Path, typer.Option("--data-dir")],
    parent: Annotated[int, typer.Option("--parent", help="End when this process has ended.")],
) -> None:
    """Answer Immich's machine-learning requests until told to end."""
    event_loop.run(_serve(DataDirectory(data_dir), parent))


def gateway_settings() -> GatewaySettings:
    """The gateway's settings, with the models in this process where nothing else is said."""
    if os.environ.get("ALLINONE_BACKENDS", "").strip() or os.environ.get("MT_PHOTOS_API", "").strip():
        return GatewaySettings()
    return GatewaySettings(backends=SecretStr("photos-ai=in-process"))


async def _serve(directory: DataDirectory, parent: int) -> None:
    settings = gateway_settings()
    engine = make_engine(directory)
    try:
        app = create_app(settings, in_process=Predictor(engine))
        with listen(settings.host, settings.port, setting="PORT or ALLINONE_GATEWAY_HOST") as listener:
            server = Server(gateway_config(app))
            server.stop_on_signals()
            async with ended_with(parent, server):
                await server.serve(sockets=[listener])
    finally:
        await engine.close()
