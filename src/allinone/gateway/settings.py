"""The gateway's settings, read once at the edge."""

import re
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from allinone.errors import ConfigurationError
from allinone.gateway.backend_specs import BackendSpec, Kind, http_url, parse_backends
from allinone.gateway.routing import Routes, parse_routes
from allinone.settings import EnvironmentSettings
from allinone.wire.mt_photos import DEFAULT_KEY

DEFAULT_PORT = 8080
_TOKEN = re.compile(r"[A-Za-z0-9._-]{8,200}")
IMMICH_TIMEOUT = 300.0  # seconds after which Immich gives a request up


class GatewaySettings(EnvironmentSettings):
    """Where the gateway listens, what it sends where, and how long it tries.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 lets the system choose.
        immich_api: Immich's own machine-learning server, the backend `immich`.
        mt_photos_api: a server that speaks the MT-Photos API, the backend `photos-ai`.
        mt_photos_api_key: its api-key.
        backends: further backends, or others under those two names; see `parse_backends`.
        routes: which backends do which task; see `parse_routes`.
        immich_clip_model: the CLIP model set in Immich, so that backends can be checked against it at the start.
        deadline: seconds a request may take in all, attempts and waiting together.
        attempt_seconds: seconds one backend may take for one request.
        waiting: requests that may wait for a backend; more are refused as Overloaded.
        max_body: bytes a request may have.
        memory: bytes that all requests together may hold; further ones are not read before there is room.
        ping_seconds: time between two looks at a backend.
        token: what clients must show; empty: nothing.
        cache: bytes of answers to keep; 0: none.

    Raises:
        ConfigurationError: a value is wrong; an example is shown.
    """

    host: Annotated[str, Field(alias="ALLINONE_GATEWAY_HOST")] = "0.0.0.0"  # noqa: S104 — Immich is another container
    port: Annotated[int, Field(alias="PORT", ge=0, le=65535)] = DEFAULT_PORT
    immich_api: Annotated[str, Field(alias="IMMICH_API")] = "http://localhost:3003"
    mt_photos_api: Annotated[str, Field(alias="MT_PHOTOS_API")] = "http://localhost:8060"
    mt_photos_api_key: Annotated[SecretStr, Field(alias="MT_PHOTOS_API_KEY")] = SecretStr(DEFAULT_KEY)
    backends: SecretStr = SecretStr("")
    routes: str = ""
    immich_clip_model: str = ""
    deadline: Annotated[float, Field(alias="ALLINONE_GATEWAY_DEADLINE", gt=0, lt=IMMICH_TIMEOUT)] = 280.0
    attempt_seconds: Annotated[float, Field(alias="ALLINONE_GATEWAY_ATTEMPT_SECONDS", gt=0, le=IMMICH_TIMEOUT)] = 120.0
    waiting: Annotated[int, Field(alias="ALLINONE_GATEWAY_WAITING", ge=0, le=10_000)] = 400
    max_body: Annotated[int, Field(alias="ALLINONE_GATEWAY_MAX_BODY", gt=0)] = 64 * 1024 * 1024
    memory: Annotated[int, Field(alias="ALLINONE_GATEWAY_MEMORY", gt=0)] = 256 * 1024 * 1024
    ping_seconds: Annotated[float, Field(alias="ALLINONE_GATEWAY_PING_SECONDS", gt=0, le=3600)] = 5.0

    token: Annotated[SecretStr, Field(alias="ALLINONE_GATEWAY_TOKEN")] = SecretStr("")
    cache: Annotated[int, Field(alias="ALLINONE_GATEWAY_CACHE", ge=0)] = 0

    @field_validator("token")
    @classmethod
    def _fits_into_a_path(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and not _TOKEN.fullmatch(token.get_secret_value()):
            message = "ALLINONE_GATEWAY_TOKEN must have 8 to 200 letters, digits, dots, hyphens or underscores."
            raise ConfigurationError(message)  # not a ValueError, which would be shown with the token
        return token

    @model_validator(mode="after")
    def _room_for_one(self) -> Self:
        if self.memory < self.max_body:
            message = "ALLINONE_GATEWAY_MEMORY must not be less than ALLINONE_GATEWAY_MAX_BODY, or none would fit."
            raise ConfigurationError(message)
        return self

    @model_validator(mode="after")
    def _readable(self) -> Self:
        """Wrong backends and routes are told at the start, by their own messages."""
        _ = self.table
        return self

    @cached_property
    def specs(self) -> tuple[BackendSpec, ...]:
        """The backends that some rule names."""
        used = self.table.names()
        return tuple(spec for spec in self._all_specs if spec.name in used)

    @cached_property
    def table(self) -> Routes:
        """Which backends do which task."""
        return parse_routes(self.routes, {spec.name for spec in self._all_specs})

    @cached_property
    def _all_specs(self) -> tuple[BackendSpec, ...]:
        """Those of ALLINONE_BACKENDS, and the two of the old variables where it does not name them."""
        given = parse_backends(self.backends.get_secret_value())
        headers = {"api-key": self.mt_photos_api_key.get_secret_value().strip() or DEFAULT_KEY}
        old = (
            BackendSpec("photos-ai", Kind.MT_PHOTOS, http_url(self.mt_photos_api, "MT_PHOTOS_API"), headers=headers),
            BackendSpec("immich", Kind.PREDICT, http_url(self.immich_api, "IMMICH_API")),
        )
        named = {spec.name for spec in given}
        return (*given, *(spec for spec in old if spec.name not in named))
