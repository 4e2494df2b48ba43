"""`allinone scaleout`: photos-ai on a Ray cluster."""

import os
from typing import Annotated

import typer
from fastapi import FastAPI
from rich.console import Console

from allinone.cli.local_data import data_directory
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.service.app import create_app
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.photos_ai.settings import EngineSettings
from allinone.scaleout import deployment
from allinone.scaleout.settings import ScaleoutSettings
from allinone.settings import EnvironmentSettings

# what a replica reads on its own machine, wherever that is
EVERYWHERE = ("ALLINONE_DATA_DIR", "ALLINONE_LOG_LEVEL", "ORT_DISABLE_TELEMETRY")


def command(
    *, stop: Annotated[bool, typer.Option("--stop", help="Take photos-ai off the cluster again.")] = False
) -> None:
    """Serve the models on a Ray cluster: more replicas when they are busy, on every machine of it.

    Each machine then answers at HTTP_PORT (8060); give the gateway all of them. Run again after a change of settings:
    replicas are exchanged one after another. docs/how-to/scale-out.md shows how to set it up.
    """
    settings = ScaleoutSettings()
    if stop:
        deployment.remove(settings)
        return
    service = ServiceSettings()
    now = deployment.deploy(build, settings, host=service.host, port=service.port, variables=_variables())
    Console().print(f"photos-ai runs with {now.ready} replicas, up to {settings.most}, at port {service.port}.")


def build() -> FastAPI:
    """The service, made on the machine of a replica, with that machine's folder of models."""
    return create_app(ServiceSettings(), EngineSettings(models=data_directory(None).models))


def _variables() -> set[str]:
    rooms: tuple[type[EnvironmentSettings], ...] = (ServiceSettings, EngineSettings, DownloadSettings)
    named = {
        field.alias or f"ALLINONE_{name.upper()}" for room in rooms for name, field in room.model_fields.items()
    }  # fmt: skip
    return (named | set(EVERYWHERE)) & os.environ.keys()
