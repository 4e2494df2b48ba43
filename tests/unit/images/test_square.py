"""Small squares straight from files: as if all pixels had been decoded and resized."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allinone.errors import ImageTooLarge, UnreadableImage, UnsupportedImage
from allinone.images.decode import decode_image
from allinone.images.photo import Limits
from allinone.images.resampling import from_means
from allinone.images.square import decode_square, means_of_boxes, squeezed
from support.photos.maker import make_album

SIZE = 224


@lru_cache
def scene(width: int = 1920, height: int = 1440) -> Image.Image:
    """Much of everything: coarse and fine detail, edges, colours."""
    random = np.random.default_rng(0)
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    picture = np.zeros((3, height, width), np.float32)
    for number in range(12):
        across, down = random.uniform(0.001, 0.3, 2)
        wave = np.outer(np.sin(y * down + number), np.sin(x * across + 2 * number)).astype(np.float32)
        picture[number % 3] += wave * random.uniform(0.3, 1) / (1 + 8 * max(across, down))
    picture += np.where((x // 97 + (y // 61)[:, None]) % 2, 0.3, -0.3).astype(np.float32)
    return Image.fromarray((128 + 90 * picture).clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def jpeg(image: Image.Image, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, "JPEG", **({"quality": 80, "subsampling": 0} | options))
    return stream.getvalue()


def by_all_pixels(content: bytes) -> np.ndarray:
    """As cn_clip does it."""
    image = Image.open(BytesIO(content)).convert("RGB")
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def decibels(first: np.ndarray, second: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((first.astype(float) - second) ** 2), 1e-9)))


@pytest.mark.parametrize("size", [(1920, 1440), (1440, 2561), (1443, 1439), (800, 600), (4000, 3000)], ids=str)
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_is_as_good_as_if_all_pixels_were_decoded(size: tuple[int, int], subsampling: int) -> None:
    content = jpeg(scene(*size), subsampling=subsampling)
    photo = decode_square(content, SIZE)
    assert photo.pixels.shape == (SIZE, SIZE, 3)
    assert photo.original_size == size
    assert decibels(photo.pixels, by_all_pixels(content)) >= 46


def test_photos_of_papers_and_signs() -> None:
    for made in make_album(seed=11, count=2):
        upright = Image.fromarray(decode_image(made.data).pixels)
        content = jpeg(upright.resize((1440 * upright.width // min(upright.size), 1440)))
        assert decibels(decode_square(content, SIZE).pixels, by_all_pixels(content)) >= 46


def test_noise_is_decoded_finer() -> None:
    noise = np.random.default_rng(2).normal(128, 45, (1440, 1440, 3)).clip(0, 255).astype(np.uint8)
    content = jpeg(Image.fromarray(noise))
    assert len(content) > 0.38 * 1440 * 1440
    assert decibels(decode_square(content, SIZE).pixels, by_all_pixels(content)) >= 45


def test_a_small_jpeg_and_other_formats_are_exactly_what_a_resize_gives(tmp_path: Path) -> None:
    small = jpeg(scene(500, 330))
    assert np.array_equal(decode_square(small, SIZE).pixels, by_all_pixels(small))
    path = tmp_path / "picture.webp"
    scene(1000, 700).save(path, lossless=True)
    photo = decode_square(path, SIZE)
    assert photo.media_type == "image/webp"
    assert np.array_equal(photo.pixels, squeezed(decode_image(path).pixels, SIZE))
    already = np.zeros((SIZE, SIZE, 3), np.uint8)
    assert squeezed(already, SIZE) is already


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_as_a_person_sees_it(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = jpeg(scene(), exif=exif)
    photo = decode_square(content, SIZE)
    whole = decode_image(content)
    assert photo.original_size == whole.original_size == ((1440, 1920) if orientation >= 5 else (1920, 1440))
    assert decibels(photo.pixels, squeezed(whole.pixels, SIZE)) >= 48


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_inks(mode: str) -> None:
    content = jpeg(scene().convert(mode))
    expected = squeezed(decode_image(content).pixels, SIZE)
    assert decibels(decode_square(content, SIZE).pixels, expected) >= 45


def test_a_missing_end_mark_is_forgiven_and_missing_pixels_are_not() -> None:
    content = jpeg(scene())
    assert content.endswith(b"\xff\xd9")
    assert np.array_equal(decode_square(content[:-2], SIZE).pixels, decode_square(content, SIZE).pixels)
    with pytest.raises(UnreadableImage, match="cut off"):
        decode_square(content[: len(content) // 2], SIZE)


def test_strange_bytes_between_the_parts_of_a_jpeg_are_skipped() -> None:
    # TurboJPEG warns of them; viewers show such photos, so they must not be refused
    content = jpeg(scene())
    at = content.index(b"\xff\xc0")
    strange = content[:at] + bytes(16) + content[at:]
    assert np.array_equal(decode_square(strange, SIZE).pixels, decode_square(content, SIZE).pixels)


def test_a_second_size_in_the_header_makes_nothing_larger() -> None:
    content = jpeg(scene())
    at = content.index(b"\xff\xc0")
    length = int.from_bytes(content[at + 2 : at + 4], "big") + 2
    huge = content[at : at + 5] + (60_000).to_bytes(2, "big") * 2 + content[at + 9 : at + length]
    with pytest.raises(UnreadableImage):
        decode_square(content[:at] + huge + content[at:], SIZE)
    with pytest.raises(ImageTooLarge):
        decode_square(content[: at + length] + huge + content[at + length :], SIZE)


@pytest.mark.parametrize("box", [2, 4, 8])
@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"progressive": True}], ids=str)
def test_turbojpeg_and_pillow_agree_on_every_pixel(box: int, options: dict[str, object]) -> None:
    content = jpeg(scene(1443, 1431), **options)
    by_pillow = Image.open(BytesIO(content))
    by_pillow.draft(None, (1443 // box, 1431 // box))
    by_turbojpeg = means_of_boxes(Image.open(BytesIO(content)), content, box)
    assert by_turbojpeg.shape == (-(-1431 // box), -(-1443 // box), 3)
    assert np.array_equal(by_turbojpeg, np.asarray(by_pillow))


def test_limits_and_kinds_hold() -> None:
    with pytest.raises(ImageTooLarge, match="1920 × 1440"):
        decode_square(jpeg(scene()), SIZE, limits=Limits(pixels=1_000_000))
    with pytest.raises(UnsupportedImage, match="SVG"):
        decode_square(b"<svg xmlns='http://www.w3.org/2000/svg'/>", SIZE)


def test_boxes_of_one_pixel_are_a_plain_bicubic_resize() -> None:
    # with nothing to guess, the weights are Pillow's own
    picture = np.asarray(scene(301, 203))
    expected = squeezed(picture, 64)
    assert np.abs(from_means(picture, (301, 203), 1, 64).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("size", "box"), [((1920, 1440), 4), ((1441, 719), 2), ((9999, 8001), 8)])
def test_an_even_picture_stays_even(size: tuple[int, int], box: int) -> None:
    means = np.full((-(-size[1] // box), -(-size[0] // box), 3), (7, 130, 255), np.uint8)
    assert np.array_equal(from_means(means, size, box, SIZE), np.full((SIZE, SIZE, 3), (7, 130, 255), np.uint8))
