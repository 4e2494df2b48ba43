import numpy as np
import pytest

from allinone.images.decode import decode_image
from allinone.photos_ai.models.ocr import TextReader
from allinone.photos_ai.models.stacked_rows import cut_rows, line_height, row_count
from allinone.photos_ai.models.text_detection import TextBox
from support.photos.maker import RECIPES, make_photo


def box(width: int, height: int) -> TextBox:
    return TextBox(
        np.array([[10, 20], [10 + width, 20], [10 + width, 20 + height], [10, 20 + height]], np.float32), 0.7
    )


def rows(width: int, height: int, *places: tuple[int, int]) -> np.ndarray:
    """A crop with writing between the rows of each of `places`."""
    crop = np.full((height, width, 3), 200, np.uint8)
    for top, bottom in places:
        crop[top:bottom, 10 : width - 10 : 4] = 30
    return crop


def test_two_rows_in_a_box_are_cut_between_them() -> None:
    pieces = cut_rows(box(60, 100), rows(60, 100, (8, 43), (58, 92)), 2)
    assert [crop.shape[:2] for _, crop in pieces] == [(50, 60), (50, 60)]
    np.testing.assert_allclose(pieces[1][0].corners, [[10, 70], [70, 70], [70, 120], [10, 120]])


def test_a_character_is_not_cut() -> None:
    assert cut_rows(box(60, 100), rows(60, 100, (8, 92)), 2) == []


@pytest.mark.parametrize(("size", "rows"), [((60, 62), 1), ((60, 110), 2), ((60, 165), 3), ((200, 110), 1)])
def test_a_box_as_high_as_several_lines_may_hold_them(size: tuple[int, int], rows: int) -> None:
    assert row_count(*size, 55) == rows


def test_few_lines_do_not_tell_how_high_a_line_is() -> None:
    assert line_height([(200, 50), (200, 52)]) is None
    assert line_height([(200, 50), (200, 52), (300, 54), (40, 200)]) == 52


def test_prices_below_each_other_are_not_read_as_another_price() -> None:
    photo = make_photo(20 * 1009 + 11, RECIPES[11])
    assert [line.text for line in photo.lines][-3::2] == ["35", "45"]
    pixels = decode_image(photo.data, shorter_side=1440).pixels
    texts = [line.text for line in TextReader.load().read(pixels)]
    assert "55" not in texts
    assert texts[-4:] == ["洗髮精", "35", "香蕉", "45"]
