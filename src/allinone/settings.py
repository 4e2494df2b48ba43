"""What all rooms' settings have in common: read once from the environment, wrong values named."""

import os
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from allinone.errors import ConfigurationError


def cores() -> int:
    """Processor cores that this process may use, at least one."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


class _ByAlias(EnvSettingsSource):
    """The environment, where a field with an alias is read by its alias alone.

    Otherwise `populate_by_name`, which lets our own code use a field's name, would have the gateway's `port` (PORT)
    read ALLINONE_PORT, which is the extension's, as well.
    """

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        self.config = SettingsConfigDict(**{**self.config, "populate_by_name": False})


class EnvironmentSettings(BaseSettings):
    """Settings of a room. Environment variables start with `ALLINONE_`, unless a field has an alias.

    Raises:
        ConfigurationError: a value is wrong; the message names its variable.
    """

    model_config = SettingsConfigDict(
        env_prefix="ALLINONE_",
        env_ignore_empty=True,  # compose files set variables to nothing where theirs are not set
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the program gives goes before the environment."""
        return init_settings, _ByAlias(settings_cls)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = f"{self._variable(first['loc'])} cannot be {first['input']!r}: {first['msg']}."
            raise ConfigurationError(message) from error

    @classmethod
    def _variable(cls, location: tuple[int | str, ...]) -> str:
        """The environment variable of the field that pydantic names, by its own name or by its alias."""
        name = str(location[0]) if location else ""
        field = cls.model_fields.get(name)
        if field is None:
            return name or "The settings together"
        return field.alias or f"{cls.model_config.get('env_prefix', '')}{name}".upper()
