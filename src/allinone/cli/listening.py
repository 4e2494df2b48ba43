"""What the commands that serve have in common: a socket to listen on, and a server that ends in order."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from allinone.errors import ConfigurationError


class Server(uvicorn.Server):
    """uvicorn, with SIGINT and SIGTERM ending it quietly, so that what we opened is closed in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `stop_on_signals`: uvicorn would raise them again at its end."""
        yield

    def stop_on_signals(self) -> None:
        """End well at the first signal, at once at the second."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


@contextmanager
def listen(host: str, port: int, *, setting: str = "--port or --host") -> Iterator[socket.socket]:
    """A listening socket, before anything slow is started.

    Args:
        host: the address, or a name of one.
        port: 0 lets the system choose.
        setting: how another port or address is chosen, for the message.

    Raises:
        ConfigurationError: the port is taken, or the address is not ours.
    """
    try:
        [*_, (family, _, _, _, address)] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listener = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"Cannot listen on {host}, port {port}: {reason}. Choose another with {setting}."
        raise ConfigurationError(message) from error
    with listener:
        yield listener


def address(host: str, port: int) -> str:
    """The URL at which this machine reaches a server that listens on `host`."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
