"""One line of recognised text, as every room of the house passes it on."""

from dataclasses import dataclass

Box = tuple[float, float, float, float, float, float, float, float]
"""Corners x1, y1 .. x4, y4: clockwise from the top left *of the text*, in 0..1 of the upright image's width
and height (Immich's `asset_ocr` form)."""


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of text in an image. Lines of an image are kept in reading order.

    Attributes:
        text: as recognised, never normalised.
        box: where it stands.
        box_score: the detector's confidence, 0..1.
        text_score: the recogniser's confidence, 0..1.
    """

    text: str
    box: Box
    box_score: float
    text_score: float
