"""Answers that were given already, for the same question about the same bytes."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable

from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.members.member import clock

SECONDS = 3600.0  # after which a backend is asked again: its model may be another one by then


class AnswerCache:
    """Bounded by size and time. With a size of 0 nothing is kept, and nothing is hashed."""

    def __init__(self, size: int, *, now: Callable[[], float] = clock) -> None:
        self._size = size
        self._now = now
        self._kept: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()
        self.used = 0

    def key(self, ask: Ask) -> bytes | None:
        """Names the question: tasks, options, models and content; None where nothing is kept."""
        if not self._size:
            return None
        digest = hashlib.sha256(json.dumps(ask.entries, sort_keys=True).encode())
        digest.update(b"\0")
        digest.update(ask.form.content_digest())
        return digest.digest()

    def get(self, key: bytes | None) -> Answer | None:
        """The answer given to that question, where it is still kept."""
        if key is None or key not in self._kept:
            return None
        until, answer = self._kept[key]
        if self._now() >= until:
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def put(self, key: bytes | None, answer: Answer) -> None:
        """Keep a good answer."""
        if key is None or answer.document is None or _weight(answer) > self._size:
            return
        if key in self._kept:
            self._forget(key)
        self._kept[key] = (self._now() + SECONDS, answer)
        self.used += _weight(answer)
        while self.used > self._size:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: bytes) -> None:
        _, answer = self._kept.pop(key)
        self.used -= _weight(answer)


def _weight(answer: Answer) -> int:
    return 4 * len(answer.body) + 1000  # beside the bytes there is the document made of them
