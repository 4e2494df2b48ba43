"""Slows down whoever guesses passwords, in bounded memory."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_TRIES = 10
MAX_CLIENTS = 4096
FIRST_PAUSE = 1.0  # seconds; doubles with each further wrong try
LONGEST_PAUSE = 60.0
FORGET_AFTER = 900.0  # seconds without a wrong try


@dataclass(slots=True)
class _Record:
    failures: int
    last: float


class Throttle:
    """Counts wrong tries by client. An IPv6 client is its /64 network, which one home has whole."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait(self, client: str) -> float:
        """Seconds until this client may try again; 0 when it may now."""
        record = self._records.get(_network(client))
        if record is None or record.failures < FREE_TRIES:
            return 0.0
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(record.failures - FREE_TRIES, 16))
        return max(0.0, record.last + pause - self._clock())

    def failed(self, client: str) -> None:
        """Count a wrong try."""
        key, now = _network(client), self._clock()
        record = self._records.pop(key, None)
        if record is None or now - record.last > FORGET_AFTER:
            record = _Record(0, now)
        self._records[key] = _Record(record.failures + 1, now)
        while len(self._records) > MAX_CLIENTS:
            self._records.popitem(last=False)

    def succeeded(self, client: str) -> None:
        """Forget the wrong tries of this client."""
        self._records.pop(_network(client), None)


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
