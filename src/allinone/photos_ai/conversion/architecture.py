"""The five Chinese-CLIP models, and what their weights are called.

Source: the model configurations of cn_clip. Names of weights are cn_clip's; those of transformers'
ChineseCLIPModel are translated to them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from allinone.errors import InvalidRequest
from allinone.photos_ai.conversion.checkpoint import Reader, Weights


@dataclass(frozen=True, slots=True)
class Architecture:
    """What distinguishes one model from another.

    Attributes:
        name: as in CLIP_MODEL.
        dim: numbers in a vector.
        input_size: side of the square image, pixels.
        vision_width: channels of the image tower.
        vision_head_width: channels of one attention head.
        patch: side of a patch, pixels; None for the ResNet.
        text_width: channels of the text tower; its heads have 64.
        vision_layers, text_layers: depth.
    """

    name: str
    dim: int
    input_size: int
    vision_width: int
    patch: int | None
    text_width: int
    vision_layers: int
    text_layers: int
    vision_head_width: int = 64


ARCHITECTURES = {
    each.name: each
    for each in (
        Architecture("ViT-B-16", 512, 224, 768, 16, 768, 12, 12),
        Architecture("ViT-L-14", 768, 224, 1024, 14, 768, 24, 12),
        Architecture("ViT-L-14-336", 768, 336, 1024, 14, 768, 24, 12),
        Architecture("ViT-H-14", 1024, 224, 1280, 14, 1024, 32, 24, vision_head_width=80),
        Architecture("RN50", 1024, 224, 64, None, 768, 16, 3),
    )
}


def architecture(name: str) -> Architecture:
    """The model of that name.

    Raises:
        InvalidRequest: there is none; the message lists those there are.
    """
    found = ARCHITECTURES.get(name)
    if found is None:
        message = f"There is no Chinese-CLIP model {name!r}. Choose one of: {', '.join(ARCHITECTURES)}."
        raise InvalidRequest(message)
    return found


def canonical(weights: Weights) -> Weights:
    """The same weights under cn_clip's names, whichever program wrote them."""
    plain = weights.renamed(lambda name: name.removeprefix("module."))
    return _from_transformers(plain) if "visual_projection.weight" in plain else plain


def check(weights: Weights, expected: Architecture) -> None:
    """Make sure that `weights` are those of `expected`, whatever their depth.

    Raises:
        InvalidRequest: they are another model's, or incomplete; the message says which.
    """
    for name, shape in _expected_shapes(expected).items():
        found = weights[name].shape if name in weights else None
        if found != shape:
            state = f"is {found}" if found else "is missing"
            message = f"This is not a checkpoint of {expected.name}: its {name} {state}, where {shape} belongs."
            raise InvalidRequest(message)


def _expected_shapes(expected: Architecture) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"text_projection": (expected.text_width, expected.dim)}
    if expected.patch is None:
        shapes["visual.attnpool.c_proj.weight"] = (expected.dim, expected.vision_width * 32)
        return shapes
    tokens = (expected.input_size // expected.patch) ** 2 + 1
    shapes["visual.conv1.weight"] = (expected.vision_width, 3, expected.patch, expected.patch)
    shapes["visual.positional_embedding"] = (tokens, expected.vision_width)
    shapes["visual.proj"] = (expected.vision_width, expected.dim)
    return shapes


TRANSFORMERS_NAMES = (
    (r"^text_model\.", "bert."),
    (r"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.weight$", "visual.conv1.weight"),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "visual.ln_pre."),
    (r"^vision_model\.post_layernorm\.", "visual.ln_post."),
    (r"^vision_model\.encoder\.layers\.(\d+)\.layer_norm(\d)\.", r"visual.transformer.resblocks.\1.ln_\2."),
    (r"^vision_model\.encoder\.layers\.(\d+)\.mlp\.fc1\.", r"visual.transformer.resblocks.\1.mlp.c_fc."),
    (r"^vision_model\.encoder\.layers\.(\d+)\.mlp\.fc2\.", r"visual.transformer.resblocks.\1.mlp.c_proj."),
    (r"^vision_model\.encoder\.layers\.(\d+)\.self_attn\.", r"visual.transformer.resblocks.\1.attn."),
)


def _from_transformers(weights: Weights) -> Weights:
    renamed = weights.renamed(_cn_clip_name)
    readers = {name: renamed.reader(name) for name in renamed}
    for old, new in (
        ("visual_projection.weight", "visual.proj"),
        ("text_projection.weight", "text_projection"),
    ):
        reader = readers.pop(old)
        readers[new] = partial(_transposed, reader)
    for name in [name for name in readers if ".attn.q_proj." in name]:
        parts = [readers.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        kind = name.rsplit(".", 1)[1]
        joined = name.replace(f"q_proj.{kind}", f"in_proj_{kind}")
        readers[joined] = partial(_joined, parts)
    return Weights(readers)


def _transposed(reader: Reader) -> NDArray[np.float32]:
    return np.ascontiguousarray(reader().T)


def _joined(readers: Sequence[Reader]) -> NDArray[np.float32]:
    return np.concatenate([reader() for reader in readers])


def _cn_clip_name(name: str) -> str:
    for pattern, replacement in TRANSFORMERS_NAMES:
        renamed, count = re.subn(pattern, replacement, name)
        if count:
            return renamed
    return name
