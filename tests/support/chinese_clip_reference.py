"""Chinese-CLIP in plain numpy, written to be read: what our ONNX graphs are compared with.

Weights have cn_clip's names. Sizes come from the weights themselves.
"""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tensors = Mapping[str, NDArray[np.float32]]


def random_weights(
    *,
    width: int,
    patch: int,
    size: int,
    dim: int,
    text_width: int,
    vocabulary: int,
    layers: int = 2,
    seed: int = 0,
) -> dict[str, NDArray[np.float32]]:
    """Weights of a small ViT and BERT of the true structure."""
    shapes: dict[str, tuple[int, ...]] = {
        "visual.class_embedding": (width,),
        "visual.positional_embedding": ((size // patch) ** 2 + 1, width),
        "visual.conv1.weight": (width, 3, patch, patch),
        "visual.proj": (width, dim),
        "text_projection": (text_width, dim),
        "bert.embeddings.word_embeddings.weight": (vocabulary, text_width),
        "bert.embeddings.position_embeddings.weight": (512, text_width),
        "bert.embeddings.token_type_embeddings.weight": (2, text_width),
        "bert.pooler.dense.weight": (text_width, text_width),
    }
    for norm in ("visual.ln_pre", "visual.ln_post", "bert.embeddings.LayerNorm"):
        _pair(shapes, norm, (width if norm.startswith("visual") else text_width,))
    for layer in range(layers):
        block = f"visual.transformer.resblocks.{layer}"
        _pair(shapes, f"{block}.ln_1", (width,))
        _pair(shapes, f"{block}.ln_2", (width,))
        shapes |= {
            f"{block}.attn.in_proj_weight": (3 * width, width),
            f"{block}.attn.in_proj_bias": (3 * width,),
        }
        _pair(shapes, f"{block}.attn.out_proj", (width, width))
        _pair(shapes, f"{block}.mlp.c_fc", (4 * width, width))
        _pair(shapes, f"{block}.mlp.c_proj", (width, 4 * width))
        block = f"bert.encoder.layer.{layer}"
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ):
            _pair(shapes, f"{block}.{part}", (text_width, text_width))
        _pair(shapes, f"{block}.attention.output.LayerNorm", (text_width,))
        _pair(shapes, f"{block}.intermediate.dense", (4 * text_width, text_width))
        _pair(shapes, f"{block}.output.dense", (text_width, 4 * text_width))
        _pair(shapes, f"{block}.output.LayerNorm", (text_width,))
    return _fill(shapes, seed)


def random_resnet_weights(
    *, width: int, size: int, dim: int, blocks: tuple[int, ...] = (1, 2, 1, 1), seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Weights of a small modified ResNet of the true structure."""
    shapes: dict[str, tuple[int, ...]] = {
        "visual.conv1.weight": (width // 2, 3, 3, 3),
        "visual.conv2.weight": (width // 2, width // 2, 3, 3),
        "visual.conv3.weight": (width, width // 2, 3, 3),
        "visual.attnpool.positional_embedding": ((size // 32) ** 2 + 1, width * 32),
    }
    for number, channels in ((1, width // 2), (2, width // 2), (3, width)):
        _norm(shapes, f"visual.bn{number}", channels)
    before = width
    for stage, count in enumerate(blocks, start=1):
        planes = width * 2 ** (stage - 1)
        for block in range(count):
            name = f"visual.layer{stage}.{block}"
            kernels = {1: (planes, before, 1, 1), 2: (planes, planes, 3, 3), 3: (planes * 4, planes, 1, 1)}
            for number, shape in kernels.items():
                shapes[f"{name}.conv{number}.weight"] = shape
                _norm(shapes, f"{name}.bn{number}", shape[0])
            if block == 0:
                shapes[f"{name}.downsample.0.weight"] = (planes * 4, before, 1, 1)
                _norm(shapes, f"{name}.downsample.1", planes * 4)
            before = planes * 4
    for part in ("q_proj", "k_proj", "v_proj"):
        _pair(shapes, f"visual.attnpool.{part}", (width * 32, width * 32))
    _pair(shapes, "visual.attnpool.c_proj", (dim, width * 32))
    return _fill(shapes, seed)


def encode_image(w: Tensors, pixels: Array, head_width: int) -> Array:
    """(batch, 3, size, size) → (batch, dim), by the ViT."""
    kernel = w["visual.conv1.weight"]
    width, _, patch, _ = kernel.shape
    batch, _, size, _ = pixels.shape
    side = size // patch
    cut = pixels.reshape(batch, 3, side, patch, side, patch).transpose(0, 2, 4, 1, 3, 5)
    tokens = cut.reshape(batch, side * side, -1) @ kernel.reshape(width, -1).T.astype(float)
    first = np.broadcast_to(w["visual.class_embedding"], (batch, 1, width))
    x = np.concatenate([first, tokens], axis=1) + w["visual.positional_embedding"]
    x = _layer_norm(w, "visual.ln_pre", x, 1e-5)
    for layer in range(_layers(w, "visual.transformer.resblocks.")):
        name = f"visual.transformer.resblocks.{layer}"
        normal = _layer_norm(w, f"{name}.ln_1", x, 1e-5)
        joined = normal @ w[f"{name}.attn.in_proj_weight"].T + w[f"{name}.attn.in_proj_bias"]
        query, key, value = np.split(joined, 3, axis=-1)
        x = x + _linear(w, f"{name}.attn.out_proj", _attention(query, key, value, head_width))
        hidden = _linear(w, f"{name}.mlp.c_fc", _layer_norm(w, f"{name}.ln_2", x, 1e-5))
        x = x + _linear(w, f"{name}.mlp.c_proj", hidden / (1 + np.exp(-1.702 * hidden)))
    return _layer_norm(w, "visual.ln_post", x[:, 0], 1e-5) @ w["visual.proj"]


def encode_text(w: Tensors, ids: NDArray[np.int64]) -> Array:
    """(batch, length) → (batch, dim), by BERT; ids of 0 are padding."""
    x = w["bert.embeddings.word_embeddings.weight"][ids].astype(float)
    x = x + w["bert.embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + w["bert.embeddings.token_type_embeddings.weight"][0]
    x = _layer_norm(w, "bert.embeddings.LayerNorm", x, 1e-12)
    hidden_from = (ids == 0)[:, None, None, :]
    for layer in range(_layers(w, "bert.encoder.layer.")):
        name = f"bert.encoder.layer.{layer}"
        parts = [_linear(w, f"{name}.attention.self.{part}", x) for part in ("query", "key", "value")]
        mixed = _attention(*parts, 64, hidden_from)
        attended = _linear(w, f"{name}.attention.output.dense", mixed)
        x = _layer_norm(w, f"{name}.attention.output.LayerNorm", x + attended, 1e-12)
        hidden = _gelu(_linear(w, f"{name}.intermediate.dense", x))
        x = _layer_norm(w, f"{name}.output.LayerNorm", x + _linear(w, f"{name}.output.dense", hidden), 1e-12)
    return x[:, 0] @ w["text_projection"]


def encode_image_by_resnet(w: Tensors, pixels: Array, head_width: int) -> Array:
    """(batch, 3, size, size) → (batch, dim), by the modified ResNet."""
    x = pixels
    for number, stride in ((1, 2), (2, 1), (3, 1)):
        x = np.maximum(_batch_norm(w, f"visual.bn{number}", _conv(x, w[f"visual.conv{number}.weight"], stride)), 0)
    x = _halve(x)
    for stage in range(1, 5):
        for block in range(_layers(w, f"visual.layer{stage}.")):
            x = _bottleneck(w, f"visual.layer{stage}.{block}", x, shrinks=stage > 1 and block == 0)
    batch, channels = x.shape[:2]
    places = x.reshape(batch, channels, -1).transpose(0, 2, 1)
    places = np.concatenate([places.mean(axis=1, keepdims=True), places], axis=1)
    places = places + w["visual.attnpool.positional_embedding"]
    query, key, value = (_linear(w, f"visual.attnpool.{part}", places) for part in ("q_proj", "k_proj", "v_proj"))
    return _linear(w, "visual.attnpool.c_proj", _attention(query, key, value, head_width)[:, 0])


def _bottleneck(w: Tensors, name: str, x: Array, *, shrinks: bool) -> Array:
    out = x
    for number in (1, 2):
        out = np.maximum(_batch_norm(w, f"{name}.bn{number}", _conv(out, w[f"{name}.conv{number}.weight"])), 0)
    out = _halve(out) if shrinks else out
    out = _batch_norm(w, f"{name}.bn3", _conv(out, w[f"{name}.conv3.weight"]))
    if f"{name}.downsample.0.weight" in w:
        x = _conv(_halve(x) if shrinks else x, w[f"{name}.downsample.0.weight"])
        x = _batch_norm(w, f"{name}.downsample.1", x)
    return np.maximum(out + x, 0)


def _conv(x: Array, kernel: NDArray[np.float32], stride: int = 1) -> Array:
    side = kernel.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (side // 2,) * 2, (side // 2,) * 2))
    windows = sliding_window_view(padded, (side, side), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("bchwij,ocij->bohw", windows, kernel.astype(float))


def _halve(x: Array) -> Array:
    batch, channels, height, width = x.shape
    return x.reshape(batch, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def _batch_norm(w: Tensors, name: str, x: Array) -> Array:
    scale = w[f"{name}.weight"] / np.sqrt(w[f"{name}.running_var"].astype(float) + 1e-5)
    shifted = x - w[f"{name}.running_mean"][:, None, None]
    return shifted * scale[:, None, None] + w[f"{name}.bias"][:, None, None]


def _attention(
    query: Array, key: Array, value: Array, head_width: int, hidden: NDArray[np.bool_] | None = None
) -> Array:
    batch, length, width = query.shape

    def heads(x: Array) -> Array:
        return x.reshape(batch, length, width // head_width, head_width).transpose(0, 2, 1, 3)

    scores = heads(query) @ heads(key).transpose(0, 1, 3, 2) / np.sqrt(head_width)
    if hidden is not None:
        scores = np.where(hidden, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = weights / weights.sum(axis=-1, keepdims=True) @ heads(value)
    return mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)


def _layer_norm(w: Tensors, name: str, x: Array, epsilon: float) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    normal = centred / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    return normal * w[f"{name}.weight"] + w[f"{name}.bias"]


def _linear(w: Tensors, name: str, x: Array) -> Array:
    return x @ w[f"{name}.weight"].T.astype(float) + w[f"{name}.bias"]


def _gelu(x: Array) -> Array:
    from math import erf

    return x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2


def _layers(w: Tensors, prefix: str) -> int:
    return 1 + max(int(name.removeprefix(prefix).split(".")[0]) for name in w if name.startswith(prefix))


def _pair(shapes: dict[str, tuple[int, ...]], name: str, shape: tuple[int, ...]) -> None:
    shapes[f"{name}.weight"] = shape
    shapes[f"{name}.bias"] = shape[:1]


def _norm(shapes: dict[str, tuple[int, ...]], name: str, channels: int) -> None:
    for part in ("weight", "bias", "running_mean", "running_var"):
        shapes[f"{name}.{part}"] = (channels,)


def _fill(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    filled = {}
    for name, shape in shapes.items():
        value = random.standard_normal(shape) * (0.3 if len(shape) == 1 else shape[-1] ** -0.5)
        if name.endswith("running_var"):
            value = np.abs(value) + 0.5
        elif len(shape) == 1 and name.endswith("weight"):
            value = value + 1
        filled[name] = value.astype(np.float32)
    return filled
