"""Who is asking Immich, and whose photos they see on their timeline."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from allinone.errors import AllInOneError, BackendFailed
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials

KEPT_SECONDS = 30.0
MOST_KEPT = 500
NOT_UNDERSTOOD = "Immich told who is asking in a way that is not understood."


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and the owners a search of theirs looks at: themselves and who shares with them."""

    user_id: UUID
    owners: tuple[UUID, ...]


class People:
    """Asks Immich, and remembers for a short time. Only candidates depend on it: who may see what is Immich's."""

    def __init__(self, client: ImmichClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Person]] = OrderedDict()

    async def identify(self, credentials: Credentials) -> Person:
        """Whose credentials these are.

        Raises:
            BackendFailed: Immich does not tell: it does not answer, or not these credentials.
        """
        key = credentials.fingerprint
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        me, partners = await asyncio.gather(
            self._client.get("/api/users/me", credentials),
            self._client.get("/api/partners", credentials, {"direction": "shared-with"}),
        )
        person = _person(me, partners)
        self._kept[key] = (self._clock(), person)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return person


def _person(me: Reply, partners: Reply) -> Person:
    if not me.ok:
        message = f"Immich does not tell who is asking (status {me.status})."
        raise BackendFailed(message)
    user_id = user_id_of(me)
    try:
        # A key that may not list partners still finds its owner's photos.
        shared = partners.document() if partners.ok else []
        owners = [UUID(partner["id"]) for partner in shared if partner.get("inTimeline")]
    except (AllInOneError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackendFailed(NOT_UNDERSTOOD) from error
    return Person(user_id, (user_id, *owners))


def user_id_of(me: Reply) -> UUID:
    """Who is asking, by Immich's answer to `/api/users/me`.

    Raises:
        BackendFailed: it is no such answer.
    """
    try:
        return UUID(me.document()["id"])
    except (AllInOneError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackendFailed(NOT_UNDERSTOOD) from error
