"""One finished sample photo, and how it is written to disk."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from support.photos.sheet import Written

_ORIENTATION, _TAKEN, _DIGITISED = 0x0112, 0x9003, 0x9004
_LARGEST, _LONGEST = 92_000, 1320


@dataclass
class Shot:
    """A photo ready to be written.

    Attributes:
        name: file name; its suffix chooses the format.
        pixels: upright RGB.
        taken: EXIF date, or None for what no camera took (a screenshot).
        lines: what it says.
        orientation: EXIF orientation; the pixels are stored turned, for viewers who honour it.
    """

    name: str
    pixels: NDArray[np.uint8]
    taken: str | None
    lines: list[Written]
    orientation: int = 1

    def write(self, folder: Path) -> int:
        """Write the file; the answer is its size in bytes."""
        pillow_heif.register_heif_opener()
        turns = {1: 0, 6: 1, 3: 2, 8: 3}[self.orientation]
        image = Image.fromarray(np.ascontiguousarray(np.rot90(self.pixels, turns)))
        if self.taken:
            image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
        path = folder / self.name
        for quality in range(86, 50, -3):
            data = self._encode(image, path.suffix, quality)
            if len(data) <= _LARGEST:
                break
        path.write_bytes(data)
        return len(data)

    def _encode(self, image: Image.Image, suffix: str, quality: int) -> bytes:
        target = io.BytesIO()
        if suffix == ".png":
            image.quantize(128, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
            return target.getvalue()
        exif = self._exif()
        kind = {".jpg": "JPEG", ".webp": "WEBP", ".heic": "HEIF"}[suffix]
        extra = {"optimize": True, "progressive": True} if kind == "JPEG" else {}
        image.save(target, kind, quality=quality - (24 if kind == "HEIF" else 0), exif=exif, **extra)
        return target.getvalue()

    def _exif(self) -> Image.Exif:
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Paper Boat", "PB-7"
        if self.orientation != 1:
            exif[_ORIENTATION] = self.orientation
        if self.taken:
            exif[0x0132] = self.taken
            details = exif.get_ifd(0x8769)
            details[_TAKEN] = details[_DIGITISED] = self.taken
            details[0xA434] = "Paper Boat 27mm f/2.8"
        return exif
