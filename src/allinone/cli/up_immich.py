"""`allinone up --immich URL`: extension, models with gateway, and the front door, beside a running Immich.

This process only watches over the others, so that each of them may break without the rest: while the extension is
away, the front door leads to Immich.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from rich.console import Console

from allinone.cli.extension import ListenSettings
from allinone.cli.front_door_process import front_door_process
from allinone.cli.immich_data import hold_immich_data
from allinone.cli.listening import address, listen
from allinone.cli.models_worker import gateway_settings
from allinone.cli.supervised_process import SupervisedProcess
from allinone.database.data_directory import DataDirectory
from allinone.errors import ConfigurationError
from allinone.extension.front_door import FrontDoorSettings, host_and_port
from allinone.gateway.settings import GatewaySettings
from allinone.immich.settings import ImmichSettings

LOOPBACK = "127.0.0.1"
STARTED_SECONDS = 60.0

log = logging.getLogger(__name__)


async def up_beside_immich(directory: DataDirectory, url: str, given: Mapping[str, Any]) -> None:
    """Run all of it until told to end.

    Args:
        directory: where models and the embedded database are.
        url: where immich-server answers.
        given: `front_door_host` and `front_door_port`, where they were named.

    Raises:
        ConfigurationError: a setting is wrong, or a port is taken.
    """
    # Wrong settings and taken ports are told here, not by a child over and over.
    door, gateway, port = FrontDoorSettings(immich_url=url, **given), gateway_settings(), ListenSettings().port
    settings = ImmichSettings(**_given(url, gateway))
    _free(door.front_door_host, door.front_door_port, lambda: _advice(door, url))
    _free(gateway.host, gateway.port, lambda: "Choose another for the gateway with PORT.")
    _free(LOOPBACK, port, lambda: "Choose another for the extension with ALLINONE_PORT.")
    ended = _signals()
    async with hold_immich_data(directory, "up", settings) as data:
        environment = _environment(settings, data.database.dsn, port)
        async with _children(directory, door, environment, port):
            if await _answers(port, ended):
                shown, models = address(door.front_door_host, door.front_door_port), _own_url(gateway)
                if data.hold:
                    data.hold.announce(shown)
                _announce(shown, models)
            await ended.wait()


@asynccontextmanager
async def _children(
    directory: DataDirectory, door: FrontDoorSettings, environment: Mapping[str, str], port: int
) -> AsyncIterator[None]:
    python, parent = [sys.executable, "-m", "allinone"], ["--parent", str(os.getpid())]
    models = [*python, "models-worker", "--data-dir", str(directory.path), *parent]
    children = (
        SupervisedProcess("models and gateway", models),
        SupervisedProcess("extension", [*python, "extension-worker", *parent], environment),
        front_door_process(door, extension=f"{LOOPBACK}:{port}", folder=directory.path / "caddy"),
    )
    async with AsyncExitStack() as running:
        for child in children:
            await running.enter_async_context(child.running())
        yield


def _given(url: str, gateway: GatewaySettings) -> dict[str, Any]:
    named = os.environ.get("IMMICH_MACHINE_LEARNING_URL")
    return {"url": url} | ({} if named else {"machine_learning_url": _own_url(gateway)})


def _own_url(gateway: GatewaySettings) -> str:
    return address(gateway.host, gateway.port).rstrip("/")


def _environment(settings: ImmichSettings, dsn: str, port: int) -> dict[str, str]:
    """What the extension reads."""
    machine_learning = {"IMMICH_MACHINE_LEARNING_URL": settings.machine_learning_url or ""}
    own = {"ALLINONE_HOST": LOOPBACK, "ALLINONE_PORT": str(port), "ALLINONE_DATABASE_URL": dsn}
    return {**os.environ, "ALLINONE_IMMICH_URL": settings.url, **machine_learning, **own}


def _signals() -> asyncio.Event:
    """Set at SIGINT or SIGTERM."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


async def _answers(port: int, ended: asyncio.Event) -> bool:
    """Wait for the extension; the front door leads to Immich meanwhile."""
    for _ in range(int(STARTED_SECONDS / 0.1)):
        if ended.is_set():
            return False
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return True
    log.warning("The extension has not started yet; Immich answers alone until it has.")
    return True


def _advice(door: FrontDoorSettings, url: str) -> str:
    if host_and_port(url).endswith(f":{door.front_door_port}"):
        return (
            "That is the port of Immich itself. Publish immich-server at another one, such as 2284, and start again "
            "with --immich http://127.0.0.1:2284; people then go on using this port. Or choose another with --port."
        )
    return "Choose another with --port."


def _free(host: str, port: int, advice: Callable[[], str]) -> None:
    try:
        with listen(host, port):
            return
    except ConfigurationError as error:
        message = f"Port {port} of {host} is taken. {advice()}"
        raise ConfigurationError(message) from error


def _announce(door: str, gateway: str) -> None:
    if sys.stderr.isatty():
        console = Console(stderr=True)
        console.print(f"\n  Your Immich:  [bold link={door}]{door}[/]   [dim]Ctrl-C ends[/]")
        console.print(f"  In Immich, under Settings > Machine Learning, the URL must be [bold]{gateway}[/]")
        console.print("  [dim](as immich-server reaches this machine; `allinone doctor` checks it)[/]\n")
    else:
        log.info("Your Immich: %s", door)
        log.info("Immich's machine-learning URL must be %s, as immich-server reaches it", gateway)
