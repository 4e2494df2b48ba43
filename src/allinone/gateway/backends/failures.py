"""How a backend can fail, told apart by what is to be done about it.

BackendFailed
├── Unreachable       nothing was asked: try again, here or elsewhere, as long as there is time
├── Busy              the same, after the pause it asks for
│   └── Missing       the same, but nobody at a keyboard waits for a model to be brought
├── Refused           the same: it is our settings that are wrong, and no photo is to be lost for that
├── Broken            try elsewhere, a few times: it may be the image that is at fault
│   └── ServerFault   the same, and it said so itself
└── WrongDimension    not here
"""

from allinone.errors import BackendFailed


class Unreachable(BackendFailed):
    """No connection, so nothing was asked. Trying again is always right."""


class Busy(BackendFailed):
    """It asks for patience (429, 503).

    Attributes:
        retry_after: seconds.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Missing(Busy):
    """It has no model for this, so far."""


class Refused(BackendFailed):
    """It does not know our key, or what we ask for is not there, or lies elsewhere."""


class Broken(BackendFailed):
    """It hung, closed half way, or answered what is no answer."""


class ServerFault(Broken):
    """It answered 5xx: its fault, or that of an image it cannot bear."""


class WrongDimension(BackendFailed):
    """Its vectors do not fit the model that is set in Immich."""
