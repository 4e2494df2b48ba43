"""Chinese-CLIP models of true shapes and random weights, as `models convert` makes them."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allinone.photos_ai.conversion.architecture import architecture
from allinone.photos_ai.conversion.checkpoint import Weights
from allinone.photos_ai.conversion.graph import Graph
from allinone.photos_ai.conversion.towers import bert, image_input, text_input, vision_transformer
from support import chinese_clip_reference as reference

WORDS = 21_128  # of the official vocabulary


def vit_b_16() -> dict[str, NDArray[np.float32]]:
    """Weights of ViT-B-16, all twelve layers of both towers, drawn at random."""
    return reference.random_weights(width=768, patch=16, size=224, dim=512, text_width=768, vocabulary=WORDS, layers=12)


def write_text_tower(tensors: dict[str, NDArray[np.float32]], path: Path) -> None:
    """The text tower as a model folder has it."""
    graph = Graph(np.float32)
    graph.save(path, text_input(), bert(graph, _weights(tensors)), "features", 512)


def write_image_tower(tensors: dict[str, NDArray[np.float32]], path: Path) -> None:
    """The image tower as a model folder has it."""
    graph = Graph(np.float32)
    model = architecture("ViT-B-16")
    graph.save(path, image_input(model), vision_transformer(graph, _weights(tensors), model), "features", model.dim)


def cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The least cosine of rows that belong together."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return float(((first * second).sum(axis=-1) / lengths).min())


def by_turns(ways: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """The least time of each, milliseconds of processor time, measured by turns."""
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(repeat):
        for name, work in ways.items():
            begin = time.process_time()
            work()
            least[name] = min(least[name], (time.process_time() - begin) * 1000)
    return least


def _weights(tensors: dict[str, NDArray[np.float32]]) -> Weights:
    return Weights({name: lambda value=value: value for name, value in tensors.items()})
