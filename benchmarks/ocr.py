"""`./run bench ocr`: pages a second of our reading beside RapidOCR's default pipeline, same models and pages.

Each runs in a process of its own, so that its peak memory is its own. Pages have 24 lines of random characters; the
error rate counts characters that differ from what was drawn.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

LINES, WIDTH, HEIGHT = 24, 1440, 1920
CHARACTERS = "電子發票證明聯山茶咖啡館總計金額統一編號收據明細日期時間地址服務今日推薦菜單牛肉麵豆腐飯"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of reading took."""

    way: str
    pages_per_second: float
    error_rate: float
    peak_rss_mib: float


def main(argv: list[str]) -> int:
    """Draw pages, read them both ways, print what it took."""
    parser = argparse.ArgumentParser(prog="./run bench ocr", description=__doc__)
    parser.add_argument("--pages", type=int, default=24, help="how many pages to read")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="pages at a time, ours")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    figures = [
        _alone(_ours, options.pages, options.threads),
        _alone(_rapidocr, options.pages, options.threads),
    ]
    ratio = figures[0].pages_per_second / figures[1].pages_per_second
    if options.json:
        Console().print_json(json.dumps({"ratio": ratio, "ways": [asdict(each) for each in figures]}))
    else:
        Console().print(_table(figures, ratio))
    return 0


def draw_pages(count: int) -> list[tuple[NDArray[np.uint8], list[str]]]:
    """`count` pages and what stands on each."""
    random = np.random.default_rng(1)
    font = ImageFont.truetype(_font(), 44)
    pages = []
    for _ in range(count):
        image = Image.new("RGB", (WIDTH, HEIGHT), (250, 249, 245))
        lines = []
        for line in range(LINES):
            word = "".join(random.choice(list(CHARACTERS), int(random.integers(6, 16))))
            lines.append(f"{word}{random.integers(10, 99999)}")
            ImageDraw.Draw(image).text((80, 40 + line * 77), lines[-1], font=font, fill=(25, 25, 30))
        pages.append((np.asarray(image), lines))
    return pages


def _font() -> str:
    answer = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK TC"], capture_output=True, text=True, check=True
    )
    return answer.stdout


def _alone(work: object, pages: int, threads: int) -> Figures:
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(work, (pages, threads))  # type: ignore[arg-type]


def _ours(count: int, threads: int) -> Figures:
    from allinone.photos_ai.models.ocr import TextReader  # noqa: PLC0415  # in the process that is measured

    pages = draw_pages(count)
    reader = TextReader.load()
    reader.read(pages[0][0])
    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda page: [line.text for line in reader.read(page[0])], pages))
    return _figures(f"ours, {threads} pages at a time", count / (time.perf_counter() - begin), pages, found)


def _rapidocr(count: int, _: int) -> Figures:
    from rapidocr import RapidOCR  # noqa: PLC0415  # in the process that is measured

    pages = draw_pages(count)
    reader = RapidOCR(params={"Global.log_level": "error"})
    reader(pages[0][0])
    begin = time.perf_counter()
    found = [list(reader(pixels).txts or ()) for pixels, _ in pages]
    return _figures("RapidOCR, defaults", count / (time.perf_counter() - begin), pages, found)


def _figures(
    way: str, rate: float, pages: list[tuple[NDArray[np.uint8], list[str]]], found: list[list[str]]
) -> Figures:
    truth = [text for _, lines in pages for text in lines]
    wrong = sum(
        _distance("".join(lines), "".join(texts).replace(" ", ""))
        for (_, lines), texts in zip(pages, found, strict=True)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(way, rate, wrong / sum(map(len, truth)), peak)


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def _table(figures: list[Figures], ratio: float) -> Table:
    table = Table(title=f"Reading text: {ratio:.2f} × RapidOCR's default pipeline")
    for column in ("way", "pages/s", "character errors", "peak RSS, MiB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for each in figures:
        cells = (f"{each.pages_per_second:.2f}", f"{each.error_rate:.4f}", f"{each.peak_rss_mib:.0f}")
        table.add_row(each.way, *cells)
    return table
