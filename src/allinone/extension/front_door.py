"""The front door: one Caddyfile for every way to run us, filled in from the environment."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from allinone.errors import ConfigurationError
from allinone.settings import EnvironmentSettings

CADDYFILE = Path(__file__).with_name("Caddyfile")
DEFAULT_FRONT_DOOR_PORT = 2283


class FrontDoorSettings(EnvironmentSettings):
    """Where the front door listens and whom it leads to. Environment variables start with `ALLINONE_`.

    Attributes:
        immich_url: where Immich's server answers, as `http://host:port`.
        front_door_host: the address to listen on. Immich asks for its own log-in, so it may be open to the network.
        front_door_port: the port to listen on.
        trusted_proxies: whose `X-Forwarded-*` headers are believed; ranges of addresses, separated by blanks.

    Raises:
        ConfigurationError: a value is wrong.
    """

    immich_url: str
    front_door_host: str = "0.0.0.0"  # noqa: S104 — as Immich does
    front_door_port: int = Field(default=DEFAULT_FRONT_DOOR_PORT, ge=1, le=65535)
    trusted_proxies: str = Field(default="private_ranges", pattern=r"^[A-Za-z0-9_.:/ ]+$")

    @model_validator(mode="after")
    def _check(self) -> Self:
        host_and_port(self.immich_url)
        return self

    def environment(self, extension: str) -> dict[str, str]:
        """What the Caddyfile reads; `extension` is the extension's `host:port`."""
        return {
            "ALLINONE_FRONT_DOOR_HOST": self.front_door_host,
            "ALLINONE_FRONT_DOOR_PORT": str(self.front_door_port),
            "ALLINONE_IMMICH_ADDRESS": host_and_port(self.immich_url),
            "ALLINONE_EXTENSION_ADDRESS": extension,
            "ALLINONE_TRUSTED_PROXIES": self.trusted_proxies,
        }


def host_and_port(url: str) -> str:
    """`http://host:port` as `host:port`.

    Raises:
        ConfigurationError: it is no such address. The door stands in front of Immich's own port, which has no TLS.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host = None
    if host is None or parts.scheme != "http" or parts.path not in ("", "/") or parts.query or parts.username:
        message = (
            f"Immich's address is {url!r}; it must be where immich-server itself answers, such as "
            "http://127.0.0.1:2283 or http://immich-server:2283, without a path and without TLS."
        )
        raise ConfigurationError(message)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
