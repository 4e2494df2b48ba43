"""The ResNet image tower of Chinese-CLIP RN50 as an ONNX graph.

Three stem convolutions, average pools in place of strides, attention in place of the last pool. Batch
normalisation is folded into the convolutions.
"""

import math

import numpy as np
from onnx import helper

from allinone.photos_ai.conversion.architecture import Architecture
from allinone.photos_ai.conversion.checkpoint import Weights
from allinone.photos_ai.conversion.graph import Graph
from allinone.photos_ai.conversion.towers import depth

BATCH_NORM_EPSILON = 1e-5
STAGES = 4


def modified_resnet(graph: Graph, weights: Weights, model: Architecture) -> str:
    """Add the ResNet; its input is `image` (batch, 3, size, size), fp32. Returns (batch, dim)."""
    value = graph.add("Cast", "image", to=helper.np_dtype_to_tensor_dtype(np.dtype(graph.precision)))
    for number, stride in ((1, 2), (2, 1), (3, 1)):
        value = _convolution(graph, weights, f"visual.conv{number}", f"visual.bn{number}", value, stride=stride)
        value = graph.add("Relu", value)
    value = _pool(graph, value)
    for stage in range(1, STAGES + 1):
        for block in range(depth(weights, rf"visual\.layer{stage}\.(\d+)\.")):
            shrinks = stage > 1 and block == 0
            value = _bottleneck(graph, weights, f"visual.layer{stage}.{block}", value, shrinks=shrinks)
    return _attention_pool(graph, weights, value, model)


def _convolution(graph: Graph, weights: Weights, name: str, norm: str, value: str, stride: int = 1) -> str:
    kernel = weights[f"{name}.weight"]
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    side = kernel.shape[2]
    return graph.add(
        "Conv",
        value,
        graph.weight(kernel * scale[:, None, None, None]),
        graph.weight(bias),
        kernel_shape=[side, side],
        strides=[stride, stride],
        pads=[side // 2] * 4,
    )


def _bottleneck(graph: Graph, weights: Weights, name: str, value: str, *, shrinks: bool) -> str:
    out = value
    for number in (1, 2):
        out = _convolution(graph, weights, f"{name}.conv{number}", f"{name}.bn{number}", out)
        out = graph.add("Relu", out)
    if shrinks:
        out = _pool(graph, out)
    out = _convolution(graph, weights, f"{name}.conv3", f"{name}.bn3", out)
    if f"{name}.downsample.0.weight" in weights:
        shortcut = _pool(graph, value) if shrinks else value
        value = _convolution(graph, weights, f"{name}.downsample.0", f"{name}.downsample.1", shortcut)
    return graph.add("Relu", graph.add("Add", out, value))


def _pool(graph: Graph, value: str) -> str:
    return graph.add("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])


def _attention_pool(graph: Graph, weights: Weights, value: str, model: Architecture) -> str:
    """Attention of the mean over all places to each of them."""
    width, head = model.vision_width * 32, model.vision_head_width
    flat = graph.add("Reshape", value, graph.integers(0, width, -1))
    places = graph.add("Transpose", flat, perm=[0, 2, 1])
    mean = graph.add("ReduceMean", places, graph.integers(1), keepdims=1)
    positions = weights["visual.attnpool.positional_embedding"]
    places = graph.add("Concat", mean, places, axis=1)
    places = graph.add("Add", places, graph.weight(positions))
    first = graph.add("Slice", places, graph.integers(0), graph.integers(1), graph.integers(1))
    scale = 1 / math.sqrt(head)
    name = "visual.attnpool"
    query = graph.linear(first, weights[f"{name}.q_proj.weight"] * scale, weights[f"{name}.q_proj.bias"] * scale)
    key = graph.linear(places, weights[f"{name}.k_proj.weight"], weights[f"{name}.k_proj.bias"])
    values = graph.linear(places, weights[f"{name}.v_proj.weight"], weights[f"{name}.v_proj.bias"])
    mixed = graph.first_token(graph.attention(query, key, values, width // head))
    return graph.linear(mixed, weights[f"{name}.c_proj.weight"], weights[f"{name}.c_proj.bias"])
