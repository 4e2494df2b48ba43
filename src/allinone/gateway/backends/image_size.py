"""How large an image is, by its header."""

import asyncio

from allinone.errors import InvalidRequest
from allinone.images.photo import Limits
from allinone.images.still import open_still, translated

_ORIENTATION = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})


async def upright_size(image: bytes) -> tuple[int, int]:
    """(width, height) of `image` as a person sees it.

    Raises:
        ImageError: it is none that can be read, or far too large.
    """
    return await asyncio.to_thread(_upright_size, image)


def _upright_size(image: bytes) -> tuple[int, int]:
    with open_still(image, Limits()) as (opened, media_type):
        width, height = opened.size
        with translated():
            turned = media_type == "image/jpeg" and opened.getexif().get(_ORIENTATION) in _SIDEWAYS
    return (height, width) if turned else (width, height)


def wanted_image(image: bytes | None) -> bytes:
    """`image`, where there is one.

    Raises:
        InvalidRequest: there is none.
    """
    if image is None:
        message = "The form has no part 'image', which this task needs."
        raise InvalidRequest(message)
    return image
