"""Pictures squeezed to a small square, as models look at them: of a JPEG no more is decoded than that takes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allinone.images.decode import UPRIGHT, load_jpeg, opaque, orientation_of, plain, upright_size
from allinone.images.photo import Limits, Photo
from allinone.images.resampling import from_means
from allinone.images.still import open_still, translated

BOXES = (8, 4, 2)  # pixels a side, of which a JPEG decoder gives the mean at once
SPARE = 1.5  # means for each pixel of the square, along each side: fewer cost sharpness
DENSE = 0.38  # bytes a pixel, above which decoding takes as long anyway, and there is much detail to lose


def decode_square(source: bytes | Path, size: int, *, limits: Limits | None = None) -> Photo:
    """Decode a still image straight to `size` × `size` pixels, upright, its sides squeezed to the same length.

    As `decode_image` and `squeezed`, but for a JPEG several times as large as the square in a quarter of the time. It
    differs from that by a peak signal-to-noise ratio of about 50 dB (docs/decisions/0012-small-squares.md).

    Raises:
        UnreadableImage: it is damaged or cut off.
        UnsupportedImage: its content is not on the allow list.
        ImageTooLarge: it has more pixels than `limits` allows.
        OSError: the file cannot be read.
    """
    with open_still(source, limits or Limits()) as (image, media_type):
        orientation, original = orientation_of(image), image.size
        with translated():
            box = 1
            if media_type == "image/jpeg":
                box = _box(original, size, _length(source))
                image = load_jpeg(image, source, (original[0] // box, original[1] // box))  # noqa: PLW2901
            picture = opaque(plain(image))
            pixels = np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
        square = squeezed(pixels, size) if box == 1 else from_means(pixels, original, box, size)
        if orientation in UPRIGHT:
            square = np.array(Image.fromarray(square).transpose(UPRIGHT[orientation]))
    return Photo(square, media_type, upright_size(original, orientation))


def squeezed(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """RGB `pixels` as a square of `size` × `size`, by the bicubic resize of Pillow that cn_clip uses."""
    if pixels.shape[:2] == (size, size):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))


def _box(original: tuple[int, int], size: int, length: int) -> int:
    """The largest box whose means still tell all that a square of `size` shows; 1: all pixels are needed."""
    width, height = original
    box = next((each for each in BOXES if min(width, height) >= each * size * SPARE), 1)
    return box // 2 if box > 1 and length > DENSE * width * height else box


def _length(source: bytes | Path) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size
