"""Every error this project raises on purpose.

    AllInOneError
    ├── ConfigurationError          a setting is wrong; the message names it
    ├── DataDirectoryInUse          another process of ours holds the data directory
    ├── DatabaseUnavailable         PostgreSQL cannot be reached, or would not start
    ├── ModelMissing                a model is not on disk; the message names the command that brings it
    ├── Overloaded                  a bounded queue is full; try again later
    ├── BackendFailed               a server that we ask could not be reached, broke down, or answered nonsense
    ├── RequestError                the caller's fault
    │   ├── InvalidRequest          a body, query or option that cannot be understood
    │   ├── Unauthenticated         no credentials, or wrong ones
    │   ├── Forbidden               known, but not allowed
    │   └── NotFound                no such asset, or none this user may see
    └── ImageError                  one image cannot be used; others can
        ├── UnreadableImage         damaged, cut off, or not an image at all
        ├── UnsupportedImage        a format that is not on the allow list
        └── ImageTooLarge           more pixels than the limit; found in the header, before decoding

They know no HTTP status (see http/) and no exit code (see cli/). Messages are for the person at the keyboard:
what happened, and what to do.
"""


class AllInOneError(Exception):
    """Root of the tree."""


class ConfigurationError(AllInOneError):
    """A setting is wrong; the message names it and says what is allowed."""


class DataDirectoryInUse(AllInOneError):
    """Another process of ours holds the data directory."""


class DatabaseUnavailable(AllInOneError):
    """PostgreSQL cannot be reached, or would not start."""


class ModelMissing(AllInOneError):
    """A model is not on disk; the message names the command that brings it."""


class Overloaded(AllInOneError):
    """A bounded queue is full.

    Attributes:
        retry_after: seconds after which trying again makes sense.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BackendFailed(AllInOneError):
    """A server that we ask could not be reached, broke down, or answered nonsense."""


class RequestError(AllInOneError):
    """The caller's fault."""


class InvalidRequest(RequestError):
    """A body, query or option that cannot be understood."""


class Unauthenticated(RequestError):
    """No credentials, or wrong ones."""


class Forbidden(RequestError):
    """The caller is known, and may not do this."""


class NotFound(RequestError):
    """No such thing, or none that this user may see."""


class ImageError(AllInOneError):
    """One image cannot be used; others can."""


class UnreadableImage(ImageError):
    """Damaged, cut off, or not an image at all."""


class UnsupportedImage(ImageError):
    """A format that is not on the allow list."""


class ImageTooLarge(ImageError):
    """More pixels than the limit; found in the header, before decoding."""
