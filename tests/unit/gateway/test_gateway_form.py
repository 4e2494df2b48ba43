"""The form as it arrives, in whatever pieces."""

import random

import pytest

from allinone.errors import InvalidRequest
from allinone.gateway.form import MAX_PART_HEAD, MAX_PARTS, MAX_TEXT, Form, FormReader
from support import immich_requests as immich

TYPE = f"multipart/form-data; boundary={immich.BOUNDARY}".encode()
MARK = f"--{immich.BOUNDARY}".encode()


def read(body: bytes, sizes: list[int] | None = None, content_type: bytes = TYPE) -> Form:
    reader = FormReader(content_type)
    at = 0
    for size in sizes or [len(body)]:
        reader.feed(body[at : at + size])
        at += size
    reader.feed(body[at:])
    return reader.complete()


def part(name: str, content: bytes) -> bytes:
    return MARK + f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"


END = MARK + b"--\r\n"
ENTRIES = part("entries", b'{"ocr":{}}')


def test_parts_are_found_wherever_the_pieces_end() -> None:
    image = b"\xff\xd8" + (b"\r\n--" + immich.BOUNDARY[:-1].encode()) * 3 + b"\r\n-" + bytes(range(256)) + b"\r"
    body = immich.form(immich.OCR, image=image)
    for size in (1, 2, 3, 7, len(MARK), len(MARK) + 3, 64):
        form = read(body, [size] * (len(body) // size))
        assert form.image == image
        assert list(form.entries) == ["ocr"]
        assert b"".join(form.chunks) == body
    chance = random.Random(4)
    for _ in range(300):
        sizes = []
        while sum(sizes) < len(body):
            sizes.append(chance.choice((1, 2, 30, 100, 500)))
        assert read(body, sizes).image == image


def test_other_entries_leave_everything_else_as_it_came() -> None:
    body = immich.form(immich.OCR, image=b"\x00picture\r\n\xff")
    changed = b"".join(read(body, [5, 40, 100]).with_entries(b'{"clip":{}}'))
    assert changed == body.replace(immich.OCR.encode(), b'{"clip":{}}')


def test_text_and_digest() -> None:
    form = read(immich.form(immich.CLIP_TEXTUAL, text="海邊"))
    assert (form.text, form.image) == ("海邊", None)
    same = read(immich.form(immich.CLIP_TEXTUAL_PLAIN, text="海邊"), [11, 90])
    assert form.content_digest() == same.content_digest()
    assert form.content_digest() != read(immich.form(immich.CLIP_TEXTUAL, text="山")).content_digest()


def test_quoted_boundaries_and_parts_not_known_survive() -> None:
    body = ENTRIES + part("future", b"1") + part("image", b"x") + END
    form = read(body, content_type=b'Multipart/Form-Data; charset=x; boundary="%b"' % immich.BOUNDARY.encode())
    assert form.image == b"x"
    assert b"".join(form.chunks) == body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "ends before its last boundary"),
        (END, "has no part 'entries'"),
        (ENTRIES, "ends before its last boundary"),
        (part("image", b"x") + END, "has no part 'entries'"),
        (ENTRIES + ENTRIES + END, "has the part 'entries' twice"),
        (ENTRIES + part("image", b"1") + part("image", b"2") + END, "has the part 'image' twice"),
        (part("x", b"") * (MAX_PARTS + 1) + END, f"more than {MAX_PARTS} parts"),
        (part("x", b"") * 100_000 + END, f"more than {MAX_PARTS} parts"),
        (MARK + b"\r\nContent-Disposition: " + b"x" * MAX_PART_HEAD, "head does not end"),
        (MARK + b"\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END, "without a name"),
        (MARK + b"garbage\r\n\r\n" + END, "something behind it"),
        (b"x" * 2000, "does not begin with its boundary"),
        (ENTRIES + part("text", b"x" * (MAX_TEXT + 1)) + END, "more than 65536 bytes"),
        (part("entries", b"x" * 70_000) + END, "more than 65536 bytes"),
        (part("entries", b"\xff\xfe") + END, "not UTF-8"),
        (part("entries", b"[]") + END, "must be a JSON object"),
    ],
)
@pytest.mark.parametrize("size", [37, 10_000])
def test_forms_that_cannot_be_used(body: bytes, message: str, size: int) -> None:
    with pytest.raises(InvalidRequest, match=message):
        read(body, [size] * (len(body) // size))


def test_text_that_is_not_utf8() -> None:
    form = read(ENTRIES + part("text", b"\xff") + END)
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        _ = form.text


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"application/json",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/mixed; boundary=x",
    ],
)
def test_requests_that_are_no_form(content_type: bytes) -> None:
    with pytest.raises(InvalidRequest, match="multipart/form-data with a boundary"):
        FormReader(content_type)
