"""`./run bench memory`: what a photos-ai holds after many images of random sizes, beside what it held after a tenth.

Every image goes through CLIP and faces (random weights), every third through OCR (real models) as well, four clients
at a time.
"""

import argparse
import io
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from models.tiny_clip import make_clip_model
from support.face_packs import make_face_pack
from support.photos_ai_service import FONTS, RunningService, running_service

SMALLEST, LARGEST = 60, 3000  # pixels of a side
CLIENTS = 4


def main(argv: list[str]) -> int:
    """Start a photos-ai, send images, look at its memory after a tenth and after all."""
    parser = argparse.ArgumentParser(prog="./run bench memory", description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="how many images")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    tenths: list[float] = []
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(CLIENTS) as pool:
        folder = Path(name)
        make_clip_model(folder / "models")
        make_face_pack(folder / "models")
        with running_service(folder / "models", folder) as service:
            for number in range(10):
                places = range(number * options.images // 10, (number + 1) * options.images // 10)
                list(pool.map(lambda place: send(service, place), places))
                tenths.append(service.rss() / 2**20)
    ratio = tenths[-1] / tenths[0]
    console = Console()
    if options.json:
        console.print_json(json.dumps({"images": options.images, "rss_mib": tenths, "ratio": ratio}))
    else:
        console.print("RSS after each tenth, MiB: " + "  ".join(f"{rss:.0f}" for rss in tenths))
        console.print(f"After {options.images} images: {ratio:.2f} × what it was after {options.images // 10}")
    return 0


def send(service: RunningService, place: int) -> None:
    """An image of its own for each place, and a detector that looks at it at a resolution of its own."""
    random = np.random.default_rng(place)
    width, height = (int(np.exp(random.uniform(np.log(SMALLEST), np.log(LARGEST)))) for _ in range(2))
    image = Image.new("RGB", (width, height), tuple(int(value) for value in random.integers(150, 256, 3)))
    font = ImageFont.truetype(FONTS / "sans-hant.otf", int(random.integers(20, 60)))
    for _ in range(6):
        at = (int(random.integers(0, width)), int(random.integers(0, height)))
        ImageDraw.Draw(image).text(at, f"總計 {random.integers(10**6)}", font=font, fill="black")
    stream = io.BytesIO()
    image.save(stream, str(random.choice(["JPEG", "PNG", "BMP"])), compress_level=1)
    entries: dict[str, object] = {"clip": {"visual": {}}, "facial-recognition": {}}
    if place % 3 == 0:
        entries["ocr"] = {"detection": {"options": {"maxResolution": int(random.integers(200, 736))}}}
    answer = service.predict(entries, image=stream.getvalue())
    answer.raise_for_status()
