"""A request on its way: to whom, how often, for how long."""

import asyncio
import logging
from dataclasses import dataclass, replace

from allinone.errors import BackendFailed, ImageError, InvalidRequest, RequestError
from allinone.gateway.answer_cache import AnswerCache
from allinone.gateway.backends.failures import Broken, Busy, Missing, WrongDimension
from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.form import Form
from allinone.gateway.members.member import Member, clock
from allinone.gateway.members.pool import Pool, Want
from allinone.gateway.members.probing import note_change
from allinone.gateway.merging import merge
from allinone.gateway.metrics import GatewayMetrics
from allinone.gateway.retry import pause_after
from allinone.gateway.routing import Routes, Rule
from allinone.tasks import together
from allinone.wire.predict import Entries

logger = logging.getLogger(__name__)

MOST_WANTS = 1000  # that are remembered: names of tasks come from outside
TEXT = " of a text"
TEXT_SECONDS = 60.0  # somebody waits for these at a search field, and nothing is lost with them


class NoAnswer(BackendFailed):
    """Nobody could do it in time, or nobody at all."""


@dataclass(slots=True)
class Course:
    """What happened to a request so far.

    Attributes:
        ends: when its time is up.
        seconds: how long a backend worked on it, at most of those that worked on a part of it.
        last: the failure met last.
    """

    ends: float
    seconds: float = 0.0
    last: BackendFailed | None = None


class Forwarder:
    """Sends tasks to those who may do them, until they are done or their time is up."""

    def __init__(
        self,
        pool: Pool,
        routes: Routes,
        *,
        deadline: float,
        attempt_seconds: float,
        metrics: GatewayMetrics,
        cache: AnswerCache,
    ) -> None:
        self._pool = pool
        self._routes = routes
        self._deadline = deadline
        self._attempt_seconds = attempt_seconds
        self._metrics = metrics
        self._cache = cache
        self._wants: dict[tuple[Rule, tuple[str, ...], bool], Want] = {}

    def course(self, form: Form) -> Course:
        """The way that lies before `form`, from now on."""
        urgent = "image" not in form.parts
        return Course(clock() + (min(self._deadline, TEXT_SECONDS) if urgent else self._deadline))

    async def predict(self, form: Form, course: Course) -> Answer:
        """The answer to `form`, by one backend or by several.

        Raises:
            RequestError, ImageError: the client's fault.
            Overloaded: too many wait already.
            BackendFailed: nobody could do it, or not in time.
        """
        shares = self._routes.split(form.entries)
        if len(shares) == 1:
            return await self._share(shares[0][0], Ask(form, form.entries, whole=True), course)
        asks = [(rule, Ask(form, entries, whole=False)) for rule, entries in shares]
        return merge(await together(self._share(rule, ask, course) for rule, ask in asks))

    async def _share(self, rule: Rule, ask: Ask, course: Course) -> Answer:
        want = self._want(rule, ask.entries, urgent="image" not in ask.form.parts)
        key = self._cache.key(ask)
        answer = self._cache.get(key)
        if answer is not None:
            self._metrics.cached()
            return answer
        answer = await self._until_done(want, ask, course)
        if answer.status == 200:
            self._cache.put(key, answer)
        return answer

    def _want(self, rule: Rule, entries: Entries, *, urgent: bool) -> Want:
        """Who may do `entries`.

        Raises:
            InvalidRequest: none knows what one of the tasks is.
        """
        key = (rule, tuple(entries), urgent)
        known = self._wants.get(key)
        if known is not None:
            return known
        found = tuple(
            member
            for member in self._pool.members
            if member.spec.name in rule and all(member.backend.can(task) for task in entries)
        )
        if not found:
            tasks = ", ".join(repr(task[:50]) for task in entries)
            message = f"No backend here does {tasks}. Immich's own server may: set ALLINONE_ROUTES."
            raise InvalidRequest(message)
        want = Want(found, self._metrics.task(entries) + (TEXT if urgent else ""))
        if len(self._wants) < MOST_WANTS:
            self._wants[key] = want
        return want

    async def _until_done(self, want: Want, ask: Ask, course: Course) -> Answer:
        urgent = "image" not in ask.form.parts
        tried: set[Member] = set()
        tries = 0
        member = self._pool.take_next(want) or await self._take(want, course, urgent=urgent)
        while True:
            try:
                return await self._attempt(member, want, ask, course)
            except BackendFailed as failure:
                if not isinstance(course.last, WrongDimension):  # that one can be mended by who reads it
                    course.last = failure
                tries += isinstance(failure, Broken)
                tried.add(member)
                if isinstance(failure, WrongDimension) or (urgent and isinstance(failure, Missing)):
                    want = replace(want, members=tuple(each for each in want.members if each not in tried))
                    if not want.members:
                        raise
                pause = pause_after(failure, tries, elsewhere=not tried.issuperset(want.members))
                if pause is None:
                    raise
                member = self._pool.take_now(want, avoid=tried) or await self._take(
                    want, course, urgent=urgent, pause=pause
                )

    def _reasons(self) -> str:
        down = [member.health.reason for member in self._pool.members if member.health.reason]
        return "; ".join(down) or "all were busy"

    async def _take(self, want: Want, course: Course, *, urgent: bool, pause: float = 0.0) -> Member:
        """A free member, after a `pause`.

        Raises:
            NoAnswer: there was none before the time was up.
        """
        try:
            async with asyncio.timeout(max(0.0, course.ends - clock())):
                if pause:
                    await asyncio.sleep(pause)
                return await self._pool.take(want, urgent=urgent)
        except TimeoutError as error:
            message = f"No backend answered in time: {course.last or self._reasons()}"
            raise NoAnswer(message) from error

    async def _attempt(self, member: Member, want: Want, ask: Ask, course: Course) -> Answer:
        """One attempt; the member is given back whatever happens."""
        begun = clock()
        outcome = "cancelled"
        before = member.health.state
        try:
            answer = await member.backend.predict(ask, seconds=min(self._attempt_seconds, course.ends - begun))
        except BackendFailed as failure:
            outcome = type(failure).__name__.lower()
            member.failed += 1
            self._blame(member, want, ask, failure)
            raise
        except (RequestError, ImageError):
            outcome = "refused"
            raise
        else:
            outcome = "ok" if answer.status == 200 else "refused"
            member.health.succeeded()
            member.answered += 1
            return answer
        finally:
            took = clock() - begun
            course.seconds = max(course.seconds, took)
            self._metrics.attempt(member.spec, ask.entries, outcome, took)
            if before is not member.health.state:
                note_change(member, before)
            self._pool.give_back(member)

    def _blame(self, member: Member, want: Want, ask: Ask, failure: BackendFailed) -> None:
        if isinstance(failure, Busy):
            if want.work.endswith(TEXT) and isinstance(failure, Missing):
                return  # the next one is told at once, too
            member.paused[want.work] = clock() + failure.retry_after
            asyncio.get_running_loop().call_later(failure.retry_after, self._pool.wake)
            return
        digest = ask.form.content_digest() if isinstance(failure, Broken) else b""
        member.health.failed(failure, digest, clock())
        logger.info("%s failed at %s: %s", member.spec.name, ", ".join(ask.entries), failure)
