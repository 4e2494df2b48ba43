"""A model that is loaded when first needed, once, however many ask at the same time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Model = TypeVar("Model")


class Resident(Generic[Model]):
    """Keeps what `load` makes. A load that fails is tried again by the next who asks: a model may have arrived."""

    def __init__(self, load: Callable[[], Model]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._model: Model | None = None

    @property
    def loaded(self) -> bool:
        """Whether it is in memory."""
        return self._model is not None

    def get(self) -> Model:
        """The model. Blocks while it is loaded, whoever began."""
        model = self._model
        if model is None:
            with self._lock:
                model = self._model
                if model is None:
                    model = self._model = self._load()
        return model

    def drop(self) -> None:
        """Forget it; who still computes keeps it until done."""
        with self._lock:
            self._model = None
