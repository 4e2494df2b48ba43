import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile, TiffImagePlugin

from allinone.errors import ImageError, ImageTooLarge, UnreadableImage, UnsupportedImage
from allinone.images.decode import decode_image
from allinone.images.photo import Limits

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green / blue, white."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Colours in the middle of the four quarters: top left, top right, bottom left, bottom right."""
    height, width = pixels.shape[:2]
    return [
        tuple(int(value) for value in pixels[int(height * y), int(width * x)])
        for y in (0.25, 0.75)
        for x in (0.25, 0.75)
    ]


def assert_quarters(pixels: np.ndarray, expected=(RED, GREEN, BLUE, WHITE), tolerance: int = 12) -> None:
    assert np.abs(np.array(corners(pixels)) - np.array(expected)).max() <= tolerance, corners(pixels)


def noise(width: int = 400, height: int = 300) -> Image.Image:
    blocks = np.random.default_rng(7).integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(blocks, np.ones((20, 20, 1), np.uint8)))


def png(width: int, height: int, bits: int, colour_type: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def heic(image: Image.Image, **options: object) -> bytes:
    stream = BytesIO()
    pillow_heif.from_pillow(image).save(stream, quality=90, **options)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_allowed_formats_keep_their_colours(form: str) -> None:
    photo = decode_image(saved(quarters(), form, **({"quality": 95} if form in {"JPEG", "WEBP", "AVIF"} else {})))
    assert photo.pixels.shape == (64, 96, 3)
    assert photo.pixels.dtype == np.uint8
    assert photo.original_size == (96, 64)
    assert photo.media_type == f"image/{form.lower()}"
    assert_quarters(photo.pixels)


def test_heic() -> None:
    photo = decode_image(heic(quarters()))
    assert (photo.media_type, photo.original_size) == ("image/heic", (96, 64))
    assert_quarters(photo.pixels)


def test_content_counts_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(saved(quarters(), "PNG"))
    assert decode_image(path).media_type == "image/png"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(form: str) -> None:
    frames = [quarters(), Image.new("RGB", (96, 64), "black")]
    content = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
    assert_quarters(decode_image(content).pixels, tolerance=20)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, (RED, GREEN, BLUE, WHITE)),
        (2, (GREEN, RED, WHITE, BLUE)),
        (3, (WHITE, BLUE, GREEN, RED)),
        (4, (BLUE, WHITE, RED, GREEN)),
        (5, (RED, BLUE, GREEN, WHITE)),
        (6, (BLUE, RED, WHITE, GREEN)),
        (7, (WHITE, GREEN, BLUE, RED)),
        (8, (GREEN, WHITE, RED, BLUE)),
    ],
)
@pytest.mark.parametrize("shorter_side", [None, 32])
def test_exif_orientation(orientation: int, expected: tuple, shorter_side: int | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_image(saved(quarters(), "JPEG", exif=exif, quality=95), shorter_side=shorter_side)
    upright = (64, 96) if orientation >= 5 else (96, 64)
    assert photo.original_size == upright
    scale = 2 if shorter_side else 1
    assert photo.pixels.shape == (upright[1] // scale, upright[0] // scale, 3)
    assert_quarters(photo.pixels, expected, tolerance=25)


def test_orientation_of_heic_is_applied_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file, stream = pillow_heif.from_pillow(quarters()), BytesIO()
    file.info["exif"] = exif.tobytes()  # as phones do: written in EXIF and in the container
    file.save(stream, quality=90)
    photo = decode_image(stream.getvalue())
    assert photo.original_size == (64, 96)
    assert_quarters(photo.pixels, (BLUE, RED, WHITE, GREEN))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_is_rubbish_costs_nothing() -> None:
    content = saved(quarters(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + bytes(range(200)), quality=95)
    assert_quarters(decode_image(content).pixels)


def test_cmyk_jpeg_as_adobe_writes_it() -> None:
    assert_quarters(decode_image(saved(quarters().convert("CMYK"), "JPEG", quality=95)).pixels, tolerance=15)


def test_ycck_jpeg() -> None:
    # Pillow cannot write YCCK: YCbCr of the inks, K and the marker that says so, by hand
    inks = np.asarray(quarters().convert("CMYK"))
    ycc = np.asarray(Image.fromarray(inks[..., :3].copy()).convert("YCbCr"))
    ycck = Image.frombuffer("CMYK", (96, 64), (255 - np.dstack([ycc, 255 - inks[..., 3]])).tobytes(), "raw")
    content = saved(ycck, "JPEG", quality=95, subsampling=0)
    at = content.index(b"Adobe")
    assert content[at + 11] == 0
    content = content[: at + 11] + b"\x02" + content[at + 12 :]
    assert_quarters(decode_image(content).pixels, tolerance=15)


def test_16_bit_png_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None, :].repeat(32, 0)
    pixels = decode_image(saved(Image.fromarray(ramp), "PNG")).pixels
    assert pixels[0, :, 0].tolist() == pytest.approx(list(range(256)), abs=1)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def png_of(samples: np.ndarray, colour_type: int) -> bytes:
    """A PNG of 16 bits a sample, which Pillow writes for grey only."""
    height, width = samples.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in samples)
    return png(width, height, 16, colour_type, rows)


def test_16_bit_colour_png_is_scaled_not_clipped() -> None:
    samples = np.asarray(quarters()).astype(np.uint16) * 128  # half as light
    halved = tuple(tuple(value // 2 for value in colour) for colour in (RED, GREEN, BLUE, WHITE))
    assert_quarters(decode_image(png_of(samples, 2)).pixels, halved, tolerance=2)


def test_16_bit_png_with_alpha_over_white() -> None:
    samples = np.dstack([np.asarray(quarters()).astype(np.uint16) * 257, np.zeros((64, 96), np.uint16)])
    assert_quarters(decode_image(png_of(samples, 6)).pixels, (WHITE,) * 4, tolerance=0)


@pytest.mark.parametrize(("order", "inverted"), [("<", False), (">", False), ("<", True)])
def test_16_bit_tiff(order: str, inverted: bool) -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None, :].repeat(8, 0)
    pixels = decode_image(tiff_of(ramp, order, 0 if inverted else 1)).pixels
    expected = range(255, -1, -1) if inverted else range(256)
    assert pixels[0, :, 1].tolist() == pytest.approx(list(expected), abs=1)


def tiff_of(samples: np.ndarray, order: str, photometric: int) -> bytes:
    """An uncompressed grey TIFF in either byte order."""
    height, width = samples.shape
    body = samples.astype(f"{order}u2").tobytes()
    tags = [(256, width), (257, height), (258, 16), (259, 1), (262, photometric), (273, 8 + 2 + 12 * 9 + 4)]
    tags += [(277, 1), (278, height), (279, len(body))]
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}IH", 8, len(tags))
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    return head + entries + bytes(4) + body


@pytest.mark.parametrize("mode", ["I", "F"])
def test_deep_tiffs_are_scaled(mode: str) -> None:
    ramp = np.linspace(0, 65535, 256)[None, :].repeat(8, 0)
    samples = ramp.astype(np.int32) if mode == "I" else (ramp / 65535).astype(np.float32)
    if mode == "F":
        samples[4, 4] = np.nan
    pixels = decode_image(saved(Image.fromarray(samples), "TIFF")).pixels
    assert pixels[0, :, 1].tolist() == pytest.approx(list(range(256)), abs=1)


def test_alpha_shows_white_paper() -> None:
    image = quarters().convert("RGBA")
    image.putalpha(128)
    half = tuple(tuple((value + 255) // 2 for value in colour) for colour in (RED, GREEN, BLUE, WHITE))
    for form in ("PNG", "WEBP", "TIFF"):
        assert_quarters(decode_image(saved(image, form)).pixels, half, tolerance=8)


def test_hidden_colours_of_transparent_pixels_do_not_bleed_when_shrunk() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (32, 0, 64, 64))
    pixels = decode_image(saved(image, "PNG"), shorter_side=16).pixels
    assert (pixels[..., 0] <= pixels[..., 2]).all()


def test_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (96, 64), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (48, 0, 96, 64))
    for form in ("PNG", "GIF"):
        pixels = decode_image(saved(image, form, transparency=0)).pixels
        assert_quarters(pixels, (WHITE, BLUE, WHITE, BLUE), tolerance=0)


def test_one_bit_and_grey() -> None:
    grey = quarters().convert("L")
    levels = [(value,) * 3 for value in (76, 149, 29, 255)]
    assert_quarters(decode_image(saved(grey, "JPEG", quality=95)).pixels, levels)
    bilevel = Image.new("1", (96, 64), 1)
    bilevel.paste(0, (0, 0, 48, 64))
    for form in ("PNG", "TIFF", "BMP"):
        assert_quarters(decode_image(saved(bilevel, form)).pixels, ((0, 0, 0), WHITE) * 2, tolerance=0)


def test_lab_tiff() -> None:
    lab = Image.new("LAB", (96, 64), (255, 128, 128))
    assert_quarters(decode_image(saved(lab, "TIFF")).pixels, (WHITE,) * 4, tolerance=8)


def test_1_by_1_pixel() -> None:
    photo = decode_image(saved(Image.new("RGB", (1, 1), RED), "PNG"), shorter_side=250)
    assert photo.pixels.tolist() == [[list(RED)]]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_shrinks_and_never_enlarges(form: str) -> None:
    content = saved(quarters(1200, 900), form)
    photo = decode_image(content, shorter_side=300)
    assert photo.pixels.shape == (300, 400, 3)
    assert photo.original_size == (1200, 900)
    assert_quarters(photo.pixels)
    assert decode_image(content, shorter_side=2000).pixels.shape == (900, 1200, 3)


def test_a_very_long_strip_keeps_a_pixel_of_width() -> None:
    assert decode_image(saved(quarters(4, 4000), "PNG"), shorter_side=1).pixels.shape == (1000, 1, 3)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("shorter_side", [None, 100])
def test_jpeg_without_its_end_mark_is_decoded(options: dict, shorter_side: int | None) -> None:
    content = saved(noise(), "JPEG", **options)
    whole = decode_image(content, shorter_side=shorter_side).pixels
    for missing in (1, 2):
        assert np.array_equal(decode_image(content[:-missing], shorter_side=shorter_side).pixels, whole)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_jpeg_cut_in_the_middle_is_refused(options: dict, part: float, tmp_path: Path) -> None:
    content = saved(noise(), "JPEG", **options)
    path = tmp_path / "cut.jpg"
    path.write_bytes(content[: int(len(content) * part)])
    for source in (path, path.read_bytes()):
        with pytest.raises(UnreadableImage, match="cut off"):
            decode_image(source)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"])
def test_other_formats_cut_in_the_middle_are_refused(form: str) -> None:
    content = heic(noise()) if form == "HEIC" else saved(noise(), form)
    with pytest.raises(UnreadableImage):
        decode_image(content[: len(content) // 2])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"])
@pytest.mark.filterwarnings("ignore")  # Pillow's, about the damage
def test_damage_anywhere_is_one_of_our_errors(form: str) -> None:
    content = heic(noise()) if form == "HEIC" else saved(noise(), form)
    random = np.random.default_rng(3)
    for _ in range(60):
        damaged = bytearray(content)
        for at in random.integers(0, min(len(content), 600), 5):
            damaged[at] = random.integers(0, 256)
        refusal = None
        try:
            photo = decode_image(bytes(damaged), limits=Limits(1_000_000))
        except ImageError as error:
            refusal = error
        assert str(refusal).endswith(".") if refusal else photo.pixels.ndim == 3


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", UnreadableImage, "empty"),
        (b"\xff", UnsupportedImage, "not an image"),
        (b"\xff\xd8\xff", UnreadableImage, "damaged|cut off"),
        (b"<!DOCTYPE html><html><body>404</body></html>", UnsupportedImage, "web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', UnsupportedImage, "SVG"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", UnsupportedImage, "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnsupportedImage, "PostScript"),
        (b"8BPS\x00\x01" + bytes(40), UnsupportedImage, "Photoshop"),
        (b"SIMPLE  =                    T" + b" " * 50, UnsupportedImage, "FITS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), UnsupportedImage, "compound"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom", UnsupportedImage, "video"),
    ],
)
def test_what_is_no_image_is_refused_by_name(content: bytes, error: type, says: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(error, match=says):
        decode_image(path)


def test_a_raw_file_is_refused() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706] = b"\x01\x04\x00\x00"
    with pytest.raises(UnsupportedImage, match="raw file"):
        decode_image(saved(quarters(), "TIFF", tiffinfo=tags))


def test_a_header_that_claims_too_much_is_refused_before_decoding() -> None:
    with pytest.raises(ImageTooLarge, match="65535 × 65535"):
        decode_image(png(65535, 65535, 8, 2, bytes(64)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"])
def test_the_limit_holds_for_every_format(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = heic(noise()) if form == "HEIC" else saved(noise(), form)
    assert decode_image(content, limits=Limits(120_000)).pixels.shape == (300, 400, 3)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)  # no pixel may be asked for
    with pytest.raises(ImageTooLarge, match="ALLINONE_MAX_PIXELS"):
        decode_image(content, limits=Limits(119_999))


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}])
def test_the_canvas_of_a_webp_is_read_before_its_parser_runs(options: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(noise(), "WEBP", **options)
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile._open", None)
    with pytest.raises(ImageTooLarge, match="400 × 300"):
        decode_image(content, limits=Limits(119_999))


def test_pillows_own_guard_neither_warns_nor_changes() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photo = decode_image(saved(Image.new("1", (9500, 9500)), "PNG"), shorter_side=10)
    assert photo.original_size == (9500, 9500)
    assert before == Image.MAX_IMAGE_PIXELS


def test_many_threads_see_the_same_pixels() -> None:
    contents = [saved(noise(), form) for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")] + [heic(noise())]
    alone = [decode_image(content, shorter_side=150).pixels for content in contents]
    barrier = threading.Barrier(4)

    def work(_: int) -> bool:
        barrier.wait(timeout=30)
        return all(
            np.array_equal(decode_image(content, shorter_side=150).pixels, pixels)
            for content, pixels in zip(contents, alone, strict=True)
        )

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(4)))


def test_a_file_that_is_not_there_is_the_disks_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode_image(tmp_path / "gone.jpg")
