"""Previews whose content the stand-in's machine learning can read: a true JPEG, with what it shows behind its end."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

MARK = b"\nSHOWS "


@dataclass(frozen=True)
class Picture:
    """What a preview shows: words that a text query can name, and lines of text."""

    shows: str = ""
    texts: Sequence[str] = field(default_factory=tuple)


def make_preview(picture: Picture, *, size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG that `read_preview` understands and every decoder accepts."""
    buffer = io.BytesIO()
    shade = sum(picture.shows.encode()) % 256
    Image.new("RGB", size, (shade, 120, 255 - shade)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue() + MARK + json.dumps({"shows": picture.shows, "texts": list(picture.texts)}).encode()


def read_preview(content: bytes) -> Picture:
    """What `content` shows; nothing where it was not made here."""
    _, found, tail = content.rpartition(MARK)
    if not found:
        return Picture()
    told = json.loads(tail)
    return Picture(told["shows"], tuple(told["texts"]))
