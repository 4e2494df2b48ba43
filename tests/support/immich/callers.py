"""Who is asking: every kind of credential Immich knows, in its order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from starlette.requests import Request
from tests.support.immich.rows import hashed

SESSION_HEADERS = ("x-immich-user-token", "x-immich-session-token")


class Refused(Exception):
    """An error answer of Immich's."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **more}


@dataclass(frozen=True)
class Caller:
    """A user, and what these credentials allow. `elevated`: may see the locked folder."""

    user: Mapping[str, Any]
    permissions: frozenset[str] = frozenset({"all"})
    elevated: bool = False
    session: bool = False
    shared_album: UUID | None = None
    shared_link: bool = False

    @property
    def id(self) -> UUID:
        """The user."""
        user_id: UUID = self.user["id"]
        return user_id


Connection = psycopg.AsyncConnection[dict[str, Any]]


async def identify(request: Request, connection: Connection) -> Caller:
    """The caller.

    Raises:
        Refused: 401.
    """
    share = request.headers.get("x-immich-share-key") or request.query_params.get("key")
    slug = request.headers.get("x-immich-share-slug") or request.query_params.get("slug")
    if share or slug:
        return await _shared(connection, share, slug)
    token = next((request.headers[name] for name in SESSION_HEADERS if request.headers.get(name)), None)
    token = token or request.query_params.get("sessionKey") or _bearer(request)
    token = token or request.cookies.get("immich_access_token")
    if token:
        return await _session(connection, token)
    key = request.headers.get("x-api-key") or request.query_params.get("apiKey")
    if key:
        return await _api_key(connection, key)
    raise Refused(401, "Authentication required")


def _bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else None


async def _one(connection: Connection, statement: str, *parameters: Any) -> dict[str, Any] | None:
    return await (await connection.execute(statement, parameters)).fetchone()


async def _user(connection: Connection, user: UUID) -> Mapping[str, Any] | None:
    return await _one(connection, 'select * from "user" where id = %s and "deletedAt" is null', user)


async def _session(connection: Connection, token: str) -> Caller:
    row = await _one(connection, "select * from session where token = %s", hashed(token))
    user = await _user(connection, row["userId"]) if row else None
    if row is None or user is None:
        raise Refused(401, "Invalid user token")
    pin = row["pinExpiresAt"]
    return Caller(user, elevated=pin is not None and pin > datetime.now(UTC), session=True)


async def _api_key(connection: Connection, key: str) -> Caller:
    row = await _one(connection, "select * from api_key where key = %s", hashed(key))
    user = await _user(connection, row["userId"]) if row else None
    if row is None or user is None:
        raise Refused(401, "Invalid API key")
    return Caller(user, frozenset(row["permissions"]))


async def _shared(connection: Connection, key: str | None, slug: str | None) -> Caller:
    if key:
        try:
            row = await _one(connection, "select * from shared_link where key = %s", bytes.fromhex(key))
        except ValueError:
            row = None
    else:
        row = await _one(connection, "select * from shared_link where slug = %s", slug)
    user = await _user(connection, row["userId"]) if row else None
    expired = row is not None and row["expiresAt"] is not None and row["expiresAt"] < datetime.now(UTC)
    if row is None or user is None or expired:
        raise Refused(401, f"Invalid share {'key' if key else 'slug'}")
    return Caller(user, shared_album=row["albumId"], shared_link=True)


def require(caller: Caller, permission: str, *, shared_link: bool = False, admin: bool = False) -> None:
    """May these credentials use this route?

    Raises:
        Refused: 403.
    """
    if (admin and not caller.user["isAdmin"]) or (caller.shared_link and not shared_link):
        raise Refused(403, "Forbidden")
    if not caller.permissions & {"all", permission}:
        raise Refused(403, f"Missing required permission: {permission}")
