"""One telling frame of a video."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from allinone.errors import ImageError, UnreadableImage, UnsupportedImage
from allinone.images.formats import HEAD_BYTES, VIDEO_TYPES, describe, identify
from allinone.images.photo import Limits, Photo, scaled_size

_MOMENTS = (0.1, 0.4, 0.7)  # parts of the duration, tried in turn until one is not dark
_FIRST_SECONDS = 1.0  # where the duration is not known
_FRAMES_TRIED = 60  # from each moment on
_DARK = 20.0  # mean grey, 0..255
_DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
}


def decode_video_frame(path: Path, *, shorter_side: int | None = None, limits: Limits | None = None) -> Photo:
    """Decode one frame of a video, near its begin, that is not black if there is one.

    Args:
        path: the file.
        shorter_side: shrink until the shorter side has this many pixels; never enlarge.
        limits: how large a frame may be; checked before one is decoded.

    Raises:
        UnreadableImage: it is damaged, or holds no picture.
        UnsupportedImage: its content is not on the allow list.
        ImageTooLarge: a frame has more pixels than `limits` allows.
        OSError: the file cannot be read.
    """
    limits = limits or Limits()
    with open_video(path) as (container, media_type):
        if not container.streams.video:
            message = "The video is cut off before its index, or holds no picture."
            raise UnreadableImage(message)
        stream = container.streams.video[0]
        limits.check(stream.width, stream.height)
        # the picture itself may be larger than the container says; decoders count their padding too
        stream.codec_context.options = {"max_pixels": str(2 * limits.pixels + 65_536)}
        stream.codec_context.thread_count = 1
        frame = _telling_frame(container, stream)
        limits.check(frame.width, frame.height)
        width, height = scaled_size((frame.width, frame.height), shorter_side)
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
        quarter_turns = round(frame.rotation / 90) % 4
    size = (frame.width, frame.height) if quarter_turns % 2 == 0 else (frame.height, frame.width)
    return Photo(np.ascontiguousarray(np.rot90(pixels, quarter_turns)), media_type, size)


@contextmanager
def open_video(path: Path) -> Iterator[tuple[Any, str]]:
    """The container, and its media type. What FFmpeg throws inside becomes UnreadableImage.

    FFmpeg gets an open file and the demuxer's name: it opens nothing else, and guesses nothing.

    Raises:
        UnreadableImage: it is damaged.
        UnsupportedImage: its content is not on the allow list.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        media_type = identify(head)
        if media_type not in VIDEO_TYPES:
            _refuse(head, media_type)
        try:
            with av.open(stream, format=_DEMUXERS[str(media_type)]) as container:
                yield container, str(media_type)
        except ImageError:
            raise
        except (av.FFmpegError, ValueError, IndexError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = f"The video is damaged or cut off: {reason}."
            raise UnreadableImage(message) from error


def _refuse(head: bytes, media_type: str | None) -> None:
    if not head:
        message = "The file is empty."
        raise UnreadableImage(message)
    message = f"This is {media_type or describe(head)}, not a video. MP4, MOV, WebM and MKV can be read."
    raise UnsupportedImage(message)


def _telling_frame(container: Any, stream: Any) -> Any:
    brightest, light = None, -1.0
    for moment in _moments(container):
        container.seek(int(moment * av.time_base), backward=True)
        for tried, frame in enumerate(_frames(container, stream)):
            seen = _lightness(frame)
            if seen > light:
                brightest, light = frame, seen
            if light >= _DARK:
                return brightest
            if tried >= _FRAMES_TRIED:
                break
    if brightest is None:
        message = "No frame of the video can be decoded: it is damaged or cut off."
        raise UnreadableImage(message)
    return brightest


def _moments(container: Any) -> list[float]:
    if not container.duration:
        return [0.0, _FIRST_SECONDS]
    seconds = container.duration / av.time_base
    return [*(part * seconds for part in _MOMENTS), 0.0]


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Frames from where the container stands; ends where the file does, however it does."""
    try:
        yield from container.decode(stream)
    except av.FFmpegError:
        return


def _lightness(frame: Any) -> float:
    small: NDArray[np.uint8] = frame.to_ndarray(format="gray", width=32, height=32)
    return float(small.mean())
