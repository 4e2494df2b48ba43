"""InsightFace packs of the true shapes and small hand-made networks, and photos that they find "faces" in.

The detector is sure where a red disc is, so that boxes, landmarks, scores and doubles come out of the picture's own
pixels; what it says about each is a fixed mixture of the colours there, and so is the recogniser's vector.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw

from allinone.photos_ai.face_pack import PACKS

STRIDES, ANCHORS = (8, 16, 32), 2
# both eyes, the nose, both corners of the mouth, in strides from a face's middle
FEATURES = np.array([[-0.9, -0.6], [0.9, -0.7], [0.1, 0.1], [-0.7, 0.9], [0.8, 0.8]])


OTHERS = ("1k3d68.onnx", "2d106det.onnx", "genderage.onnx")


def make_face_pack(models: Path, name: str = "buffalo_l", *, batched: bool = False, others: bool = False) -> Path:
    """A pack in `models`/`name`, with its networks called as in InsightFace's.

    `batched`: the detector's outputs have a batch axis, as newer exports have. `others`: there are files besides the
    two networks; they hold nothing.
    """
    folder = models / name
    folder.mkdir(parents=True)
    pack = PACKS[name]
    onnx.save(_detector(batched=batched), folder / pack.detection)
    onnx.save(_recognizer(), folder / pack.recognition)
    for other in OTHERS if others else ():
        (folder / other).write_bytes(b"not needed, and never opened")
    return folder


def draw_faces(width: int, height: int, count: int, seed: int = 0) -> np.ndarray:
    """RGB pixels with `count` red discs of different sizes on a coloured ground."""
    random = np.random.default_rng(seed)
    ground = random.integers(0, 150, (max(2, height // 40), max(2, width // 40), 3), dtype=np.uint8)
    image = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
    for _ in range(count):
        radius = random.uniform(0.04, 0.16) * min(width, height)
        x, y = random.uniform(0, width), random.uniform(0, height)
        red = (int(random.integers(225, 256)), int(random.integers(0, 40)), int(random.integers(0, 40)))
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=red)
        for dx, dy in random.uniform(-0.6, 0.6, (4, 2)) * radius:
            dot = tuple(int(value) for value in random.integers(0, 256, 3))
            ImageDraw.Draw(image).ellipse((x + dx - 3, y + dy - 3, x + dx + 3, y + dy + 3), fill=dot)
    return np.asarray(image)


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def conv(self, source: str, weights: np.ndarray, bias: np.ndarray, **attributes: object) -> str:
        sizes = (weights.astype(np.float32), bias.astype(np.float32))
        return self.add("Conv", source, *map(self.constant, sizes), **attributes)

    def save(self, source: onnx.ValueInfoProto, outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "face", [source], outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def _detector(*, batched: bool) -> onnx.ModelProto:
    graph = _Graph()
    outputs: dict[str, list[onnx.ValueInfoProto]] = {"score": [], "bbox": [], "kps": []}
    for stride in STRIDES:
        random = np.random.default_rng(stride)
        patch = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        red = np.full((1, 3, stride, stride), -0.5 / stride**2)
        red[:, 0] = 1 / stride**2
        redness = graph.conv("input.1", red, np.zeros(1), **patch)
        # red within, not around: discs three strides wide
        disc = np.full((1, 1, 5, 5), -0.9 / 16)
        disc[..., 1:4, 1:4] = 1 / 9
        redness = graph.conv(redness, disc, np.zeros(1), kernel_shape=[5, 5], pads=[2, 2, 2, 2])
        colours = graph.conv("input.1", random.normal(0, 2 / stride, (6, 3, stride, stride)), np.zeros(6), **patch)
        colours = graph.add("Tanh", colours)
        scores = graph.add(
            "Sigmoid", graph.conv(redness, np.array([6.0, 5.0]).reshape(2, 1, 1, 1), np.array([-5.0, -4.0]))
        )
        sides = _head(graph, colours, np.full(4, 2.0), random.normal(0, 0.15, (8, 6)))
        points = _head(graph, colours, FEATURES.reshape(-1), random.normal(0, 0.1, (20, 6)))
        for kind, source, size in (("score", scores, 1), ("bbox", sides, 4), ("kps", points, 10)):
            shape = [1, -1, size] if batched else [-1, size]
            rows = graph.add("Transpose", source, perm=[0, 2, 3, 1])
            name = graph.add("Reshape", rows, graph.constant(np.array(shape)), output=f"{kind}_{stride}")
            told = [1, "?", size] if batched else ["?", size]
            outputs[kind].append(helper.make_tensor_value_info(name, TensorProto.FLOAT, told))
    source = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "?", "?"])
    return graph.save(source, [*outputs["score"], *outputs["bbox"], *outputs["kps"]])


def _head(graph: _Graph, colours: str, base: np.ndarray, weights: np.ndarray) -> str:
    return graph.conv(colours, weights[:, :, None, None], np.concatenate([base, base * 1.1]))


def _recognizer() -> onnx.ModelProto:
    random = np.random.default_rng(112)
    graph = _Graph()
    weights = random.normal(0, 0.05, (16, 3, 8, 8))
    features = graph.add("Tanh", graph.conv("input.1", weights, np.zeros(16), kernel_shape=[8, 8], strides=[8, 8]))
    flat = graph.add("Flatten", features)
    mixture = graph.constant(random.normal(0, 0.02, (16 * 14 * 14, 512)).astype(np.float32))
    graph.add("MatMul", flat, mixture, output="683")
    source = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["None", 3, 112, 112])
    return graph.save(source, [helper.make_tensor_value_info("683", TensorProto.FLOAT, ["None", 512])])
