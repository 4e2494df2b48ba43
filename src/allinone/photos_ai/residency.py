"""A model that is loaded when first needed, once, however many ask at the same time, and dropped when idle."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Model = TypeVar("Model")

_log = logging.getLogger(__name__)


class Resident(Generic[Model]):
    """Keeps what `load` makes. A load that fails is tried again by the next who asks: a model may have arrived.

    Threads may share it.
    """

    def __init__(
        self, load: Callable[[], Model], *, name: str = "a model", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._count = threading.Lock()
        self._users = 0
        self._last_used = clock()

    @property
    def loaded(self) -> bool:
        """Whether it is in memory."""
        return self._model is not None

    @contextmanager
    def use(self) -> Iterator[Model]:
        """The model, which is not idle while the block runs. Blocks while it is loaded, whoever began.

        Raises:
            ModelMissing: as `load` does.
        """
        with self._count:
            self._users += 1
        try:
            yield self.get()
        finally:
            with self._count:
                self._users -= 1
                self._last_used = self._clock()

    def get(self) -> Model:
        """The model. Blocks while it is loaded, whoever began."""
        model = self._model
        if model is None:
            with self._lock:
                model = self._model
                if model is None:
                    begun = time.perf_counter()
                    model = self._model = self._load()
                    _log.info("Loaded %s in %.1f s.", self._name, time.perf_counter() - begun)
        return model

    def drop(self) -> bool:
        """Forget it; who still computes keeps it until done. Tells whether there was anything to forget."""
        with self._lock:
            was_loaded = self._model is not None
            self._model = None
        return was_loaded

    def drop_idle(self, seconds: float) -> bool:
        """Forget it where nobody has used it for so long; tells whether it did."""
        with self._count:
            idle = self._users == 0 and self._clock() - self._last_used >= seconds
        # whoever begins just now keeps what they got, or loads it again: the answer is right either way
        return idle and self.drop()
