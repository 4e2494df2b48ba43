"""Immich's lines in the order in which a person reads them."""

import math
from uuid import UUID

import pytest

from allinone.extension.immich_index import in_reading_order
from allinone.immich.texts import ImmichText, Version
from allinone.wire.ocr import OcrLine
from unit.search.papers import at


def read(*lines: OcrLine, size: tuple[int, int] = (3000, 2000)) -> list[str]:
    version = Version(UUID(int=1), None, len(lines), 0)
    return [line.text for line in in_reading_order(ImmichText(UUID(int=2), version, *size, lines))]


def test_nothing() -> None:
    assert read() == []


@pytest.mark.parametrize("size", [(3000, 2000), (0, 0)])
def test_from_top_to_bottom_and_from_left_to_right(size: tuple[int, int]) -> None:
    right, below, left = (
        at("發票", 0.5, 0.1, 0.2, 0.05),
        at("總計", 0.1, 0.2, 0.2, 0.05),
        at("統一", 0.1, 0.1, 0.2, 0.05),
    )
    assert read(right, below, left, size=size) == ["統一", "發票", "總計"]


def test_columns_from_right_to_left() -> None:
    left, right = at("恭賀新禧", 0.1, 0.1, 0.05, 0.6), at("萬事如意", 0.2, 0.1, 0.05, 0.6)
    assert read(left, right) == ["萬事如意", "恭賀新禧"]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e12])
def test_lines_without_a_place_that_makes_sense_stand_last(odd: float) -> None:
    lost = [OcrLine(text, (0.1, 0.1, odd, 0.1, odd, 0.2, 0.1, 0.2), 0.9, 0.9) for text in ("一", "二")]
    assert read(lost[0], at("總計", 0.1, 0.2, 0.2, 0.05), lost[1], at("統一", 0.1, 0.1, 0.2, 0.05)) == [
        "統一",
        "總計",
        "一",
        "二",
    ]
    assert read(*lost) == ["一", "二"]
