"""Looks at every backend from time to time, so that one that is back is used again, and one that is gone is not."""

import asyncio
import logging

from allinone.errors import AllInOneError, BackendFailed
from allinone.gateway.backends.failures import Broken
from allinone.gateway.dimensions import expected_dimension, mismatch
from allinone.gateway.members.health import State
from allinone.gateway.members.member import Member, clock
from allinone.gateway.members.pool import Pool

PING_SECONDS = 3.0
AWAY_SECONDS = 1.0  # between two looks at one that is not well
DIMENSION_SECONDS = 60.0  # the first vector may have to wait for a model to be loaded

logger = logging.getLogger(__name__)


class Prober:
    """Owns one task for each member while it runs."""

    def __init__(self, pool: Pool, *, every: float, clip_members: frozenset[Member], clip_model: str) -> None:
        self._pool = pool
        self._every = every
        self._clip_members = clip_members
        self._clip_model = clip_model

    async def run(self) -> None:
        """Look, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for member in self._pool.members:
                group.create_task(self._watch(member), name=f"watch {member.spec.name}")

    async def _watch(self, member: Member) -> None:
        while True:
            await self.look(member)
            well = member.health.state is State.UP
            await asyncio.sleep(self._every if well else min(AWAY_SECONDS, self._every))

    async def look(self, member: Member) -> None:
        """Ping `member` once, and ask for the length of its vectors where that is not known yet."""
        before = member.health.state
        try:
            await member.backend.ping(seconds=PING_SECONDS)
        except BackendFailed as failure:
            member.health.ping_failed(failure, clock())
        except Exception as error:
            logger.exception("Looking at %s failed", member.shown)
            member.health.ping_failed(Broken(f"{type(error).__name__}: {error}"), clock())
        else:
            member.health.pinged(clock())
            self._pool.wake()
            await self._check_dimension(member)
        note_change(member, before)

    async def _check_dimension(self, member: Member) -> None:
        if member.dimension is not None or member not in self._clip_members:
            return
        try:
            found = await member.backend.dimension(self._clip_model or None, seconds=DIMENSION_SECONDS)
        except (AllInOneError, TimeoutError) as error:
            self._note(member, f"{member.shown} makes no CLIP vectors: {error or 'no answer in time'}")
            return
        if found is None:
            return
        member.dimension = found
        expected = expected_dimension(self._clip_model)
        wrong = expected is not None and expected != found
        self._note(member, mismatch(self._clip_model, expected or 0, found, member.shown) if wrong else "")

    def _note(self, member: Member, notice: str) -> None:
        if notice and notice != member.notice:
            logger.error("%s", notice)
        member.notice = notice


def note_change(member: Member, before: State) -> None:
    """Log where `member` is not as it was."""
    after = member.health.state
    if before is not State.DOWN and after is State.DOWN:
        logger.warning("%s is not used for now: %s", member.shown, member.health.reason)
    elif before is not State.UP and after is State.UP:
        logger.info("%s is back", member.shown)
