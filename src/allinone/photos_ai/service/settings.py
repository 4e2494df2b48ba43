"""The service's settings, read once at the edge."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from allinone.settings import EnvironmentSettings
from allinone.wire.mt_photos import DEFAULT_KEY

DEFAULT_PORT = 8060


class ServiceSettings(EnvironmentSettings):
    """Where photos-ai listens, who may use it, and what a request may cost.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 lets the system choose.
        key: the api-key of every MT-Photos route.
        predict_needs_key: whether `/predict` asks for it too; Immich itself sends none.
        max_body: bytes a request may have.
        memory: bytes that all requests together may hold.
        deadline: seconds after which a request is given up; less than the gateway waits for one backend.

    Raises:
        ConfigurationError: a value is wrong.
    """

    host: Annotated[str, Field(alias="ALLINONE_PHOTOS_AI_HOST")] = "0.0.0.0"  # noqa: S104 — others are containers
    port: Annotated[int, Field(alias="HTTP_PORT", ge=0, le=65535)] = DEFAULT_PORT
    key: Annotated[SecretStr, Field(alias="API_AUTH_KEY")] = SecretStr(DEFAULT_KEY)
    predict_needs_key: Annotated[bool, Field(alias="ALLINONE_PREDICT_NEEDS_KEY")] = False
    max_body: Annotated[int, Field(alias="ALLINONE_PHOTOS_AI_MAX_BODY", gt=0)] = 64 * 1024 * 1024
    memory: Annotated[int, Field(alias="ALLINONE_PHOTOS_AI_MEMORY", gt=0)] = 256 * 1024 * 1024
    deadline: Annotated[float, Field(alias="ALLINONE_PHOTOS_AI_DEADLINE", gt=0, le=3600)] = 110.0

    @field_validator("key")
    @classmethod
    def _never_empty(cls, value: SecretStr) -> SecretStr:
        """An empty variable, as compose files make of one that is not set, means the default, not an open door."""
        stripped = value.get_secret_value().strip()  # files of secrets end in a line break
        return SecretStr(stripped or DEFAULT_KEY)
