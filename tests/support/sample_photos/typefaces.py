"""The typefaces of the sample photos, as Debian's font packages install them (see samples/README.md)."""

from functools import cache

from PIL import ImageFont

_NOTO = "/usr/share/fonts/opentype/noto/"
_TRUETYPE = "/usr/share/fonts/truetype/"
_OPENTYPE = "/usr/share/fonts/opentype/"
_TAIWAN, _MAINLAND = 3, 2

_FACES: dict[str, tuple[str, int]] = {
    "tc": (_NOTO + "NotoSansCJK-Regular.ttc", _TAIWAN),
    "tc-medium": (_NOTO + "NotoSansCJK-Medium.ttc", _TAIWAN),
    "tc-bold": (_NOTO + "NotoSansCJK-Bold.ttc", _TAIWAN),
    "tc-black": (_NOTO + "NotoSansCJK-Black.ttc", _TAIWAN),
    "tc-serif": (_NOTO + "NotoSerifCJK-Medium.ttc", _TAIWAN),
    "tc-serif-bold": (_NOTO + "NotoSerifCJK-Bold.ttc", _TAIWAN),
    "tc-serif-black": (_NOTO + "NotoSerifCJK-Black.ttc", _TAIWAN),
    "sc": (_NOTO + "NotoSansCJK-Regular.ttc", _MAINLAND),
    "sc-medium": (_NOTO + "NotoSansCJK-Medium.ttc", _MAINLAND),
    "sc-bold": (_NOTO + "NotoSansCJK-Bold.ttc", _MAINLAND),
    "sc-serif": (_NOTO + "NotoSerifCJK-Medium.ttc", _MAINLAND),
    "sc-serif-bold": (_NOTO + "NotoSerifCJK-Bold.ttc", _MAINLAND),
    "kai": (_TRUETYPE + "lxgw-wenkai/LXGWWenKai-Regular.ttf", 0),
    "kai-bold": (_TRUETYPE + "lxgw-wenkai/LXGWWenKai-Bold.ttf", 0),
    "smiley": (_TRUETYPE + "smiley-sans/SmileySans-Oblique.ttf", 0),
    "inter": (_OPENTYPE + "inter/Inter-Medium.otf", 0),
    "inter-bold": (_OPENTYPE + "inter/Inter-Bold.otf", 0),
    "inter-black": (_OPENTYPE + "inter/Inter-Black.otf", 0),
    "courier": (_OPENTYPE + "courier-prime/Courier Prime.otf", 0),
    "courier-bold": (_OPENTYPE + "courier-prime/Courier Prime Bold.otf", 0),
    "bebas": (_OPENTYPE + "bebas-neue/BebasNeue-Bold.otf", 0),
    "lobster": (_OPENTYPE + "lobster/lobster.otf", 0),
}


@cache
def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A typeface of the list above at `size` pixels."""
    path, index = _FACES[name]
    return ImageFont.truetype(path, size, index=index)
