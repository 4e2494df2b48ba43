"""Requests of every kind for a photos-ai, and a crowd of clients that asks them at the same time."""

import io
import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFont

from support.face_packs import draw_faces
from support.photos_ai_service import FONTS, KEY

PATIENCE = 120.0
_WORDS = ("山茶咖啡館", "電子發票證明聯", "總計560", "RECEIPT", "PLATFORM 9", "牛肉麵", "服務台", "TOTAL 88.20")


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    options: dict[str, Any]


@dataclass
class Outcome:
    """What became of them.

    Attributes:
        different: requests whose answer was not, byte by byte, that of the same request alone.
        failed: statuses other than 200.
    """

    asked: int = 0
    different: list[Asked] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    seconds: float = 0.0


def make_requests(seed: int) -> list[Asked]:
    """Eighty-one that differ: all tasks of both protocols, several tasks at once, options of all sorts."""
    dice = random.Random(seed)
    found: list[Asked] = []
    for number in range(9):
        image = _sheet(dice)
        least = round(dice.uniform(0.3, 0.9), 2)
        ocr = {"ocr": {
            "detection": {"options": {"minScore": round(dice.uniform(0.2, 0.7), 2), "maxResolution": 736}},
            "recognition": {"options": {"minScore": least}},
        }}  # fmt: skip
        visual: dict[str, Any] = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}
        faces = {"facial-recognition": {"detection": {"options": {"minScore": least}}}}
        people = _faces(dice)
        reading = (
            _predict(ocr, image),
            _predict(visual | ocr | faces, image),
            Asked("/ocr", {"files": {"file": ("a.jpg", image)}}),
        )
        found += [
            reading[number % 3],  # what takes most of the time by far
            _predict(visual, image),
            _predict(visual, people),
            _predict(faces, people),
            _predict(faces | visual, people),
            Asked("/clip/img", {"files": {"file": ("a.jpg", image)}}),
            Asked("/represent", {"files": {"file": ("a.jpg", people)}}),
            Asked("/clip/txt", {"json": {"text": f"{dice.choice(_WORDS)} {number}"}}),
            _predict({"clip": {"textual": {"options": {}}}}, f"{dice.choice(_WORDS)} {number}"),
        ]
    return found


def ask_all(url: str, requests: Sequence[Asked], *, count: int, clients: int, seed: int = 1) -> Outcome:
    """Each request alone, one after the other; then `count` of them by `clients` at the same time."""
    with _client() as client:
        alone = [_answer(client, url, each) for each in requests]
    assert all(status == 200 for status, _ in alone), alone
    order = random.Random(seed).choices(range(len(requests)), k=count)
    outcome = Outcome(count)
    begun = time.perf_counter()

    def work(places: Sequence[int]) -> None:
        with _client() as client:
            for place in places:
                status, content = _answer(client, url, requests[place])
                if status != 200:
                    outcome.failed.append(status)
                elif content != alone[place][1]:
                    outcome.different.append(requests[place])

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, [order[start::clients] for start in range(clients)]))
    outcome.seconds = time.perf_counter() - begun
    return outcome


def _client() -> httpx.Client:
    return httpx.Client(headers={"api-key": KEY}, timeout=PATIENCE)


def _answer(client: httpx.Client, url: str, asked: Asked) -> tuple[int, bytes]:
    answer = client.post(url + asked.path, **asked.options)
    return answer.status_code, answer.content


def _predict(entries: object, data: bytes | str) -> Asked:
    files: dict[str, Any] = {"entries": (None, json.dumps(entries))}
    if isinstance(data, bytes):
        files["image"] = ("blob", data, "application/octet-stream")
    else:
        files["text"] = (None, data)
    return Asked("/predict", {"files": files})


def _sheet(dice: random.Random) -> bytes:
    image = Image.new("RGB", (dice.randrange(300, 460), dice.randrange(90, 160)), "white")
    font = ImageFont.truetype(FONTS / "sans-hant.otf", 36)
    for line in range(dice.randrange(1, 3)):
        ImageDraw.Draw(image).text((20, 15 + 60 * line), dice.choice(_WORDS), font=font, fill="black")
    return _jpeg(image)


def _faces(dice: random.Random) -> bytes:
    return _jpeg(Image.fromarray(draw_faces(dice.randrange(200, 400), 240, dice.randrange(3), seed=dice.randrange(99))))


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()
