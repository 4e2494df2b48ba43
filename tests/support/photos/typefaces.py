"""The typefaces of invented photos: subsets kept beside the tests, so that every machine draws the same."""

from functools import cache
from pathlib import Path

from PIL import ImageFont

from support.photos.words import Script

_FOLDER = Path(__file__).parents[1] / "fonts"
CHINESE = ("sans", "bold", "serif", "hand")
LATIN = ("latin", "latin-bold", "latin-mono")


@cache
def face(name: str, script: Script, size: int) -> ImageFont.FreeTypeFont:
    """One of CHINESE for either Chinese script, one of LATIN for "latin"; `size` in pixels."""
    if name == "hand":
        return ImageFont.truetype(_FOLDER / "hand.ttf", size)
    if script == "latin":
        return ImageFont.truetype(_FOLDER / f"{name}.otf", size)
    return ImageFont.truetype(_FOLDER / f"{name}-{script}.otf", size)
