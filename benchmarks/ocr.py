"""`./run bench ocr`: our reading beside RapidOCR's default pipeline, on the same models, pages and cores.

Compared like with like: one page at a time, where both may use every core for it, and as many pages at a time as
there are cores, where RapidOCR has an instance for each core. Every way has a process of its own, and they take turns
of a few pages, so that what else the machine does disturbs all of them. Pages have 24 lines of random characters; the
error rate counts characters that differ from what was drawn, in the order in which they were read.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track
from rich.table import Table

from allinone.photos_ai.openvino_sessions import openvino_installed

LINES, WIDTH, HEIGHT = 24, 1440, 1920
CHARACTERS = "電子發票證明聯山茶咖啡館總計金額統一編號收據明細日期時間地址服務今日推薦菜單牛肉麵豆腐飯"
TURN = 5  # pages

Page = tuple[NDArray[np.uint8], list[str]]
Read = Callable[[NDArray[np.uint8]], list[str]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to read pages: with what, how many at a time, each on how many cores."""

    reader: Literal["RapidOCR", "onnxruntime", "openvino"]
    at_a_time: int
    cores: int

    @property
    def title(self) -> str:
        """For people."""
        names = {"RapidOCR": "RapidOCR", "onnxruntime": "ours, ONNX Runtime", "openvino": "ours, OpenVINO"}
        return f"{names[self.reader]}, {self.at_a_time} at a time on {self.cores} core{'s' * (self.cores > 1)} each"


