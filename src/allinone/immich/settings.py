"""How to reach an Immich: its server, database, queues and machine learning. Variables are Immich's own."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from psycopg import ProgrammingError, conninfo
from pydantic import Field, SecretStr, field_validator, model_validator

from allinone.errors import ConfigurationError
from allinone.settings import EnvironmentSettings

CONNECT_SECONDS = 5
READ_ONLY = (
    # A second lock beside the role's: whatever we send, PostgreSQL writes nothing on these connections.
    "-c default_transaction_read_only=on"
    # We wait for Immich's migrations, never the other way round.
    " -c lock_timeout=3000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000"
)


class ImmichSettings(EnvironmentSettings):
    """Where Immich is and how its photos are ranked.

    Attributes:
        url: immich-server, as this machine reaches it.
        database_url: Immich's database; in place of the `db_` settings.
        db_hostname, db_port, db_username, db_password, db_database_name: Immich's database in parts.
        redis_url: Immich's Redis, `redis://` or `ioredis://`; in place of the other `redis_` settings.
        redis_hostname, redis_port, redis_dbindex, redis_username, redis_password, redis_socket: the same in parts.
        machine_learning_url: the server that makes a query's vector; None for the first that Immich itself uses.
        cutoff: which pictures are too unlike a query to be shown.
        picture_weight: 0..1, how much the picture counts beside the text.
        follow_seconds: time between two looks for changes.
        reconcile_minutes: time between two comparisons of everything.
        search_seconds: how long an answer may wait for our part after Immich's own is there.

    Raises:
        ConfigurationError: a value is wrong.
    """

    url: Annotated[str, Field(alias="ALLINONE_IMMICH_URL")] = "http://immich-server:2283"
    database_url: Annotated[SecretStr | None, Field(alias="DB_URL")] = None
    db_hostname: Annotated[str, Field(alias="DB_HOSTNAME")] = "database"
    db_port: Annotated[int, Field(alias="DB_PORT", ge=1, le=65535)] = 5432
    db_username: Annotated[str, Field(alias="DB_USERNAME")] = "postgres"
    db_password: Annotated[SecretStr, Field(alias="DB_PASSWORD")] = SecretStr("postgres")
    db_database_name: Annotated[str, Field(alias="DB_DATABASE_NAME")] = "immich"
    redis_url: Annotated[SecretStr | None, Field(alias="REDIS_URL")] = None
    redis_hostname: Annotated[str, Field(alias="REDIS_HOSTNAME")] = "redis"
    redis_port: Annotated[int, Field(alias="REDIS_PORT", ge=1, le=65535)] = 6379
    redis_dbindex: Annotated[int, Field(alias="REDIS_DBINDEX", ge=0)] = 0
    redis_username: Annotated[str | None, Field(alias="REDIS_USERNAME")] = None
    redis_password: Annotated[SecretStr | None, Field(alias="REDIS_PASSWORD")] = None
    redis_socket: Annotated[str | None, Field(alias="REDIS_SOCKET")] = None
    machine_learning_url: Annotated[str | None, Field(alias="IMMICH_MACHINE_LEARNING_URL")] = None
    cutoff: Annotated[Literal["off", "normal", "strict"], Field(alias="ALLINONE_SEARCH_CUTOFF")] = "normal"
    picture_weight: Annotated[float, Field(alias="ALLINONE_SEARCH_PICTURE_WEIGHT", ge=0, le=1)] = 0.5
    search_seconds: Annotated[float, Field(alias="ALLINONE_SEARCH_SECONDS", gt=0, le=30)] = 1.0
    follow_seconds: Annotated[float, Field(alias="ALLINONE_FOLLOW_SECONDS", gt=0, le=3600)] = 2.0
    reconcile_minutes: Annotated[float, Field(alias="ALLINONE_RECONCILE_MINUTES", gt=0)] = 60.0

    @field_validator("url", "machine_learning_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if not (value and value.strip()):
            return None
        text = value.strip()
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            message = "it must be an address such as http://immich-server:2283"
            raise ValueError(message)
        return text.rstrip("/")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            _ = self.dsn
        except ProgrammingError as error:
            message = f"DB_URL cannot be understood: {str(error).strip()}"
            raise ConfigurationError(message) from error
        return self

    @property
    def dsn(self) -> str:
        """Connection string of Immich's database, for reading only."""
        return conninfo.make_conninfo(self._parts, options=READ_ONLY, connect_timeout=CONNECT_SECONDS)

    def own_dsn(self, database: str = "allinone") -> str:
        """Connection string of another database on the same server, as the same role; it may be written to."""
        return conninfo.make_conninfo(self._parts, dbname=database, connect_timeout=CONNECT_SECONDS)

    @property
    def _parts(self) -> str:
        if self.database_url is not None and self.database_url.get_secret_value().strip():
            return _libpq(self.database_url.get_secret_value().strip())
        return conninfo.make_conninfo(
            host=self.db_hostname,
            port=self.db_port,
            user=self.db_username,
            password=self.db_password.get_secret_value(),
            dbname=self.db_database_name,
        )

    @property
    def redis(self) -> dict[str, object] | str:
        """Immich's Redis, in the form that `bullmq` takes."""
        if self.redis_url is not None and self.redis_url.get_secret_value().strip():
            return self.redis_url.get_secret_value().strip().removeprefix("io")
        found: dict[str, object] = {"db": self.redis_dbindex}
        if self.redis_socket:
            found["unix_socket_path"] = self.redis_socket
        else:
            found |= {"host": self.redis_hostname, "port": self.redis_port}
        if self.redis_username:
            found["username"] = self.redis_username
        if self.redis_password is not None and self.redis_password.get_secret_value():
            found["password"] = self.redis_password.get_secret_value()
        return found


def _libpq(url: str) -> str:
    """`url` without what only Immich's own driver understands."""
    plain = url.split("?", 1)[0] if "?" in url and "sslmode" not in url else url
    return conninfo.make_conninfo(plain)
