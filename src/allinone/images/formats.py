"""What a file is, by its content alone. What is not named here reaches no parser."""

HEAD_BYTES = 4096
"""How much of a file `identify` needs to see."""

PHOTO_SUFFIXES = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp",
        ".heic", ".heif", ".hif", ".avif",
    }
)  # fmt: skip
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv"})

VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/x-matroska"})

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_STRANGERS = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"8BPS", "a Photoshop document"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\xd0\xcf\x11\xe0", "a compound document"),
    (b"PK\x03\x04", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"II\x2b\x00", "a TIFF of more than 4 GB"),
    (b"MM\x00\x2b", "a TIFF of more than 4 GB"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"IIRO", "a camera's raw file"),
    (b"IIU\x00", "a camera's raw file"),
)
_RAW_INSIDE_TIFF = b"II*\x00\x10\x00\x00\x00CR"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_MP4_BRANDS = frozenset({b"mp41", b"mp42", b"avc1", b"dash", b"MSNV", b"M4V ", b"M4VH", b"M4VP", b"XAVC", b"f4v "})
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def identify(head: bytes) -> str | None:
    """The media type of a file that begins with `head` (HEAD_BYTES, or all); None: not allowed."""
    if head.startswith(_RAW_INSIDE_TIFF):
        return None
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and head[14:18] in _BMP_HEADERS:
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[4:8] in _QUICKTIME_ATOMS:
        return "video/quicktime"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    return None


def describe(head: bytes) -> str:
    """What a file that `identify` does not know seems to be, for a message."""
    if not head:
        return "an empty file"
    for signature, name in _STRANGERS:
        if head.startswith(signature):
            return name
    if head[4:8] == b"ftyp":
        return "a camera's raw file" if head[8:12] == b"crx " else "sound, or an unknown kind of film"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text[:1024]:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "not an image of a kind we know"


_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _by_brand(head: bytes) -> str | None:
    length = min(int.from_bytes(head[:4], "big"), 512, len(head))
    major = head[8:12]
    brands = {major, *(head[at : at + 4] for at in range(16, length - 3, 4))}
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return "image/avif"
    if major in _HEIC_BRANDS:
        return "image/heic"
    if major in {b"mif1", b"msf1", b"mif2"}:
        return "image/heic" if brands & _HEIC_BRANDS else "image/heif"
    if major == b"qt  ":
        return "video/quicktime"
    if major in _MP4_BRANDS or major.startswith((b"iso", b"3gp", b"3g2", b"mp4")):
        return "video/mp4"
    return None


def _matroska(head: bytes) -> str:
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
