"""The sample photos that come with us."""

from pathlib import Path

from allinone.errors import ConfigurationError

PLACES = (Path(__file__).parents[3] / "samples", Path(__file__).parents[1] / "samples")


def sample_photos() -> Path:
    """The folder of sample photos, in a checkout or in an installed package.

    Raises:
        ConfigurationError: neither is there.
    """
    for place in PLACES:
        if place.is_dir():
            return place
    message = "The sample photos did not come with this installation; name your own folder with --library DIR."
    raise ConfigurationError(message)
