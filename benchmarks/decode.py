"""`./run bench decode`: from a preview JPEG to CLIP's tensor, beside Pillow's full decode and bicubic as in cn_clip.

Both do the same work in the same process, by turns, and the least time of each counts: processor time, so that other
programs on the machine disturb little. The answer is compared with cn_clip's own: peak signal-to-noise ratio of the
square before normalisation, in dB.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import BytesIO

import numpy as np
from benchmarks.previews import make_previews
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from allinone.images.square import decode_square
from allinone.photos_ai.models.chinese_clip import DEVIATION, MEAN, preprocess

Blob = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one preview took."""

    content: str
    kilobytes: float
    bytes_per_pixel: float
    pillow_ms: float
    ours_ms: float
    ratio: float
    psnr_db: float


def main(argv: list[str]) -> int:
    """Make previews, prepare them both ways, print what it took."""
    parser = argparse.ArgumentParser(prog="./run bench decode", description=__doc__)
    parser.add_argument("--size", type=int, default=224, help="side of the square: 224, or 336 for ViT-L-14-336")
    parser.add_argument("--subsampling", default="4:4:4", help="of the previews' colours; Immich's have 4:4:4")
    parser.add_argument("--repeat", type=int, default=40, help="times each")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    previews = make_previews(options.subsampling)
    figures = [_measure(name, content, options.size, options.repeat) for name, content in previews.items()]
    total = sum(each.pillow_ms for each in figures) / sum(each.ours_ms for each in figures)
    worst = min(each.psnr_db for each in figures)
    if options.json:
        summary = {"ratio": total, "least_psnr_db": worst, "contents": [asdict(each) for each in figures]}
        Console().print_json(json.dumps(summary))
    else:
        Console().print(_table(figures, total, worst))
    return 0


def _measure(name: str, content: bytes, size: int, repeat: int) -> Figures:
    times = {_as_cn_clip: float("inf"), _ours: float("inf")}
    for _ in range(repeat):
        for way in times:
            times[way] = min(times[way], _took(lambda way=way: way(content, size)))
    difference = (_ours(content, size) - _as_cn_clip(content, size)) * DEVIATION[:, None, None]
    width, height = Image.open(BytesIO(content)).size
    return Figures(
        name,
        len(content) / 1000,
        len(content) / width / height,
        times[_as_cn_clip] * 1000,
        times[_ours] * 1000,
        times[_as_cn_clip] / times[_ours],
        float(-10 * np.log10(max(np.mean(difference**2), 1e-12))),
    )


def _as_cn_clip(content: bytes, size: int) -> Blob:
    image = Image.open(BytesIO(content)).convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    scaled = (np.asarray(image, np.float32) / 255 - MEAN) / DEVIATION
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)


def _ours(content: bytes, size: int) -> Blob:
    return preprocess(decode_square(content, size).pixels, size)


def _took(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _table(figures: list[Figures], total: float, worst: float) -> Table:
    table = Table(title=f"Preview to tensor: {total:.2f} × Pillow, at {worst:.1f} dB or better")
    for column in ("content", "kB", "bytes a pixel", "Pillow, ms", "ours, ms", "ratio", "dB"):
        table.add_column(column, justify="left" if column == "content" else "right")
    for each in figures:
        table.add_row(
            each.content,
            f"{each.kilobytes:.0f}",
            f"{each.bytes_per_pixel:.2f}",
            f"{each.pillow_ms:.1f}",
            f"{each.ours_ms:.1f}",
            f"{each.ratio:.2f}",
            f"{each.psnr_db:.1f}",
        )
    return table
