"""The transformer towers of Chinese-CLIP as ONNX graphs: ViT for images, BERT for text."""

import math
import re

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from allinone.photos_ai.conversion.architecture import Architecture
from allinone.photos_ai.conversion.checkpoint import Weights
from allinone.photos_ai.conversion.graph import Graph

VIT_EPSILON = 1e-5
BERT_EPSILON = 1e-12
BERT_HEAD_WIDTH = 64
MASKED = -10000.0  # fits fp16, and vanishes in a softmax


def depth(weights: Weights, pattern: str) -> int:
    """How many layers match `pattern`, whose first group is the layer's number."""
    found = (re.match(pattern, name) for name in weights)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def vision_transformer(graph: Graph, weights: Weights, model: Architecture) -> str:
    """Add the ViT; its input is `image` (batch, 3, size, size), fp32. Returns (batch, dim)."""
    assert model.patch is not None  # noqa: S101
    width = model.vision_width
    pixels = graph.add("Cast", "image", to=helper.np_dtype_to_tensor_dtype(np.dtype(graph.precision)))
    kernel = graph.weight(weights["visual.conv1.weight"])
    patches = graph.add("Conv", pixels, kernel, kernel_shape=[model.patch] * 2, strides=[model.patch] * 2)
    flat = graph.add("Reshape", patches, graph.integers(0, width, -1))
    tokens = graph.add("Transpose", flat, perm=[0, 2, 1])
    # One class token for each image of the batch: its own shape tells how many.
    batch = graph.add("Shape", tokens, start=0, end=1)
    shape = graph.add("Concat", batch, graph.integers(1, width), axis=0)
    class_token = graph.weight(weights["visual.class_embedding"].reshape(1, 1, width))
    tokens = graph.add("Concat", graph.add("Expand", class_token, shape), tokens, axis=1)
    tokens = graph.add("Add", tokens, graph.weight(weights["visual.positional_embedding"]))
    tokens = graph.layer_norm(tokens, weights["visual.ln_pre.weight"], weights["visual.ln_pre.bias"], VIT_EPSILON)
    for layer in range(depth(weights, r"visual\.transformer\.resblocks\.(\d+)\.")):
        tokens = _vision_block(graph, weights, f"visual.transformer.resblocks.{layer}", tokens, model)
    token = graph.layer_norm(
        graph.first_token(tokens),
        weights["visual.ln_post.weight"],
        weights["visual.ln_post.bias"],
        VIT_EPSILON,
    )
    return graph.add("MatMul", token, graph.weight(weights["visual.proj"]))


