"""Pictures squeezed to a small square, as models look at them: of a JPEG no more is decoded than that takes."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import simplejpeg
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
            box = _box(original, size, _length(source)) if media_type == "image/jpeg" else 1
            pixels = means_of_boxes(image, source, box) if media_type == "image/jpeg" else _rgb(image)
        square = squeezed(pixels, size) if box == 1 else from_means(pixels, original, box, size)
        if orientation in UPRIGHT:
            square = np.array(Image.fromarray(square).transpose(UPRIGHT[orientation]))
    return Photo(square, media_type, upright_size(original, orientation))


def squeezed(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """RGB `pixels` as a square of `size` × `size`, by the bicubic resize of Pillow that cn_clip uses."""
    if pixels.shape[:2] == (size, size):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))


def means_of_boxes(image: Image.Image, source: bytes | Path, box: int) -> NDArray[np.uint8]:
    """The means of the boxes of a JPEG whose header was read, RGB; rounded up where a side is no multiple of `box`.

    TurboJPEG writes them where they are wanted; Pillow gives the same a tenth slower. What TurboJPEG finds any fault
    with is Pillow's to judge: it takes a JPEG that is whole but for its end mark, and no other.
    """
    width, height = (-(-side // box) for side in image.size)
    if box > 1 and image.mode in {"L", "RGB"}:
        content = source if isinstance(source, bytes) else source.read_bytes()
        with suppress(ValueError):
            if simplejpeg.decode_jpeg_header(content)[1::-1] == image.size:  # that size was found to be allowed
                found = simplejpeg.decode_jpeg(content, min_height=height, min_width=width, min_factor=box)
                return np.asarray(found, np.uint8)
    return _rgb(load_jpeg(image, source, (image.size[0] // box, image.size[1] // box)))


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    picture = opaque(plain(image))
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _box(original: tuple[int, int], size: int, length: int) -> int:
    """The largest box whose means still tell all that a square of `size` shows; 1: all pixels are needed."""
    width, height = original
    box = next((each for each in BOXES if min(width, height) >= each * size * SPARE), 1)
    return box // 2 if box > 1 and length > DENSE * width * height else box


def _length(source: bytes | Path) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size
