"""A Chinese-CLIP of random weights: the true inputs and outputs, and next to no size."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

from allinone.photos_ai.model_folder import write_manifest

DIM, SIZE, WORDS = 16, 32, ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "飛", "机", "機", "cat", "##s", "car", "!")


def make_clip_model(models: Path, name: str = "ViT-B-16", *, dim: int = DIM) -> Path:
    """Write a model folder; the answer is its path."""
    path = models / name
    path.mkdir(parents=True)
    random = np.random.default_rng(0)
    _write_image_tower(path / "image.onnx", random)
    _write_text_tower(path / "text.onnx", random)
    (path / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    write_manifest(path, name=name, dim=dim, input_size=SIZE, precision="fp32")
    return path


def _write_image_tower(path: Path, random: np.random.Generator) -> None:
    weights = random.standard_normal((3 * SIZE * SIZE, DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["features"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])
    _write(path, nodes, image, {"weights": weights})


def _write_text_tower(path: Path, random: np.random.Generator) -> None:
    words = random.standard_normal((len(WORDS), DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["words", "text"], ["states"]),
        helper.make_node("ReduceMean", ["states", "axes"], ["features"], keepdims=0),
    ]
    text = helper.make_tensor_value_info("text", TensorProto.INT64, ["batch", "length"])
    _write(path, nodes, text, {"words": words, "axes": np.array([1], np.int64)})


def _write(path: Path, nodes: list, given: object, constants: dict) -> None:
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", DIM])
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, [given], [features], tensors)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
