"""`./run bench library`: `up` reading a folder of photos: photos a second, cores busy, memory of every process.

Memory is the proportional set size (PSS): what several of our processes share is counted once.
"""

import argparse
import io
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from rich.console import Console
from rich.table import Table

from support.allinone_process import RunningUp, running_up
from support.photos.maker import make_surprises

MIB = 1024 * 1024
SAMPLE_EVERY = 1.0  # seconds
DRAWN = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the running processes."""

    seconds: float
    photos: int
    pss_mib: float
    cpu_seconds: float


def main(argv: list[str]) -> int:
    """Make photos, read them, print what it took."""
    parser = argparse.ArgumentParser(prog="./run bench library", description=__doc__)
    parser.add_argument("--photos", type=int, default=1000, help="how many photos to make and read")
    parser.add_argument("--library", type=Path, help="read this folder instead of making photos")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        library = options.library or _make_photos(Path(scratch) / "photos", options.photos)
        samples = _read(Path(scratch) / "data", library)
    figures = _figures(samples)
    if options.json:
        Console().print_json(json.dumps({"figures": figures, "samples": [asdict(sample) for sample in samples]}))
    else:
        Console().print(_table(figures))
    return 0


def _make_photos(folder: Path, count: int) -> Path:
    """Photos of random sizes: a few are drawn, the rest are those at other scales."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    drawn = [Image.open(io.BytesIO(photo.data)).convert("RGB") for photo in make_surprises(1, min(count, DRAWN))]
    for number in range(count):
        photo = drawn[number % len(drawn)]
        scale = random.uniform(0.3, 1.2)
        size = (max(64, round(photo.width * scale)), max(64, round(photo.height * scale)))
        photo.resize(size).save(folder / f"{number:05}.jpg", quality=85)
    return folder


def _read(data_dir: Path, library: Path) -> list[Sample]:
    samples = []
    with running_up(data_dir, "--library", library) as up:
        begin = time.monotonic()
        while True:
            progress = up.get("allinone/api/progress").json()
            samples.append(_look(up, time.monotonic() - begin, progress["done"]))
            if progress["total"] and not progress["waiting"] and not progress["scanning"]:
                return samples
            time.sleep(SAMPLE_EVERY)


def _look(up: RunningUp, seconds: float, photos: int) -> Sample:
    pss = cpu = 0.0
    for process in [psutil.Process(up.process.pid), *up.children()]:
        try:
            pss += process.memory_full_info().pss / MIB
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system
    return Sample(seconds, photos, pss, cpu)


def _figures(samples: list[Sample]) -> dict[str, float]:
    first, last = samples[0], samples[-1]
    seconds = max(last.seconds - first.seconds, 1e-9)
    tenth = next(sample for sample in samples if sample.photos >= last.photos / 10)
    return {
        "photos": last.photos,
        "seconds": round(seconds, 1),
        "photos per second": round((last.photos - first.photos) / seconds, 2),
        "cores": os.cpu_count() or 1,
        "cores busy": round((last.cpu_seconds - first.cpu_seconds) / seconds, 2),
        "memory at a tenth, MiB": round(tenth.pss_mib),
        "memory at the end, MiB": round(last.pss_mib),
        "memory at most, MiB": round(max(sample.pss_mib for sample in samples)),
    }


def _table(figures: dict[str, float]) -> Table:
    table = Table("figure", "value", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for name, value in figures.items():
        table.add_row(name, f"{value:,}")
    return table
