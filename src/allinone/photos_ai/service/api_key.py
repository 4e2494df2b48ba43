"""The key that MT-Photos' routes ask for."""

import hashlib
import hmac

from allinone.errors import Unauthenticated

HEADER = "api-key"
INVALID = "Invalid API key"


class ApiKey:
    """Compares in a time that does not depend on how much of an attempt is right."""

    def __init__(self, key: str) -> None:
        self._digest = hashlib.sha256(key.encode()).digest()

    def check(self, attempt: str) -> None:
        """Return where `attempt`, as the header has it, is the key.

        Raises:
            Unauthenticated: it is not.
        """
        # headers are bytes: a key beyond ASCII arrives as UTF-8 that was read as Latin-1
        digest = hashlib.sha256(attempt.encode("latin-1", "replace")).digest()
        if not hmac.compare_digest(digest, self._digest):
            raise Unauthenticated(INVALID)
