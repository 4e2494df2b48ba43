"""A small builder of ONNX graphs: each method adds one operation and returns the name of its result."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
IR_VERSION = 10


class Graph:
    """A graph under construction, with weights in one precision."""

    def __init__(self, precision: type[np.floating[Any]]) -> None:
        self.precision = precision
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._names = 0

    def weight(self, value: NDArray[np.float32]) -> str:
        """A constant in the graph's precision."""
        return self.constant(value.astype(self.precision))

    def constant(self, value: NDArray[Any]) -> str:
        """A constant as it is."""
        name = self._new_name("w")
        self._weights.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Any ONNX operation with one result."""
        name = self._new_name(operation.lower())
        self._nodes.append(helper.make_node(operation, list(inputs), [name], name=name, **attributes))
        return name

    def split(self, value: str, parts: int, axis: int) -> list[str]:
        """Equal parts along an axis."""
        names = [self._new_name("part") for _ in range(parts)]
        self._nodes.append(helper.make_node("Split", [value], names, axis=axis, num_outputs=parts))
        return names

    def integers(self, *values: int) -> str:
        """A vector of integers."""
        return self.constant(np.array(values, dtype=np.int64))

    def linear(self, value: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """`value @ weight.T + bias`, with the weight as torch keeps it: (out, in)."""
        product = self.add("MatMul", value, self.weight(np.ascontiguousarray(weight.T)))
        return self.add("Add", product, self.weight(bias))

    def layer_norm(self, value: str, scale: NDArray[np.float32], bias: NDArray[np.float32], epsilon: float) -> str:
        """Layer normalisation over the last axis, computed in fp32."""
        return self.add("LayerNormalization", value, self.weight(scale), self.weight(bias), axis=-1, epsilon=epsilon)

    def attention(self, query: str, key: str, value: str, heads: int, mask: str | None = None) -> str:
        """Multi-head attention; query is scaled already. (batch, tokens, width) each, and the result."""
        split = self.integers(0, 0, heads, -1)
        swapped = self.add("Transpose", self.add("Reshape", query, split), perm=[0, 2, 1, 3])
        turned = self.add("Transpose", self.add("Reshape", key, split), perm=[0, 2, 3, 1])
        values = self.add("Transpose", self.add("Reshape", value, split), perm=[0, 2, 1, 3])
        scores = self.add("MatMul", swapped, turned)
        if mask is not None:
            scores = self.add("Add", scores, mask)
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), values)
        return self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), self.integers(0, 0, -1))

    def first_token(self, value: str) -> str:
        """(batch, tokens, width) → (batch, width)."""
        return self.add("Gather", value, self.constant(np.array(0, dtype=np.int64)), axis=1)

    def save(self, path: Path, source: onnx.ValueInfoProto, result: str, output: str, dim: int) -> None:
        """Write the graph to `path` and its weights beside it, as fp32 output (batch, dim)."""
        final = helper.make_node("Cast", [result], [output], to=TensorProto.FLOAT, name="output")
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", dim])]
        graph = helper.make_graph([*self._nodes, final], path.stem, [source], outputs, self._weights)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="immich-all-in-one",
        )
        onnx.save_model(
            model,
            str(path),
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location=f"{path.name}.data",
            size_threshold=1024,
        )

    def _new_name(self, stem: str) -> str:
        self._names += 1
        return f"{stem}_{self._names}"
