from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from allinone.images.decode import decode_image
from allinone.photos_ai.helpers import Helpers
from allinone.photos_ai.models.ocr import TextReader
from allinone.photos_ai.models.text_detection import MOST_PIXELS, MOST_PIXELS_ASKED_FOR, network_size

FONT = Path(__file__).parents[2] / "support" / "fonts" / "sans-hant.otf"
LINES = ["山茶咖啡館", "電子發票證明聯", "RD-40719326", "2023-08-1215:42:08", "退貨請攜帶發票至門市辦理", "總計560"]


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader.load()


@pytest.fixture(scope="module")
def receipt(samples: Path) -> np.ndarray:
    return decode_image(samples / "receipt-taiwan.jpg").pixels


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_receipt_is_read_however_it_lies(reader: TextReader, receipt: np.ndarray, turns: int) -> None:
    lines = reader.read(np.ascontiguousarray(np.rot90(receipt, turns)))
    texts = [line.text.replace(" ", "") for line in lines]
    places = [texts.index(text) for text in (LINES[0], LINES[1], LINES[4])]
    assert places == sorted(places)
    assert set(LINES) <= set(texts)
    title = np.array(lines[places[1]].box).reshape(4, 2)
    along = title[1] - title[0]  # from the text's top left to its top right
    directions = {0: (1, 0), 1: (0, -1), 2: (-1, 0), 3: (0, 1)}
    assert along / np.abs(along).max() == pytest.approx(directions[turns], abs=0.35)
    assert all(0 <= value <= 1 for line in lines for value in (*line.box, line.box_score, line.text_score))


def test_columns_are_read_down_and_from_right_to_left(reader: TextReader, samples: Path) -> None:
    lines = reader.read(decode_image(samples / "couplet-door.jpg").pixels)
    columns = [line.text for line in lines if line.text[0] in "天春"]
    assert columns == ["天增歲月人增壽", "春滿乾坤福滿門"]
    column = next(np.array(line.box).reshape(4, 2) for line in lines if line.text.startswith("天"))
    assert column[3, 1] - column[0, 1] > 2 * (column[1, 0] - column[0, 0])


def test_a_page_of_vertical_text_is_not_taken_for_one_on_its_side(reader: TextReader) -> None:
    columns = ["歡迎光臨請勿停車", "山茶咖啡館電子發票", "今日推薦菜單"]
    image = Image.new("RGB", (700, 900), "white")
    font = ImageFont.truetype(FONT, 72)
    for number, column in enumerate(columns):
        for place, character in enumerate(column):
            at = (520 - number * 190, 50 + place * 90)
            ImageDraw.Draw(image).text(at, character, font=font, fill="black")
    lines = reader.read(np.asarray(image))
    assert [line.text for line in lines] == columns


def test_lines_that_are_not_certain_are_dropped(reader: TextReader, receipt: np.ndarray) -> None:
    every = reader.read(receipt, minimum_score=0)
    scores = sorted(line.text_score for line in every)
    middle = scores[len(scores) // 2]
    assert len(reader.read(receipt, minimum_score=middle)) == sum(score >= middle for score in scores)


def test_places_that_are_not_certain_are_dropped(reader: TextReader, receipt: np.ndarray) -> None:
    scores = [line.box_score for line in reader.read(receipt)]
    middle = sorted(scores)[len(scores) // 2]
    kept = reader.read(receipt, minimum_box_score=middle)
    assert 0 < len(kept) < len(scores)
    assert min(line.box_score for line in kept) >= middle


def test_small_print_needs_enough_pixels(reader: TextReader) -> None:
    page = Image.new("RGB", (1440, 1080), (225, 222, 215))
    texts = [f"RECEIPT {40719326 + number * 7919}" for number in range(30)]
    for number, text in enumerate(texts):
        at = (100, 50 + number * 32)
        ImageDraw.Draw(page).text(at, text, font=ImageFont.truetype(FONT, 14), fill="black")
    assert reader.read(np.asarray(page), shorter_side=160) == []
    assert [line.text for line in reader.read(np.asarray(page), shorter_side=736)] == texts


def test_requests_at_the_same_time_do_not_see_each_others_options(reader: TextReader, receipt: np.ndarray) -> None:
    ways: list[dict[str, float | int]] = [
        {},
        {"shorter_side": 200},
        {"minimum_box_score": 0.8},
        {"minimum_score": 0.97, "shorter_side": 960},
        {"minimum_box_score": 0.99},
    ]
    small = np.ascontiguousarray(receipt[::2, ::2])
    alone = [reader.read(small, **way) for way in ways]
    assert len({tuple(lines) for lines in alone}) == len(ways)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda way: reader.read(small, **way), ways * 3))
    assert together == alone * 3


def test_idle_cores_change_nothing_of_what_is_read(reader: TextReader, receipt: np.ndarray) -> None:
    helpers = Helpers(3, lambda: 3)
    helped = TextReader.load(callers=4, helpers=helpers)
    for page in (receipt, np.ascontiguousarray(np.rot90(receipt))):
        found, alone = helped.read(page), reader.read(page)
        assert [line.text for line in found] == [line.text for line in alone]
        places, expected = ([[*line.box, line.text_score] for line in lines] for lines in (found, alone))
        assert np.abs(np.subtract(places, expected)).max() < 1e-4
    helpers.close()


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (32, 32)])
def test_nothing_to_read(reader: TextReader, size: tuple[int, int]) -> None:
    assert reader.read(np.full((*size, 3), 200, np.uint8)) == []


@pytest.mark.parametrize("size", [(1, 1), (1080, 1440), (400, 9000), (9000, 400), (20000, 30), (3000, 3000)])
def test_the_network_sees_a_bounded_number_of_pixels(size: tuple[int, int]) -> None:
    width, height = network_size(*size, 736)
    assert width % 32 == height % 32 == 0
    assert 32 * 32 <= width * height <= MOST_PIXELS * 1.3


def test_who_asks_for_more_pixels_gets_them_within_bounds() -> None:
    assert network_size(1440, 1920, 1440) == (1440, 1920)
    for shorter_side in (1, 10_000):
        width, height = network_size(20_000, 20_000, shorter_side)
        assert 32 * 32 <= width * height <= MOST_PIXELS_ASKED_FOR * 1.1
