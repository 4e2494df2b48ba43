"""Opening a still image: its header only, by the one parser its content calls for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from allinone.errors import ImageError, UnreadableImage, UnsupportedImage
from allinone.images.formats import HEAD_BYTES, VIDEO_TYPES, describe, identify
from allinone.images.photo import Limits

_CFA, _LINEAR_RAW = 32803, 34892  # colour filter arrays
_DNG_VERSION, _SUBFILE_TYPE, _PHOTOMETRIC = 50706, 254, 262


@contextmanager
def open_still(source: bytes | Path, limits: Limits) -> Iterator[tuple[Image.Image, str]]:
    """The image with its header read and its pixels not, and its media type.

    Parsers are called directly, not through `Image.open`: its guard against huge images has one limit for
    the whole process, which would have to be changed for everybody to allow what `limits` allows.

    Raises:
        UnsupportedImage: its content is not on the allow list.
        UnreadableImage: its header is damaged.
        ImageTooLarge: it has more pixels than `limits` allows.
        OSError: the file cannot be read.
    """
    with _opened(source) as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        media_type = _still_type(head)
        if media_type == "image/webp":
            _check_webp(head, limits)
        with translated():
            image = _PARSERS[media_type](stream)
        with image:
            limits.check(*image.size)
            if media_type == "image/tiff":
                _refuse_raw(image)
            yield image, media_type


@contextmanager
def translated() -> Iterator[None]:
    """What parsers throw becomes UnreadableImage; a disk's own error stays what it is."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        message = "There is not enough memory for this image."
        raise UnreadableImage(message) from error
    except Exception as error:  # damaged files make parsers throw anything at all
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).rstrip(".") or type(error).__name__
        if "truncated" in reason or isinstance(error, EOFError):
            message = "The image is cut off: part of the file is missing."
        else:
            message = f"The image is damaged: {reason}."
        raise UnreadableImage(message) from error


@contextmanager
def _opened(source: bytes | Path) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield BytesIO(source)


def _still_type(head: bytes) -> str:
    media_type = identify(head)
    if media_type is not None and media_type in _PARSERS:
        return media_type
    if not head:
        message = "The file is empty."
        raise UnreadableImage(message)
    found = f"a video ({media_type})" if media_type in VIDEO_TYPES else describe(head)
    message = f"This is {found}. JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC and AVIF can be read."
    raise UnsupportedImage(message)


def _check_webp(head: bytes, limits: Limits) -> None:
    # its parser takes memory for the whole canvas as soon as it sees the header
    kind, body = head[12:16], head[20:30]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(body[at : at + 3], "little") for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    limits.check(width, height)


def _refuse_raw(image: Image.Image) -> None:
    # raw files are TIFFs whose first image is a small preview, or sensor data no one can see
    with translated():
        tags = image.getexif()
        raw = _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in {_CFA, _LINEAR_RAW} or tags.get(_SUBFILE_TYPE) == 1
    if raw:
        message = "This is a camera's raw file. Export it as JPEG, HEIC or TIFF."
        raise UnsupportedImage(message)


def _heif(stream: BinaryIO) -> Image.Image:
    return pillow_heif.HeifImageFile(stream)  # type: ignore[no-any-return]


_PARSERS: dict[str, Callable[[BinaryIO], Image.Image]] = {
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/png": PngImagePlugin.PngImageFile,
    "image/webp": WebPImagePlugin.WebPImageFile,
    "image/gif": GifImagePlugin.GifImageFile,
    "image/tiff": TiffImagePlugin.TiffImageFile,
    "image/bmp": BmpImagePlugin.BmpImageFile,
    "image/avif": AvifImagePlugin.AvifImageFile,
    "image/heic": _heif,
    "image/heif": _heif,
}
