"""The gateway itself, without its HTTP application: members, memory, the way of a request."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from prometheus_client import CollectorRegistry

from allinone.errors import ConfigurationError
from allinone.gateway.admission import Memory
from allinone.gateway.answer_cache import AnswerCache
from allinone.gateway.backend_specs import BackendSpec, Kind
from allinone.gateway.backends.in_process import InProcessBackend, Predictor
from allinone.gateway.backends.mt_photos import MtPhotosBackend
from allinone.gateway.backends.predict import PredictBackend
from allinone.gateway.backends.protocol import Backend
from allinone.gateway.forwarding import Forwarder
from allinone.gateway.members.health import State
from allinone.gateway.members.member import Member
from allinone.gateway.members.pool import Pool
from allinone.gateway.members.probing import Prober
from allinone.gateway.metrics import GatewayMetrics
from allinone.gateway.settings import GatewaySettings
from allinone.gateway.tokens import Token, shown_token, unauthenticated
from allinone.tasks import background, end
from allinone.wire.predict import CLIP


class Gateway:
    """Everything that lives as long as the service."""

    def __init__(
        self, settings: GatewaySettings, registry: CollectorRegistry, *, in_process: Predictor | None = None
    ) -> None:
        """Prepare; nothing is opened yet.

        Raises:
            ConfigurationError: a backend is in this process, and there is no engine here.
        """
        self.settings = settings
        self.token = Token(settings.token.get_secret_value())
        self.members = tuple(Member(spec, make_backend(spec, in_process)) for spec in settings.specs)
        self.pool = Pool(self.members, most_waiting=settings.waiting)
        self.memory = Memory(settings.memory, most_waiting=settings.waiting)
        self.metrics = GatewayMetrics(registry, settings.table.rules)
        self.forwarder = Forwarder(
            self.pool,
            settings.table,
            deadline=settings.deadline,
            attempt_seconds=settings.attempt_seconds,
            metrics=self.metrics,
            cache=AnswerCache(settings.cache),
        )
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look after the members while the block runs; close what is open in the end."""
        clip_names = self.settings.table.rule(CLIP)
        prober = Prober(
            self.pool,
            every=self.settings.ping_seconds,
            clip_members=frozenset(member for member in self.members if member.spec.name in clip_names),
            clip_model=self.settings.immich_clip_model,
        )
        async with AsyncExitStack() as stack:
            for member in self.members:
                stack.push_async_callback(member.backend.close)
            await stack.enter_async_context(background(prober.run(), "look after the backends"))
            try:
                yield
            finally:
                await end(*self._tasks)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """A task of the gateway's own, kept until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def check_access(self, headers: Mapping[bytes, bytes], in_path: bytes | None) -> None:
        """Return where the client may ask.

        Raises:
            Unauthenticated: it has no token, or a wrong one.
        """
        if self.token.required and not self.token.admits(shown_token(headers, in_path)):
            raise unauthenticated()

    def serves(self, rule: tuple[str, ...] | None = None) -> bool:
        """Whether some member, or some member of `rule`, is given work."""
        return any(
            member.health.state is not State.DOWN for member in self.members if rule is None or member.spec.name in rule
        )


def make_backend(spec: BackendSpec, in_process: Predictor | None) -> Backend:
    """What speaks to the backend of `spec`.

    Raises:
        ConfigurationError: it is in this process, and there is no engine here; or its certificates cannot be read.
    """
    if spec.kind is Kind.PREDICT:
        return PredictBackend(spec)
    if spec.kind is Kind.MT_PHOTOS:
        return MtPhotosBackend(spec)
    if in_process is None:
        message = f"The backend {spec.name!r} is in-process, and there is no engine in this process. Use `allinone up`."
        raise ConfigurationError(message)
    return InProcessBackend(in_process)
