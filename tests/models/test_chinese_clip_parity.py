"""Our graphs answer as the programs they were taken from: cn_clip and transformers, at their true widths.

Weights are random, but shaken so that all of them count (tests/reference/chinese_clip_model.py), and the first test
shows that they do. Depth is two layers of each tower; ALLINONE_FULL_DEPTH=1 tests all (ViT-H-14 takes 16 GB of memory).
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allinone.photos_ai.conversion.convert import convert_checkpoint
from allinone.photos_ai.models.chinese_clip import DEVIATION, ImageTower, TextTower, preprocess
from support.reference import Answer, Reference

LAYERS = None if os.environ.get("ALLINONE_FULL_DEPTH") else 2
TEXTS = ("", "貓", "在海灘上奔跑的狗", "A red car, 1998!", "統一發票 收執聯" * 12)
PRECISIONS = (("fp32", 0.9999), ("fp16", 0.999))
WITHOUT_EFFECT = ("key.bias", "k_proj.bias")  # the same is added to all that a softmax compares

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Case:
    """A checkpoint as somebody has it."""

    name: str
    by: str = "cn_clip"
    form: str = "pt"
    prefix: str = ""
    half: bool = False
    texts: tuple[str, ...] = TEXTS

    def __str__(self) -> str:
        return "-".join(part for part in (self.name, self.by, self.form, self.prefix, "half" * self.half) if part)


CASES = (
    Case("ViT-B-16", prefix="module."),
    Case("ViT-L-14", half=True),
    Case("ViT-L-14-336"),
    Case("ViT-H-14"),
    Case("RN50", prefix="module."),
    Case("ViT-B-16", by="transformers", form="safetensors"),
    Case("ViT-H-14", by="transformers", form="bin"),
)


LOOKED_AT_CLOSELY = (CASES[0], CASES[4])


def pictures() -> list[NDArray[np.uint8]]:
    """The same size each, so that they travel as one array: a photo, noise, a slope, edges."""
    random = np.random.default_rng(3)
    sample = Path(__file__).parents[2] / "samples" / "landscape.jpg"
    photo = np.asarray(Image.open(sample).convert("RGB").resize((500, 375)))
    slope = np.linspace(0, 255, photo.size).reshape(photo.shape).astype(np.uint8)
    edges = (np.indices(photo.shape).sum(axis=0) // 16 % 2 * 255).astype(np.uint8)
    return [photo, random.integers(0, 256, photo.shape, np.uint8), slope, edges]


def cosines(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    answer: NDArray[np.float32] = (first * second).sum(axis=-1) / lengths
    return answer


@pytest.fixture(scope="module")
def answers(reference: Reference) -> Callable[[Case], Answer]:
    """What the original answers, asked once; it leaves its checkpoint behind. Where we look closer it does, too."""

    @lru_cache
    def ask(case: Case) -> Answer:
        return reference.ask(
            "chinese_clip_model",
            {"pixels": np.stack(pictures())},
            timeout=600,
            layers=LAYERS,
            sensitivity=case in LOOKED_AT_CLOSELY,
            **asdict(case),
        )

    return ask


@pytest.mark.parametrize("case", LOOKED_AT_CLOSELY, ids=str)
def test_every_weight_counts(answers: Callable[[Case], Answer], case: Case) -> None:
    arrays = answers(case).arrays
    turned = dict(zip(arrays["kinds"], arrays["cosines"], strict=True))
    assert len(turned) >= 40
    blind = {kind: cosine for kind, cosine in turned.items() if cosine > 0.9999 and not kind.endswith(WITHOUT_EFFECT)}
    assert not blind
    # Pictures and texts are told apart, by ten times what parity allows: the answer does not come from biases alone.
    for vectors in (arrays["image"], arrays["text"]):
        between = cosines(vectors[:, None], vectors[None])
        assert between[~np.eye(len(vectors), dtype=bool)].max() < 1 - 10 * (1 - 0.9999)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_our_model_folder_answers_as_the_original(
    answers: Callable[[Case], Answer], tmp_path: Path, case: Case
) -> None:
    answer = answers(case)
    checkpoint = answer.folder / "checkpoint"
    source = checkpoint / f"clip_cn_{case.name.lower()}.pt" if case.by == "cn_clip" else checkpoint
    for precision, least in PRECISIONS[: 2 if case.by == "cn_clip" else 1]:
        folder = convert_checkpoint(source, case.name, tmp_path / precision, precision=precision)
        assert folder.manifest.precision == precision
        images, texts = ImageTower(folder), TextTower(folder)
        image = cosines(images.embed_many(pictures()), answer.arrays["image"])
        text = cosines(np.stack([texts.embed(each) for each in case.texts]), answer.arrays["text"])
        print(f"{case} {precision}: cosine of pictures {image.min():.7f}, of texts {text.min():.7f}")
        assert image.min() >= least
        assert text.min() >= least
    prepared = np.stack([preprocess(pixels, folder.manifest.input_size) for pixels in pictures()])
    difference = np.abs(prepared - answer.arrays["prepared"]) * DEVIATION[:, None, None]
    print(f"{case}: preprocessing differs by at most {difference.max() * 255:.4f} / 255")
    assert difference.max() <= 1 / 255
