"""A machine-learning server: /predict for CLIP, OCR and faces, as immich-server asks it.

Texts and pictures become vectors by their words: what shares words is alike. Its failures can be set.
"""

import asyncio
import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.support.immich.preview import Picture, read_preview

DIMENSIONS = 512  # of ViT-B-16__openai


def embed(words: str, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """A unit vector: the same words in any order make the same; texts without a common word are nearly orthogonal."""
    parts = sorted(set(words.lower().split())) or ["nothing"]
    total = np.zeros(dimensions)
    for word in parts:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        total += np.random.default_rng(seed).standard_normal(dimensions)
    return (total / np.linalg.norm(total)).astype(np.float32)


def literal(vector: NDArray[np.float32]) -> str:
    """The vector as Immich's JSON string and PostgreSQL write it."""
    return "[" + ",".join(f"{number:.7g}" for number in vector) + "]"


class MachineLearning:
    """The server's behaviour, to be changed by tests while it runs.

    Attributes:
        failing: answer 500 to every request.
        delay: seconds before each answer.
        dimensions: length of the vectors.
        asked: the tasks asked for, oldest first, such as "clip.textual".
    """

    def __init__(self) -> None:
        self.failing = False
        self.delay = 0.0
        self.dimensions = DIMENSIONS
        self.asked: list[str] = []

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/", self._root),
                Route("/ping", self._ping),
                Route("/predict", self._predict, methods=["POST"]),
            ]
        )

    async def _root(self, _: Request) -> Response:
        return JSONResponse({"message": "Immich ML"})

    async def _ping(self, _: Request) -> Response:
        return PlainTextResponse("pong")

    async def _predict(self, request: Request) -> Response:
        async with request.form() as form:
            entries = json.loads(str(form["entries"]))
            image = await form["image"].read() if "image" in form else None  # type: ignore[union-attr]
            text = str(form["text"]) if "text" in form else None
        self.asked += [f"{task}.{kind}" for task, kinds in entries.items() for kind in kinds]
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.failing:
            return PlainTextResponse("Internal Server Error", status_code=500)
        answer: dict[str, Any] = {}
        if image is not None:
            answer |= {"imageHeight": 48, "imageWidth": 64}
        for task, kinds in entries.items():
            answer[task] = self._answer(task, kinds, image, text)
        return JSONResponse(answer)

    def _answer(self, task: str, kinds: dict[str, Any], image: bytes | None, text: str | None) -> Any:
        if task == "clip" and "textual" in kinds:
            return literal(embed(text or "", self.dimensions))
        picture = read_preview(image or b"")
        if task == "clip":
            return literal(embed(picture.shows, self.dimensions))
        if task == "ocr":
            return ocr_answer(picture)
        return []


def ocr_answer(picture: Picture) -> dict[str, Any]:
    """The lines below each other, as the OCR task answers them."""
    boxes: list[float] = []
    for number in range(len(picture.texts)):
        top, bottom = line_edges(number)
        boxes += [0.1, top, 0.9, top, 0.9, bottom, 0.1, bottom]
    count = len(picture.texts)
    return {"text": list(picture.texts), "box": boxes, "boxScore": [0.9] * count, "textScore": [0.97] * count}


def line_edges(number: int) -> tuple[float, float]:
    """Top and bottom of a line."""
    top = min(0.05 + 0.06 * number, 0.95)
    return top, top + 0.03
