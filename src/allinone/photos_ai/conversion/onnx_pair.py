"""The two ONNX files that cn_clip exports and MT-Photos ships, made to fit our model folders.

`vit-b-16.img.fp32.onnx` takes `image` (1, 3, size, size); `vit-b-16.txt.fp32.onnx` takes `text` (1, 52), padded
with 0. Ours take texts of any length, so the padding is put into the graph.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from allinone.errors import InvalidRequest

OUTPUT = "features"
OLDEST_OPSET = 10  # Slice with its bounds as inputs
FULL = "text_of_full_length"


@dataclass(frozen=True, slots=True)
class OnnxPair:
    """An image tower and a text tower."""

    image: Path
    text: Path


def find_pair(sources: list[Path], precision: str | None) -> OnnxPair | None:
    """The pair that `sources` (a folder, one of the files, or both) name; None where they name something else.

    Raises:
        InvalidRequest: half of a pair, or several, of which `precision` does not choose one.
    """
    if len(sources) == 1 and sources[0].is_dir():
        files = sorted(sources[0].glob("*.onnx"))
    elif sources[0].suffix == ".onnx":
        files = sources if len(sources) > 1 else [sources[0], _other_half(sources[0])]
    else:
        files = []
    if not files:
        return None
    towers = [_choose([file for file in files if part in file.name], part, precision) for part in (".img.", ".txt.")]
    return OnnxPair(*towers)


def adapt_image_tower(source: Path, target: Path, *, input_size: int, dim: int) -> str:
    """Write the image tower as ours. Returns its precision, "fp32" or "fp16".

    Raises:
        InvalidRequest: not such a file, or another model's.
    """
    model = _load(source)
    sides = _sizes(_only_input(model, "image", source))[2:]
    if sides and any(side not in (0, input_size) for side in sides):
        message = f"{source.name} takes pictures of {sides[0]} pixels, not of {input_size}: it is another model's."
        raise InvalidRequest(message)
    _save(model, source, target, dim)
    return _precision(model)


def adapt_text_tower(source: Path, target: Path, *, words: int, dim: int) -> None:
    """Write the text tower as ours: it pads.

    Args:
        source: as exported.
        target: where to write it.
        words: how many the vocabulary has.
        dim: numbers in a vector.

    Raises:
        InvalidRequest: not such a file, or the vocabulary or the file is another model's.
    """
    model = _load(source)
    given = _only_input(model, "text", source)
    known = _known_words(model.graph)
    if known not in (None, words):
        message = f"The vocabulary has {words:,} word pieces and {source.name} knows {known:,}: it is another model's."
        raise InvalidRequest(message)
    length = [*_sizes(given), 0, 0][1]
    if length:
        _pad_inside(model, given, length)
    _save(model, source, target, dim)


def _other_half(file: Path) -> Path:
    swap = (".img.", ".txt.") if ".img." in file.name else (".txt.", ".img.")
    return file.with_name(file.name.replace(*swap))


def _choose(files: list[Path], part: str, precision: str | None) -> Path:
    wanted = [file for file in files if f".{precision or 'fp32'}." in file.name]
    found = wanted if wanted or precision else files
    if len(found) == 1 and found[0].is_file():
        return found[0]
    name = f"*{part}{precision or '*'}.onnx"
    state = f"several files are called {name}: name the two to take" if len(found) > 1 else f"{name} is missing"
    message = f"An ONNX pair is *.img.*.onnx and *.txt.*.onnx, but {state}."
    raise InvalidRequest(message)


def _load(path: Path) -> Any:
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf's and onnx's errors have no common base but this
        message = f"{path} is not an ONNX file, is cut off, or the file with its weights is missing: {error}"
        raise InvalidRequest(message) from error
    opset = max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=0)
    if opset < OLDEST_OPSET or not model.graph.output:
        message = f"{path} is not an ONNX model of opset {OLDEST_OPSET} or later."
        raise InvalidRequest(message)
    return model


def _only_input(model: Any, name: str, path: Path) -> Any:
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if [each.name for each in inputs] != [name]:
        found = ", ".join(each.name for each in inputs) or "nothing"
        message = f"{path.name} takes {found} where an export of cn_clip takes {name}. Convert its checkpoint instead."
        raise InvalidRequest(message)
    return inputs[0]


def _sizes(value: Any) -> list[int]:
    """The shape; 0 for what is not fixed."""
    return [each.dim_value for each in value.type.tensor_type.shape.dim]


def _known_words(graph: Any) -> int | None:
    """Rows of the table that the word pieces are looked up in; None where it is not looked up directly."""
    tables = {node.input[0] for node in graph.node if node.op_type == "Gather" and "text" in node.input[1:]}
    rows = [each.dims[0] for each in graph.initializer if each.name in tables and len(each.dims) > 1]
    return rows[0] if rows else None


def _pad_inside(model: Any, given: Any, length: int) -> None:
    """Let `text` be of any length: zeros behind it, cut at what the graph wants."""
    graph, kind = model.graph, given.type.tensor_type.elem_type
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == given.name:
                node.input[place] = FULL
    zeros = np.zeros((1, length), helper.tensor_dtype_to_np_dtype(kind))
    constants = {
        "text_zeros": zeros,
        "text_start": np.array([0]),
        "text_end": np.array([length]),
        "text_axis": np.array([1]),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    before = [
        helper.make_node("Concat", [given.name, "text_zeros"], ["text_and_zeros"], axis=1),
        helper.make_node("Slice", ["text_and_zeros", "text_start", "text_end", "text_axis"], [FULL]),
    ]
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*before, *nodes])
    given.CopyFrom(helper.make_tensor_value_info(given.name, kind, [1, "length"]))


def _save(model: Any, source: Path, target: Path, dim: int) -> None:
    graph = model.graph
    result = graph.output[0]
    found = (_sizes(result) or [0])[-1]
    if found not in (0, dim):
        message = f"{source.name} gives {found} numbers, where {dim} belong: it is another model's."
        raise InvalidRequest(message)
    graph.node.append(helper.make_node("Identity", [result.name], [OUTPUT]))
    kind = result.type.tensor_type.elem_type or TensorProto.FLOAT
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, kind, ["batch", dim]))
    onnx.save_model(
        model,
        str(target),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=f"{target.name}.data",
        size_threshold=1024,
    )


def _precision(model: Any) -> str:
    half = any(each.data_type == TensorProto.FLOAT16 for each in model.graph.initializer)
    return "fp16" if half else "fp32"
