import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from allinone.errors import ImageTooLarge, UnreadableImage, UnsupportedImage
from allinone.images.photo import Limits
from allinone.images.video import decode_video_frame

RED, GREEN, BLACK = (250, 10, 10), (10, 250, 10), (0, 0, 0)


def film(
    path: Path, colours: list[tuple[int, int, int]], *, codec: str = "mpeg4", size: tuple[int, int] = (96, 64)
) -> Path:
    """Ten frames a second; the left half of each has its colour, the right half is blue (black if it is)."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for colour in colours:
            picture = Image.new("RGB", size, BLACK if colour == BLACK else (0, 0, 250))
            picture.paste(colour, (0, 0, size[0] // 2, size[1]))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path


def near(pixel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() < 60)


@pytest.mark.parametrize(
    ("name", "codec", "media_type"),
    [
        ("a.mp4", "mpeg4", "video/mp4"),
        ("a.mov", "mjpeg", "video/quicktime"),
        ("a.m4v", "mpeg4", "video/mp4"),
        ("a.mkv", "mpeg4", "video/x-matroska"),
        ("a.webm", "libvpx-vp9", "video/webm"),
    ],
)
def test_containers(tmp_path: Path, name: str, codec: str, media_type: str) -> None:
    photo = decode_video_frame(film(tmp_path / name, [RED] * 10, codec=codec))
    assert (photo.media_type, photo.original_size, photo.pixels.shape) == (media_type, (96, 64), (64, 96, 3))
    assert near(photo.pixels[32, 24], RED)


def test_black_frames_are_passed_over(tmp_path: Path) -> None:
    photo = decode_video_frame(film(tmp_path / "a.mp4", [BLACK] * 15 + [GREEN] * 5))
    assert near(photo.pixels[32, 24], GREEN)


def test_a_film_that_is_black_throughout_still_has_a_frame(tmp_path: Path) -> None:
    assert decode_video_frame(film(tmp_path / "a.mp4", [BLACK] * 5)).pixels.max() < 20


def test_one_frame_only(tmp_path: Path) -> None:
    assert near(decode_video_frame(film(tmp_path / "a.mp4", [RED])).pixels[32, 24], RED)


def test_shrinks(tmp_path: Path) -> None:
    photo = decode_video_frame(film(tmp_path / "a.mp4", [RED] * 3, size=(192, 128)), shorter_side=32)
    assert photo.pixels.shape == (32, 48, 3)
    assert photo.original_size == (192, 128)


def test_a_phone_held_upright(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [RED] * 3)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40  # version 0: the matrix
    content[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)
    path.write_bytes(content)
    photo = decode_video_frame(path)  # to be shown turned by a quarter, clockwise: left goes up
    assert photo.original_size == (64, 96)
    assert photo.pixels.shape == (96, 64, 3)
    assert near(photo.pixels[24, 32], RED)


def test_the_limit_is_checked_before_decoding(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [RED] * 3)
    assert decode_video_frame(path, limits=Limits(96 * 64)).pixels.size
    with pytest.raises(ImageTooLarge, match="96 × 64"):
        decode_video_frame(path, limits=Limits(96 * 64 - 1))


def test_a_picture_larger_than_its_container_says(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", [RED] * 3, codec="mjpeg", size=(640, 480))
    content = bytearray(path.read_bytes())
    for number, value in ((b"\xb0\x82", 640), (b"\xba\x82", 480)):
        at = content.index(number + struct.pack(">H", value))
        content[at + 2 : at + 4] = struct.pack(">H", 16)
    path.write_bytes(content)
    with pytest.raises((ImageTooLarge, UnreadableImage)):
        decode_video_frame(path, limits=Limits(100_000))


def test_sound_alone_has_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnreadableImage, match="holds no picture"):
        decode_video_frame(path)


@pytest.mark.parametrize("part", [0.1, 0.5])
def test_a_film_cut_off(tmp_path: Path, part: float) -> None:
    path = film(tmp_path / "a.mp4", [RED] * 10)  # its index stands at the end
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(UnreadableImage, match="cut off"):
        decode_video_frame(path)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", UnreadableImage), (b"<html>", UnsupportedImage), (b"\xff\xd8\xff\xe0", UnsupportedImage)],
)
def test_what_is_no_film(tmp_path: Path, content: bytes, error: type) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(error):
        decode_video_frame(path)
