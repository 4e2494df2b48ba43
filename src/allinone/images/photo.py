"""A decoded picture, and how large one may be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allinone.errors import ImageTooLarge


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture as a person sees it: upright, opaque, RGB.

    Attributes:
        pixels: RGB, shape (height, width, 3), contiguous.
        media_type: what its content is, for example "image/heic".
        original_size: (width, height) upright, before any scaling.
    """

    pixels: NDArray[np.uint8]
    media_type: str
    original_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may cost.

    Attributes:
        pixels: the most pixels that are decoded.
        side: the most pixels of the longer side; None: as many as `pixels` allows.
    """

    pixels: int = 100_000_000
    side: int | None = None

    def check(self, width: int, height: int) -> None:
        """Make sure that a picture of this size may be decoded.

        Raises:
            ImageTooLarge: it may not.
        """
        if width * height > self.pixels:
            message = (
                f"The image has {width} × {height} pixels, more than the limit of {self.pixels:,}. "
                "Make it smaller, or raise ALLINONE_MAX_PIXELS."
            )
            raise ImageTooLarge(message)
        if self.side is not None and max(width, height) > self.side:
            message = f"The image has {width} × {height} pixels, and a side may have at most {self.side:,}."
            raise ImageTooLarge(message)


def scaled_size(size: tuple[int, int], shorter_side: int | None) -> tuple[int, int]:
    """`size` shrunk so that its shorter side is at most `shorter_side`; never enlarged."""
    width, height = size
    shorter = min(width, height)
    if shorter_side is None or shorter <= shorter_side:
        return size
    scale = shorter_side / shorter
    return max(1, round(width * scale)), max(1, round(height * scale))
