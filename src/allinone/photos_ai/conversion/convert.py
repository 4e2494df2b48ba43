"""Turns a Chinese-CLIP checkpoint, or a pair of ONNX files made from one, into a model folder of ours."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from allinone.errors import ConfigurationError, InvalidRequest
from allinone.photos_ai.conversion.architecture import Architecture, architecture, canonical, check
from allinone.photos_ai.conversion.checkpoint import Weights, read_checkpoint
from allinone.photos_ai.conversion.graph import Graph
from allinone.photos_ai.conversion.onnx_pair import OUTPUT, OnnxPair, adapt_image_tower, adapt_text_tower
from allinone.photos_ai.conversion.resnet import modified_resnet
from allinone.photos_ai.conversion.towers import bert, image_input, text_input, vision_transformer
from allinone.photos_ai.conversion.vocabulary import count_words, find_vocabulary
from allinone.photos_ai.model_folder import IMAGE, TEXT, VOCABULARY, ModelFolder, open_model_folder, write_manifest
from allinone.photos_ai.models.chinese_clip import ImageTower, TextTower

PRECISIONS: dict[str, type[np.floating[Any]]] = {"fp32": np.float32, "fp16": np.float16}

Step = Callable[[str], None]


def convert_checkpoint(
    checkpoint: Path,
    name: str,
    models: Path,
    *,
    vocabulary: Path | None = None,
    precision: str = "fp32",
    on_step: Step = lambda _: None,
) -> ModelFolder:
    """Write the model folder `models`/`name` from a `.pt`, or from a transformers folder. Blocks.

    The folder appears complete or not at all; an older one of that name is replaced only then.

    Args:
        checkpoint: the file or folder.
        name: which Chinese-CLIP it is, such as "ViT-B-16".
        models: where model folders lie.
        vocabulary: the word pieces; None: `vocab.txt` in the folder or beside the file.
        precision: of the weights: "fp32" or "fp16".
        on_step: told what is being done.

    Raises:
        InvalidRequest: no such model, not a checkpoint of it, or no vocabulary that fits.
        ConfigurationError: `models` cannot be written.
    """
    model = architecture(name)
    on_step("Reading the checkpoint")
    weights = canonical(read_checkpoint(checkpoint))
    check(weights, model)
    vocabulary = vocabulary or find_vocabulary(checkpoint)
    _compare(vocabulary, weights)

    def fill(folder: Path) -> str:
        _write_graphs(folder, weights, model, precision, on_step)
        return precision

    return _make(model, models, vocabulary, fill, on_step)


def convert_pair(
    pair: OnnxPair, name: str, models: Path, *, vocabulary: Path | None = None, on_step: Step = lambda _: None
) -> ModelFolder:
    """Write the model folder `models`/`name` from the ONNX files of cn_clip or MT-Photos. Blocks.

    Their precision stays as it is. Else as `convert_checkpoint`.

    Raises:
        InvalidRequest: no such model, not a pair of it, or no vocabulary that fits.
        ConfigurationError: `models` cannot be written.
    """
    model = architecture(name)
    vocabulary = vocabulary or find_vocabulary(pair.image)
    words = count_words(vocabulary)

    def fill(folder: Path) -> str:
        on_step("Reading the image tower")
        precision = adapt_image_tower(pair.image, folder / IMAGE, input_size=model.input_size, dim=model.dim)
        on_step("Reading the text tower")
        adapt_text_tower(pair.text, folder / TEXT, words=words, dim=model.dim)
        return precision

    def try_out(folder: ModelFolder) -> None:
        on_step("Trying both towers")
        _try_out(folder)

    # Graphs of others are believed only after they have answered.
    return _make(model, models, vocabulary, fill, on_step, try_out)


def _make(
    model: Architecture,
    models: Path,
    vocabulary: Path,
    fill: Callable[[Path], str],
    on_step: Step,
    try_out: Callable[[ModelFolder], None] = lambda _: None,
) -> ModelFolder:
    name = model.name
    try:
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=models) as scratch:
            folder = Path(scratch) / name
            folder.mkdir()
            precision = fill(folder)
            shutil.copyfile(vocabulary, folder / VOCABULARY)
            on_step("Writing checksums")
            write_manifest(folder, name=name, dim=model.dim, input_size=model.input_size, precision=precision)
            try_out(open_model_folder(folder))
            _replace(folder, models / name, Path(scratch) / "old")
    except OSError as error:
        message = f"The model could not be written to {models}: {error.strerror or error}."
        raise ConfigurationError(message) from error
    return open_model_folder(models / name)


def _compare(vocabulary: Path, weights: Weights) -> None:
    words, known = count_words(vocabulary), weights["bert.embeddings.word_embeddings.weight"].shape[0]
    if words != known:
        message = f"{vocabulary} has {words:,} word pieces and the checkpoint knows {known:,}: it is another model's."
        raise InvalidRequest(message)


def _write_graphs(folder: Path, weights: Weights, model: Architecture, precision: str, on_step: Step) -> None:
    on_step("Building the image tower")
    graph = Graph(PRECISIONS[precision])
    tower = modified_resnet if model.patch is None else vision_transformer
    graph.save(folder / IMAGE, image_input(model), tower(graph, weights, model), OUTPUT, model.dim)
    on_step("Building the text tower")
    graph = Graph(PRECISIONS[precision])
    graph.save(folder / TEXT, text_input(), bert(graph, weights), OUTPUT, model.dim)


def _try_out(folder: ModelFolder) -> None:
    size = folder.manifest.input_size
    try:
        vectors = ImageTower(folder).embed(np.full((size, size, 3), 128, np.uint8)), TextTower(folder).embed("貓 cat")
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        message = f"The two files do not work together as {folder.manifest.name}: {error}"
        raise InvalidRequest(message) from error
    if not all(np.isfinite(vector).all() and vector.any() for vector in vectors):
        message = f"The two files answer with no numbers as {folder.manifest.name}: they are damaged."
        raise InvalidRequest(message)


def _replace(folder: Path, target: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    folder.rename(target)
