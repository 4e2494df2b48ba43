"""What all kinds of backends have in common."""

from dataclasses import dataclass
from typing import Protocol

from allinone.gateway.form import Form
from allinone.wire.predict import Entries


@dataclass(frozen=True, slots=True)
class Ask:
    """What one backend is asked to do.

    Attributes:
        form: the request as it came.
        entries: the tasks for this backend; all of the form's, or some of them.
        whole: whether they are all of the form's, so that the very bytes may be passed on.
    """

    form: Form
    entries: Entries
    whole: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a backend said, as it is sent on. The status is 200, or one of 4xx that tells the client its fault.

    Attributes:
        document: the parsed `body` of a 200, with one key for each task that was asked for.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    document: dict[str, object] | None = None


class Backend(Protocol):
    """A place where tasks are done. It keeps no count of its failures: see `Member`."""

    def can(self, task: str) -> bool:
        """Whether it knows what `task` is."""

    async def predict(self, ask: Ask, *, seconds: float) -> Answer:
        """Do the tasks of `ask`.

        Raises:
            BackendFailed: it could not be reached, broke down, or answered nonsense; see failures.py.
            RequestError, ImageError: the request or its image cannot be used, here or anywhere.
        """

    async def ping(self, *, seconds: float) -> None:
        """Return where it is well.

        Raises:
            BackendFailed: it is not.
        """

    async def dimension(self, model_name: str | None, *, seconds: float) -> int | None:
        """Length of its CLIP vectors, asked for with a short text; None where that depends on a model not named."""

    async def close(self) -> None:
        """Let go of what it holds open."""
