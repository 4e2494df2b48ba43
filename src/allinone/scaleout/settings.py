"""How photos-ai is spread over a Ray cluster."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from allinone.errors import ConfigurationError
from allinone.settings import EnvironmentSettings


class ScaleoutSettings(EnvironmentSettings):
    """Read once at the edge, from the environment.

    Attributes:
        address: the Ray cluster: "auto" is the one this machine belongs to.
        least: replicas that are always there.
        most: replicas at the busiest.
        cpus: cores one replica is given; a share of one is allowed.
        gpus: graphics cards one replica is given: 0.25 lets four share one.
        busy: requests per replica above which Ray starts another.
        per_machine: replicas one machine may have; None: as many as fit.

    Raises:
        ConfigurationError: a value is wrong, or there may be fewer replicas than there must be.
    """

    address: Annotated[SecretStr, Field(alias="ALLINONE_RAY_ADDRESS")] = SecretStr("auto")
    least: Annotated[int, Field(alias="ALLINONE_RAY_MIN", ge=1, le=1000)] = 1
    most: Annotated[int, Field(alias="ALLINONE_RAY_MAX", ge=1, le=1000)] = 4
    cpus: Annotated[float, Field(alias="ALLINONE_RAY_CPUS", gt=0, le=256)] = 1.0
    gpus: Annotated[float, Field(alias="ALLINONE_RAY_GPUS", ge=0, le=64)] = 0.0
    busy: Annotated[float, Field(alias="ALLINONE_RAY_BUSY", gt=0, le=1000)] = 4.0
    per_machine: Annotated[int | None, Field(alias="ALLINONE_RAY_PER_MACHINE", ge=1, le=1000)] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.most < self.least:
            message = f"ALLINONE_RAY_MAX is {self.most} and ALLINONE_RAY_MIN {self.least}: it cannot be less."
            raise ConfigurationError(message)
        return self
