"""Still images to upright, opaque RGB pixels."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin

from allinone.errors import UnreadableImage
from allinone.images.photo import Limits, Photo, scaled_size
from allinone.images.still import open_still, translated

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_END_OF_JPEG = b"\xff\xd9"
_MORE_PICTURE = bytes(range(1, 250))  # read as picture by a decoder that still waits for some


def decode_image(source: bytes | Path, *, shorter_side: int | None = None, limits: Limits | None = None) -> Photo:
    """Decode a still image; of an animation, its first frame.

    Args:
        source: the file, or its content.
        shorter_side: shrink while decoding until the shorter side has this many pixels; never enlarge.
        limits: how large it may be; checked before a pixel is decoded.

    Raises:
        UnreadableImage: it is damaged or cut off.
        UnsupportedImage: its content is not on the allow list.
        ImageTooLarge: it has more pixels than `limits` allows.
        OSError: the file cannot be read.
    """
    with open_still(source, limits or Limits()) as (image, media_type):
        orientation = orientation_of(image)
        width, height = image.size
        target = scaled_size(image.size, shorter_side)
        with translated():
            if media_type == "image/jpeg":
                image = load_jpeg(image, source, target)  # noqa: PLW2901
            picture = opaque(_shrunk(plain(image), target))
            if orientation in UPRIGHT:
                picture = picture.transpose(UPRIGHT[orientation])
            pixels = np.array(picture.convert("RGB"))
    return Photo(pixels, media_type, upright_size((width, height), orientation))


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(width, height) as a person sees it."""
    width, height = size
    return (height, width) if orientation in _SIDEWAYS else (width, height)


def orientation_of(image: Image.Image) -> int:
    """EXIF's number for how the pixels lie; 1 where it does not say."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # EXIF written by who knows what; without it the picture is still good
        return 1
    return found if isinstance(found, int) else 1


def load_jpeg(image: Image.Image, source: bytes | Path, target: tuple[int, int]) -> Image.Image:
    """The pixels of a JPEG whose header was read: by 1/2, 1/4 or 1/8 smaller where that is not below `target`.

    A JPEG that lacks its end mark only is whole.

    Raises:
        OSError: some of the picture is missing.
    """
    _draft(image, target)
    try:
        image.load()
    except OSError as error:
        if error.errno or "truncated" not in str(error):
            raise
        mended = _with_end_mark(source, target)
        if mended is None:
            raise
        return mended
    return image


def _with_end_mark(source: bytes | Path, target: tuple[int, int]) -> Image.Image | None:
    """A JPEG that lacks its end mark only; None where some of the picture is missing too.

    Where all of the picture is there, whatever else follows before the end mark changes no pixel.
    """
    content = (source if isinstance(source, bytes) else source.read_bytes()).rstrip(b"\xff")
    image, altered = (
        JpegImagePlugin.JpegImageFile(BytesIO(content + more + _END_OF_JPEG)) for more in (b"", _MORE_PICTURE)
    )
    for each in (image, altered):
        _draft(each, target)
    return image if np.array_equal(np.asarray(image), np.asarray(altered)) else None


def _draft(image: Image.Image, target: tuple[int, int]) -> None:
    if target != image.size:
        image.draft(None, target)  # the JPEG decoder itself halves, at a fraction of the cost


def plain(image: Image.Image) -> Image.Image:
    """In mode L, RGB, LA or RGBA, 8 bits a sample."""
    if image.mode in _DEEP_MODES:
        return Image.fromarray(_eight_bits(image))
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "CMYK":
        return _from_cmyk(image)
    if image.mode == "LAB":
        return _from_lab(image)
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """More than 8 bits a sample, scaled to 8, not clipped as Pillow's own conversion does."""
    samples = np.asarray(image)
    low, high = _range(image, samples)
    finite = np.nan_to_num(samples, nan=low, posinf=high, neginf=low).astype(np.float32)
    scaled = (finite - low) * (255 / (high - low))
    grey: NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    white_is_zero = image.format == "TIFF" and image.getexif().get(_PHOTOMETRIC) == 0
    return (255 - grey).astype(np.uint8) if white_is_zero else grey


def _range(image: Image.Image, samples: NDArray[np.generic]) -> tuple[float, float]:
    if image.format == "PNG" or image.mode.startswith("I;16"):
        bits = image.getexif().get(_BITS_PER_SAMPLE, 16) if image.format == "TIFF" else 16
        bits = bits[0] if isinstance(bits, tuple) else bits
        return 0.0, float((1 << int(bits)) - 1)
    finite = samples[np.isfinite(samples)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for top in (1.0,) if image.mode == "F" else (255.0, 65535.0):
        if low >= 0 and high <= top:
            return 0.0, top
    return low, max(high, low + 1e-6)


def _from_cmyk(image: Image.Image) -> Image.Image:
    # an ink profile says what the inks look like; without one, the usual guess
    profile = image.info.get("icc_profile")
    if profile:
        try:
            inks = ImageCms.ImageCmsProfile(BytesIO(profile))
            screen = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, inks, screen, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _from_lab(image: Image.Image) -> Image.Image:
    lab, screen = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, screen, outputMode="RGB")
    if converted is None:
        message = "The image's colours cannot be converted."
        raise UnreadableImage(message)
    return converted


def _shrunk(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    if target == image.size:
        return image
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)


def opaque(image: Image.Image) -> Image.Image:
    """What is transparent, on white paper."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image)
