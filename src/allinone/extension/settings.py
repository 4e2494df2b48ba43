"""The extension's settings, read once at the edge."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from allinone.errors import ConfigurationError
from allinone.settings import EnvironmentSettings

DEFAULT_PORT = 8070


class ExtensionSettings(EnvironmentSettings):
    """Where the extension listens and who may use it. Environment variables start with `ALLINONE_`.

    Attributes:
        data_directory: where the secret that signs log-ins is kept.
        host: the address to listen on. Any but this machine's own needs a password.
        port: the port to listen on; 0 lets the system choose.
        password: asked of everybody, if set.
        hosts: names, besides the usual ones, under which browsers may reach us; "*" for any.
        max_body: bytes a JSON request may have.

    Raises:
        ConfigurationError: a value is wrong, or `host` is open to others without a password.
    """

    data_directory: Path
    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    password: SecretStr | None = None
    hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    max_body: int = Field(default=1024 * 1024, gt=0)

    @field_validator("password")
    @classmethod
    def _without_blanks(cls, value: SecretStr | None) -> SecretStr | None:
        """Files of secrets end in a line break, and headers cannot carry one."""
        stripped = value.get_secret_value().strip() if value else ""
        return SecretStr(stripped) if stripped else None

    @field_validator("hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return frozenset(name.strip().lower().rstrip(".") for name in value.split(",") if name.strip())

    @model_validator(mode="after")
    def _guard(self) -> Self:
        if not is_loopback(self.host) and self.password is None:
            message = (
                f"Listening on {self.host} would show your photos to everybody who can reach this machine. "
                "Set a password in ALLINONE_PASSWORD, or listen on 127.0.0.1."
            )
            raise ConfigurationError(message)
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
