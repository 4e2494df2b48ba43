"""The library's settings, read once at the edge."""

from pydantic import Field

from allinone.images.photo import Limits
from allinone.settings import EnvironmentSettings, cores


class LibrarySettings(EnvironmentSettings):
    """How a folder of photos is read. Environment variables start with `ALLINONE_`.

    Attributes:
        workers: photos read at the same time; as many as there are cores, unless set.
        rescan_minutes: how often the whole folder is looked at again; network mounts report no changes.
        max_pixels: a photo with more is not decoded, and named as unreadable.
        keep_missing_days: how long what was read of a photo is kept after its last file has gone.

    Raises:
        ConfigurationError: a value is wrong.
    """

    workers: int = Field(default_factory=cores, ge=1, le=256)
    rescan_minutes: float = Field(default=30.0, gt=0, le=60 * 24 * 7)
    max_pixels: int = Field(default=Limits().pixels, gt=0)
    keep_missing_days: float = Field(default=30.0, ge=0, le=3650)

    @property
    def limits(self) -> Limits:
        """What the decoder is allowed."""
        return Limits(pixels=self.max_pixels)
