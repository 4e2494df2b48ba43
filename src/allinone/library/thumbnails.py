"""Previews and thumbnails, kept in the data directory; whatever is missing is made again when asked for."""

import asyncio
import tempfile
from pathlib import Path
from typing import Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allinone.errors import NotFound, UnreadableImage
from allinone.images.decode import decode_image
from allinone.images.formats import HEAD_BYTES, VIDEO_SUFFIXES, VIDEO_TYPES, identify
from allinone.images.photo import Limits, Photo
from allinone.images.video import decode_video_frame
from allinone.library.assets import LibraryAsset

Size = Literal["preview", "thumbnail"]

PREVIEW_SIDE = 1440  # pixels of the shorter side, as in Immich
THUMBNAIL_SIDE = 250
LONGEST_SIDE = 16_000  # WebP ends at 16,383
RESTORED_AT_ONCE = 2

_SUFFIXES: dict[Size, str] = {"preview": "jpg", "thumbnail": "webp"}


class Thumbnails:
    """The folder of previews and thumbnails. Files appear whole or not at all.

    Args:
        folder: where they lie.
        limits: how many pixels an original may have.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._restoring = asyncio.Semaphore(RESTORED_AT_ONCE)

    def path(self, asset_id: UUID, size: Size) -> Path:
        """Where it lies, or will lie."""
        name = asset_id.hex
        return self._folder / name[:2] / name[2:4] / f"{asset_id}-{size}.{_SUFFIXES[size]}"

    def read_original(self, path: Path) -> Photo:
        """The picture, or a frame of the video, no larger than a preview. Blocks.

        Its content says which, not its name: the same bytes may have several names.

        Raises:
            ImageError: it cannot be decoded, or is too large.
            OSError: the file cannot be read.
        """
        decode = decode_video_frame if _is_video(path) else decode_image
        return decode(path, shorter_side=PREVIEW_SIDE, limits=self._limits)

    async def exists(self, path: Path) -> bool:
        """Whether it has been made."""
        return await asyncio.to_thread(path.is_file)

    def write(self, asset_id: UUID, pixels: NDArray[np.uint8]) -> None:
        """Make both from a preview's pixels. Blocks.

        Raises:
            OSError: the folder cannot be written.
        """
        picture = Image.fromarray(pixels)
        preview = _shrunk(picture, PREVIEW_SIDE)
        _save(preview, self.path(asset_id, "preview"), "JPEG", quality=80)
        _save(_shrunk(preview, THUMBNAIL_SIDE), self.path(asset_id, "thumbnail"), "WEBP", quality=75)

    async def restore(self, asset: LibraryAsset) -> None:
        """Make both again from the original.

        Raises:
            NotFound: the original has just gone.
            ImageError: it cannot be read.
        """
        async with self._restoring:
            if await self.exists(self.path(asset.id, "thumbnail")) and await self.exists(
                self.path(asset.id, "preview")
            ):
                return  # somebody who asked at the same time was first
            await asyncio.to_thread(self._restore, asset)

    def remove(self, asset_id: UUID) -> None:
        """Delete both. Blocks."""
        for size in _SUFFIXES:
            self.path(asset_id, size).unlink(missing_ok=True)

    def _restore(self, asset: LibraryAsset) -> None:
        try:
            pixels = self.read_original(asset.path).pixels
        except FileNotFoundError as error:
            message = f"{asset.shown_path} is not there at the moment."
            raise NotFound(message) from error
        except OSError as error:
            message = f"{asset.shown_path} cannot be read: {error.strerror or error}."
            raise UnreadableImage(message) from error
        self.write(asset.id, pixels)


def _is_video(path: Path) -> bool:
    with path.open("rb") as file:
        media_type = identify(file.read(HEAD_BYTES))
    if media_type is None:
        return path.suffix.lower() in VIDEO_SUFFIXES  # for the message that refuses it
    return media_type in VIDEO_TYPES


def _shrunk(picture: Image.Image, shorter_side: int) -> Image.Image:
    width, height = picture.size
    scale = min(1.0, shorter_side / min(width, height), LONGEST_SIDE / max(width, height))
    if scale == 1.0:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _save(picture: Image.Image, path: Path, form: str, *, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as unfinished:
        try:
            picture.save(unfinished, form, quality=quality)
        except BaseException:
            Path(unfinished.name).unlink(missing_ok=True)
            raise
    Path(unfinished.name).replace(path)