@dataclass(frozen=True, slots=True)
class Turn:
    """What some pages took."""

    pages: int
    seconds: float
    cpu_seconds: float
    wrong: int
    characters: int
    peak_rss_mib: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of reading took in all.

    Attributes:
        cpu_seconds: of a page.
        error_rate: wrong characters of all.
        ratio: pages a second, of RapidOCR's with as many pages at a time.
        slowest_turn: the same in the turn that was worst for this way; `fastest_turn` in the best.
    """

    way: str
    pages_per_second: float
    cpu_seconds: float
    error_rate: float
    peak_rss_mib: float
    ratio: float
    slowest_turn: float
    fastest_turn: float


def main(argv: list[str]) -> int:
    """Draw pages, read them in every way, print what it took."""
    parser = argparse.ArgumentParser(prog="./run bench ocr", description=__doc__)
    parser.add_argument("--pages", type=int, default=200, help="how many pages to read")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="read fewer pages if it takes longer")
    parser.add_argument("--alone", action="store_true", help="only one page at a time, and not OpenVINO")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="of the processor to use")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    readers: list[Literal["RapidOCR", "onnxruntime", "openvino"]] = ["RapidOCR", "onnxruntime"]
    if openvino_installed() and not options.alone:
        readers.append("openvino")
    ways = [Way(reader, 1, options.cores) for reader in readers]
    if options.cores > 1 and not options.alone:
        ways += [Way(reader, options.cores, 1) for reader in readers]
    turns = _compare(ways, options.pages, time.monotonic() + 60 * options.minutes)
    figures, read = _figures(ways, turns), sum(turn[0].pages for turn in turns)
    if options.json:
        Console().print_json(json.dumps({"pages": read, "ways": [asdict(each) for each in figures]}))
    else:
        Console().print(_table(figures, read))
    return 0


def draw_pages(count: int, first: int = 0) -> list[Page]:
    """Pages `first` and following, and what stands on each."""
    font = ImageFont.truetype(_font(), 44)
    pages = []
    for number in range(first, first + count):
        random = np.random.default_rng(number)
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


def _compare(ways: Sequence[Way], pages: int, deadline: float) -> list[list[Turn]]:
    """What each way took, by turns; at least one turn."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in ways]
    processes = [
        context.Process(target=_work, args=(way, theirs), daemon=True)
        for way, (_, theirs) in zip(ways, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    turns: list[list[Turn]] = []
    for first in track(range(0, pages, TURN), "Reading", console=Console(stderr=True)):
        if turns and time.monotonic() > deadline:
            break
        turns.append([_ask(ours, first, min(TURN, pages - first)) for ours, _ in pipes])
    for (ours, _), process in zip(pipes, processes, strict=True):
        ours.send(None)
        process.join(30)
    return turns


def _ask(pipe: Connection, first: int, count: int) -> Turn:
    pipe.send((first, count))
    turn: Turn = pipe.recv()
    return turn


def _work(way: Way, pipe: Connection) -> None:
    """Read what the pipe asks for: (first page, how many), until it says None."""
    read = _readers(way)
    read(draw_pages(1)[0][0])
    with ThreadPoolExecutor(way.at_a_time) as pool:
        while (asked := pipe.recv()) is not None:
            first, count = asked
            pages = draw_pages(count, first)
            begin, cpu = time.perf_counter(), time.process_time()
            found = list(pool.map(read, [pixels for pixels, _ in pages]))
            taken = (time.perf_counter() - begin, time.process_time() - cpu)
            wrong = sum(
                _distance("".join(lines), "".join(texts).replace(" ", ""))
                for (_, lines), texts in zip(pages, found, strict=True)
            )
            characters = sum(len(line) for _, lines in pages for line in lines)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            pipe.send(Turn(count, *taken, wrong, characters, peak))


def _readers(way: Way) -> Read:
    if way.reader == "RapidOCR":
        return _rapidocr(way)
    from allinone.photos_ai.helpers import Helpers  # noqa: PLC0415
    from allinone.photos_ai.models.ocr import TextReader  # noqa: PLC0415  # in the process that is measured

    # as the engine does it: whoever reads has a core, and those that are idle help
    cores, busy = way.at_a_time * way.cores, list[None]()
    helpers = Helpers(cores - 1, idle=lambda: cores - len(busy))
    reader = TextReader.load(engine=way.reader, callers=cores, helpers=helpers)

    def read(pixels: NDArray[np.uint8]) -> list[str]:
        busy.append(None)
        try:
            return [line.text for line in reader.read(pixels)]
        finally:
            busy.pop()

    return read


def _rapidocr(way: Way) -> Read:
    from rapidocr import RapidOCR  # noqa: PLC0415  # in the process that is measured

    # with its default, every core for each, several at a time take each other's turns and are slower than one
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": way.cores} if way.at_a_time > 1 else {}
    idle: SimpleQueue[RapidOCR] = SimpleQueue()
    for _ in range(way.at_a_time):
        idle.put(RapidOCR(params={"Global.log_level": "error"} | threads))

    def read(pixels: NDArray[np.uint8]) -> list[str]:
        reader = idle.get()
        try:
            return list(reader(pixels).txts or ())
        finally:
            idle.put(reader)

    return read


def _figures(ways: Sequence[Way], turns: Sequence[Sequence[Turn]]) -> list[Figures]:
    taken = dict(zip(ways, zip(*turns, strict=True), strict=True))
    peers = {way.at_a_time: of for way, of in taken.items() if way.reader == "RapidOCR"}
    return [_figures_of(way, of, peers[way.at_a_time]) for way, of in taken.items()]


def _figures_of(way: Way, turns: Sequence[Turn], peer: Sequence[Turn]) -> Figures:
    pages, seconds = sum(turn.pages for turn in turns), sum(turn.seconds for turn in turns)
    ratios = [theirs.seconds / ours.seconds for ours, theirs in zip(turns, peer, strict=True)]
    return Figures(
        way=way.title,
        pages_per_second=pages / seconds,
        cpu_seconds=sum(turn.cpu_seconds for turn in turns) / pages,
        error_rate=sum(turn.wrong for turn in turns) / sum(turn.characters for turn in turns),
        peak_rss_mib=max(turn.peak_rss_mib for turn in turns),
        ratio=sum(turn.seconds for turn in peer) / seconds,
        slowest_turn=min(ratios),
        fastest_turn=max(ratios),
    )


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def _table(figures: Sequence[Figures], pages: int) -> Table:
    table = Table(title=f"Reading {pages} pages; × RapidOCR's default pipeline with as many pages at a time")
    for column in ("way", "pages/s", "×", "× by turns", "CPU s/page", "character errors", "peak RSS, MiB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for each in figures:
        table.add_row(
            each.way,
            f"{each.pages_per_second:.2f}",
            f"{each.ratio:.2f}",
            f"{each.slowest_turn:.2f} to {each.fastest_turn:.2f}",
            f"{each.cpu_seconds:.2f}",
            f"{each.error_rate:.4f}",
            f"{each.peak_rss_mib:.0f}",
        )
    return table
