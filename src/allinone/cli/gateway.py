"""`allinone gateway`: the one address Immich's machine-learning URL points at."""

import logging
from typing import Annotated, Any

import typer

from allinone.cli import event_loop
from allinone.cli.listening import Server, address, listen
from allinone.gateway.app import create_app, gateway_config
from allinone.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)


def command(
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen on.", show_default="every address of this machine"),
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen on.", show_default="8080")] = None,
) -> None:
    """Pass Immich's machine-learning requests on to the backends that do them, and lose none.

    docs/how-to/gateway.md shows how to set it up. Ctrl-C ends it.
    """
    given: dict[str, Any] = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    event_loop.run(_serve(GatewaySettings(**given)))


async def _serve(settings: GatewaySettings) -> None:
    app = create_app(settings)
    with listen(settings.host, settings.port) as listener:
        server = Server(gateway_config(app))
        server.stop_on_signals()
        log.info("The gateway listens at %s", address(settings.host, listener.getsockname()[1]))
        for member in app.state.gateway.members:
            log.info("Backend %s, %s", member.shown, member.spec.kind)
        await server.serve(sockets=[listener])