def _vision_block(graph: Graph, weights: Weights, name: str, tokens: str, model: Architecture) -> str:
    width, head = model.vision_width, model.vision_head_width
    normal = graph.layer_norm(tokens, weights[f"{name}.ln_1.weight"], weights[f"{name}.ln_1.bias"], VIT_EPSILON)
    joined, bias = weights[f"{name}.attn.in_proj_weight"].copy(), weights[f"{name}.attn.in_proj_bias"].copy()
    joined[:width] /= math.sqrt(head)
    bias[:width] /= math.sqrt(head)
    query, key, value = graph.split(graph.linear(normal, joined, bias), 3, axis=2)
    mixed = graph.attention(query, key, value, width // head)
    attended = graph.linear(mixed, weights[f"{name}.attn.out_proj.weight"], weights[f"{name}.attn.out_proj.bias"])
    tokens = graph.add("Add", tokens, attended)
    normal = graph.layer_norm(tokens, weights[f"{name}.ln_2.weight"], weights[f"{name}.ln_2.bias"], VIT_EPSILON)
    hidden = graph.linear(normal, weights[f"{name}.mlp.c_fc.weight"], weights[f"{name}.mlp.c_fc.bias"])
    hidden = quick_gelu(graph, hidden)
    out = graph.linear(hidden, weights[f"{name}.mlp.c_proj.weight"], weights[f"{name}.mlp.c_proj.bias"])
    return graph.add("Add", tokens, out)


def quick_gelu(graph: Graph, value: str) -> str:
    """x · sigmoid(1.702 x), the activation of CLIP's image towers."""
    scale = graph.weight(np.array(1.702, dtype=np.float32))
    return graph.add("Mul", value, graph.add("Sigmoid", graph.add("Mul", value, scale)))


def bert(graph: Graph, weights: Weights) -> str:
    """Add the text tower; its input is `text` (batch, length), int64 word pieces. Returns (batch, dim).

    Any length up to 512; positions whose id is 0 (padding) are masked, so short texts need no padding and
    padded ones give the same answer.
    """
    # Token types are all 0: their one vector goes into the positions.
    positions = weights["bert.embeddings.position_embeddings.weight"]
    positions = positions + weights["bert.embeddings.token_type_embeddings.weight"][0]
    words = graph.add("Gather", graph.weight(weights["bert.embeddings.word_embeddings.weight"]), "text", axis=0)
    length = graph.add("Shape", "text", start=1, end=2)
    here = graph.add("Slice", graph.weight(positions), graph.integers(0), length, graph.integers(0))
    tokens = _bert_norm(graph, weights, "bert.embeddings.LayerNorm", graph.add("Add", words, here))
    is_padding = graph.add("Equal", "text", graph.constant(np.array(0, dtype=np.int64)))
    bias = graph.add(
        "Where",
        is_padding,
        graph.weight(np.array(MASKED, dtype=np.float32)),
        graph.weight(np.array(0, dtype=np.float32)),
    )
    mask = graph.add("Unsqueeze", bias, graph.integers(1, 2))
    for layer in range(depth(weights, r"bert\.encoder\.layer\.(\d+)\.")):
        tokens = _bert_layer(graph, weights, f"bert.encoder.layer.{layer}", tokens, mask)
    return graph.add("MatMul", graph.first_token(tokens), graph.weight(weights["text_projection"]))


def _bert_layer(graph: Graph, weights: Weights, name: str, tokens: str, mask: str) -> str:
    joined, bias = _joined_projection(weights, f"{name}.attention.self")
    heads = joined.shape[1] // BERT_HEAD_WIDTH
    query, key, value = graph.split(graph.linear(tokens, joined, bias), 3, axis=2)
    mixed = graph.attention(query, key, value, heads, mask)
    attended = _dense(graph, weights, f"{name}.attention.output.dense", mixed)
    tokens = _bert_norm(graph, weights, f"{name}.attention.output.LayerNorm", graph.add("Add", attended, tokens))
    hidden = graph.add("Gelu", _dense(graph, weights, f"{name}.intermediate.dense", tokens))
    out = _dense(graph, weights, f"{name}.output.dense", hidden)
    return _bert_norm(graph, weights, f"{name}.output.LayerNorm", graph.add("Add", out, tokens))


def _joined_projection(weights: Weights, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Query, key and value as one multiplication, the query scaled."""
    scale = 1 / math.sqrt(BERT_HEAD_WIDTH)
    matrices = [weights[f"{name}.{part}.weight"] for part in ("query", "key", "value")]
    biases = [weights[f"{name}.{part}.bias"] for part in ("query", "key", "value")]
    matrices[0] = matrices[0] * scale
    biases[0] = biases[0] * scale
    return np.concatenate(matrices).astype(np.float32), np.concatenate(biases).astype(np.float32)


def _dense(graph: Graph, weights: Weights, name: str, value: str) -> str:
    return graph.linear(value, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _bert_norm(graph: Graph, weights: Weights, name: str, value: str) -> str:
    return graph.layer_norm(value, weights[f"{name}.weight"], weights[f"{name}.bias"], BERT_EPSILON)


def image_input(model: Architecture) -> onnx.ValueInfoProto:
    """The image tower's input."""
    return helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, model.input_size, model.input_size])


def text_input() -> onnx.ValueInfoProto:
    """The text tower's input."""
    return helper.make_tensor_value_info("text", TensorProto.INT64, ["batch", "length"])
