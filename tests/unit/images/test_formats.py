import pytest

from allinone.images.formats import describe, identify


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"II*\x00\x08\x00\x00\x00\x01\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", "image/bmp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "image/avif"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1", "image/avif"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", "video/quicktime"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom", "video/mp4"),
        (b"\x00\x00\x00\x14ftyp3gp4\x00\x00\x00\x00isom", "video/mp4"),
        (b"\x00\x00\x10\x00moov", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x88matroska", "video/x-matroska"),
    ],
)
def test_content_says_what_a_file_is(head: bytes, media_type: str) -> None:
    assert identify(head) == media_type


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "an empty file"),
        (b"\xff", "not an image of a kind we know"),
        (b"%PDF-1.7", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
        (b"8BPS\x00\x01", "a Photoshop document"),
        (b"SIMPLE  =                    T", "a FITS file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a compound document"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "an SVG drawing"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a web page"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "not an image of a kind we know"),
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "a camera's raw file"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A ", "sound, or an unknown kind of film"),
        (b"BM but only a text that begins so", "not an image of a kind we know"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "not an image of a kind we know"),
    ],
)
def test_what_is_not_allowed_is_named_and_refused(head: bytes, name: str) -> None:
    assert identify(head) is None
    assert describe(head) == name
