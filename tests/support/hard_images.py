"""Image files that make decoders stumble: some that must be read all the same, some that must be refused, and how."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFont, TiffImagePlugin

from support.photos_ai_service import FONTS

TEXT = "RECEIPT 4711"
UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # orientation to the Transpose that undoes it


def sheet(mode: str = "RGB") -> Image.Image:
    """`TEXT`, black on white."""
    image = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(image).text((60, 200), TEXT, font=ImageFont.truetype(FONTS / "latin.otf", 48), fill="black")
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """As a file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, rows: bytes, *, bits: int = 1, colour: int = 0) -> bytes:
    """A PNG that claims a size; by default of black and white."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def blank(side: int) -> bytes:
    """A white PNG, a few kilobytes of file for side × side pixels."""
    return png(side, side, (b"\0" + b"\xff" * -(-side // 8)) * side)


def deep_png() -> bytes:
    """16 bits a sample, in which text is dark grey on light grey: clipped, both would be white."""
    grey = np.where(np.asarray(sheet("L")) > 128, 60_000, 2_000).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    return png(640, 480, rows, bits=16)


def deep_tiff() -> bytes:
    """The same as TIFF."""
    grey = np.where(np.asarray(sheet("L")) > 128, 60_000, 2_000).astype(np.uint16)
    return saved(Image.fromarray(grey), "TIFF")


def heic() -> bytes:
    """As phones make it."""
    stream = io.BytesIO()
    pillow_heif.from_pillow(sheet()).save(stream, quality=90)
    return stream.getvalue()


def animated(kind: str) -> bytes:
    """`TEXT` first, then nothing."""
    return saved(sheet(), kind, save_all=True, append_images=[Image.new("RGB", (640, 480), "white")], duration=100)


def see_through() -> bytes:
    """Black text on nothing, whose hidden colour is black too."""
    alpha = sheet("L").point(lambda value: 255 - value)
    image = Image.new("RGBA", (640, 480), (0, 0, 0, 0))
    image.putalpha(alpha)
    return saved(image, "PNG")


def palette() -> bytes:
    """A palette whose white is transparent."""
    image = sheet("L").point(lambda value: 1 if value > 128 else 0, "L").convert("P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    return saved(image, "PNG", transparency=1)


def turned(orientation: int) -> bytes:
    """Lies in the file as a camera held that way writes it."""
    image = sheet().transpose(Image.Transpose(UPRIGHT[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image, "JPEG", exif=exif, quality=92)


def raw() -> bytes:
    """A DNG, which is a TIFF by its looks."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706] = b"\1\4\0\0"
    return saved(sheet(), "TIFF", tiffinfo=tags)


JPEG = saved(sheet(), "JPEG", quality=92)

READABLE = {
    "jpeg": JPEG,
    "jpeg without its end mark": JPEG[:-2],
    "png": saved(sheet(), "PNG"),
    "bmp": saved(sheet(), "BMP"),
    "tiff": saved(sheet(), "TIFF"),
    "webp": saved(sheet(), "WEBP"),
    "avif": saved(sheet(), "AVIF"),
    "heic": heic(),
    "animated gif": animated("GIF"),
    "animated webp": animated("WEBP"),
    "cmyk jpeg": saved(sheet("CMYK"), "JPEG", quality=92),
    "grey jpeg": saved(sheet("L"), "JPEG", quality=92),
    "16-bit png": deep_png(),
    "16-bit tiff": deep_tiff(),
    "alpha": see_through(),
    "palette": palette(),
    "one bit": saved(sheet("1"), "PNG"),
    **{f"orientation {number}": turned(number) for number in UPRIGHT},
}

EMPTY = {"1 × 1 pixel": saved(Image.new("RGB", (1, 1)), "PNG"), "a hundred megapixels": blank(10_000)}
"""Read without a fault, and without anything to find."""

UNREADABLE, UNSUPPORTED, TOO_LARGE = 422, 415, 413

REFUSED = {
    "zero bytes": (b"", 400),
    "one byte": (b"\xff", UNSUPPORTED),
    "jpeg cut in the middle": (JPEG[: len(JPEG) // 2], UNREADABLE),
    "jpeg of a head alone": (JPEG[:200], UNREADABLE),
    "png cut in the middle": (saved(sheet(), "PNG")[:2000], UNREADABLE),
    "png that claims 65535 × 65535": (png(65535, 65535, b"\0"), TOO_LARGE),
    "png of 13377 × 13377": (blank(13_377), TOO_LARGE),
    "png of 18900 × 18900": (blank(18_900), TOO_LARGE),
    "png of no width": (png(0, 10, b""), UNREADABLE),
    "html": (b"<!DOCTYPE html><html><body>photo.jpg</body></html>", UNSUPPORTED),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', UNSUPPORTED),
    "pdf": (b"%PDF-1.7\n1 0 obj", UNSUPPORTED),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UNSUPPORTED),
    "raw": (raw(), UNSUPPORTED),
    "psd": (b"8BPS\0\1" + bytes(200), UNSUPPORTED),
    "fits": (b"SIMPLE  =                    T" + b" " * 2850, UNSUPPORTED),
    "fpx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), UNSUPPORTED),
    "zip": (b"PK\x03\x04" + bytes(100), UNSUPPORTED),
    "video": (b"\0\0\0\x20ftypisom" + bytes(100), UNSUPPORTED),
    "noise": (np.random.default_rng(1).bytes(100_000), UNSUPPORTED),
}
"""What must be refused, with the status of `/predict`."""
