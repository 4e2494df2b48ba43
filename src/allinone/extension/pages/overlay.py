"""Recognised lines laid over the picture as text that can be selected.

Everything is given in shares of the picture's box (per cent, and `cqw`: hundredths of its width), so the text
keeps its place at any width without a script. Only the stretch of the glyphs to the box is left to pages.js,
because nobody but the browser knows how wide its font draws them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allinone.extension.pages.highlighting import Span, marked
from allinone.extension.pages.markup import Html, element, join
from allinone.wire.ocr import Box, OcrLine

VERTICAL = 1.5  # a box this many times taller than wide, with several characters, is written top to bottom
GLYPH = 0.82  # of the box's height: boxes stand a little off the glyphs


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a line stands on a picture.

    Attributes:
        left: of the text's own top left corner, in per cent of the picture's width.
        top: of the same corner, in per cent of the picture's height.
        width: along the text's top edge, in per cent of the picture's width.
        height: across it, in per cent of the picture's *width*.
        angle: of the top edge, in degrees clockwise.
        vertical: whether the characters run from top to bottom, each upright.
    """

    left: float
    top: float
    width: float
    height: float
    angle: float
    vertical: bool


def place(box: Box, characters: int, aspect: float) -> Placement:
    """The placement of a line of `characters` in a picture `aspect` times as wide as tall."""
    x1, y1, x2, y2, x3, y3, x4, y4 = box
    # In units of the picture's width, so that lengths and angles are those on the screen.
    across = ((x2 - x1 + x3 - x4) / 2, (y2 - y1 + y3 - y4) / 2 / aspect)
    down = ((x4 - x1 + x3 - x2) / 2, (y4 - y1 + y3 - y2) / 2 / aspect)
    width, height = math.hypot(*across), math.hypot(*down)
    return Placement(
        left=x1 * 100,
        top=y1 * 100,
        width=width * 100,
        height=height * 100,
        angle=math.degrees(math.atan2(across[1], across[0])),
        vertical=characters > 1 and height > VERTICAL * width,
    )


def overlay(lines: Sequence[OcrLine], matches: Mapping[int, Sequence[Span]], aspect: float) -> Html:
    """All lines over a picture; `matches` has the spans of those that matched, by their number."""
    return join(*(_line(number, line, matches.get(number), aspect) for number, line in enumerate(lines)))


def _line(number: int, line: OcrLine, spans: Sequence[Span] | None, aspect: float) -> Html:
    where = place(line.box, len(line.text), aspect)
    classes = ["ocr-line", *(["vertical"] if where.vertical else []), *([] if spans is None else ["matched"])]
    glyph = (where.width if where.vertical else where.height) * GLYPH
    style = (
        f"left:{where.left:.3f}%;top:{where.top:.3f}%;width:{where.width:.3f}cqw;height:{where.height:.3f}cqw;"
        f"font-size:{glyph:.3f}cqw;transform:rotate({where.angle:.2f}deg)"
    )
    text = element("span", marked(line.text, spans or ()))
    return element("div", text, class_=" ".join(classes), style=style, data_line=number)
