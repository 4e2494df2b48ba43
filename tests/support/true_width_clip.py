"""A checkpoint of ViT-B-16's true widths, of few layers and random weights."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support import chinese_clip_reference as reference
from support import torch_archive

NAME, FILE, REPOSITORY, DIM = "ViT-B-16", "clip_cn_vit-b-16.pt", "chinese-clip-vit-base-patch16", 512
WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *"一在海灘上奔跑的狗貓飛機紅色汽車夜景山水人家",
    "cat",
    "##s",
    "a",
    "red",
    "car",
)
VOCABULARY = ("\n".join(WORDS) + "\n").encode()

Tensors = dict[str, NDArray[np.float32]]


def make_tensors(layers: int) -> Tensors:
    """Random weights under cn_clip's names."""
    return reference.random_weights(
        width=768, patch=16, size=224, dim=DIM, text_width=768, vocabulary=len(WORDS), layers=layers
    )


def write_checkpoint(folder: Path, tensors: Tensors) -> Path:
    """Write the .pt as cn_clip does, and vocab.txt beside it; the answer is the .pt."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{name}": value for name, value in tensors.items()}
    torch_archive.save(folder / FILE, {"epoch": 1, "name": "pretrain", "state_dict": state})
    (folder / "vocab.txt").write_bytes(VOCABULARY)
    return folder / FILE
