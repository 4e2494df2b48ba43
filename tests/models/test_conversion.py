"""Chinese-CLIP checkpoints become ONNX graphs that answer as the reference does."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import save_file

from allinone.errors import InvalidRequest
from allinone.photos_ai.conversion.architecture import Architecture, architecture, canonical, check
from allinone.photos_ai.conversion.checkpoint import Weights, read_checkpoint
from allinone.photos_ai.conversion.graph import Graph
from allinone.photos_ai.conversion.resnet import modified_resnet
from allinone.photos_ai.conversion.towers import bert, image_input, text_input, vision_transformer
from support import chinese_clip_reference as reference
from support import torch_archive

SMALL = Architecture("small", 24, 64, 96, 16, 128, 2, 2, vision_head_width=32)
SMALL_RESNET = Architecture("small RN", 24, 64, 8, None, 128, 16, 2)
SIZES = {"width": 96, "patch": 16, "size": 64, "dim": 24, "text_width": 128, "vocabulary": 300}


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first * second).sum(-1) / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)


def as_weights(tensors: dict[str, np.ndarray]) -> Weights:
    return Weights({name: lambda value=value: value for name, value in tensors.items()})


def run(path: Path, **inputs: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(path).run(None, inputs)[0]


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    return reference.random_weights(**SIZES)


@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_vision_transformer_answers_as_the_reference(tmp_path: Path, tensors, precision) -> None:
    graph = Graph(precision)
    result = vision_transformer(graph, as_weights(tensors), SMALL)
    graph.save(tmp_path / "image.onnx", image_input(SMALL), result, "features", SMALL.dim)
    pixels = np.random.default_rng(1).standard_normal((3, 3, 64, 64)).astype(np.float32)
    answer = run(tmp_path / "image.onnx", image=pixels)
    expected = reference.encode_image(tensors, pixels, 32)
    assert answer.shape == (3, 24)
    assert cosine(answer, expected).min() > (0.999999 if precision is np.float32 else 0.999)


@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_text_tower_answers_as_the_reference_padded_or_not(tmp_path: Path, tensors, precision) -> None:
    graph = Graph(precision)
    graph.save(tmp_path / "text.onnx", text_input(), bert(graph, as_weights(tensors)), "features", SMALL.dim)
    ids = np.random.default_rng(2).integers(1, 300, (2, 9))
    padded = np.pad(ids, ((0, 0), (0, 43)))
    least = 0.999999 if precision is np.float32 else 0.999
    expected = reference.encode_text(tensors, ids)
    assert cosine(run(tmp_path / "text.onnx", text=ids), expected).min() > least
    assert cosine(run(tmp_path / "text.onnx", text=padded), expected).min() > least
    assert cosine(run(tmp_path / "text.onnx", text=ids[:1]), expected[:1]).min() > least


def test_resnet_answers_as_the_reference(tmp_path: Path) -> None:
    tensors = reference.random_resnet_weights(width=8, size=64, dim=24)
    graph = Graph(np.float32)
    model = Architecture("small RN", 24, 64, 8, None, 128, 16, 2, vision_head_width=32)
    result = modified_resnet(graph, as_weights(tensors), model)
    graph.save(tmp_path / "image.onnx", image_input(model), result, "features", model.dim)
    pixels = np.random.default_rng(3).standard_normal((2, 3, 64, 64)).astype(np.float32)
    answer = run(tmp_path / "image.onnx", image=pixels)
    assert cosine(answer, reference.encode_image_by_resnet(tensors, pixels, 32)).min() > 0.999999


def test_torch_archive_is_read_with_its_strides_and_prefixes(tmp_path: Path) -> None:
    straight = np.arange(12, dtype=np.float32).reshape(3, 4)
    turned = straight.T
    path = tmp_path / "clip.pt"
    torch_archive.save(path, {"epoch": 3, "state_dict": {"module.a": straight, "module.b": turned}})
    weights = canonical(read_checkpoint(path))
    assert set(weights) == {"a", "b"}
    assert np.array_equal(weights["a"], straight)
    assert np.array_equal(weights["b"], turned)


def test_transformers_names_give_the_same_model(tmp_path: Path, tensors) -> None:
    folder = tmp_path / "transformers"
    folder.mkdir()
    save_file(in_transformers_form(tensors), folder / "model.safetensors")
    weights = canonical(read_checkpoint(folder))
    for name, value in tensors.items():
        assert np.array_equal(weights[name], value), name


def in_transformers_form(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    renamed: dict[str, np.ndarray] = {}
    swaps = {
        "bert.": "text_model.",
        "visual.class_embedding": "vision_model.embeddings.class_embedding",
        "visual.conv1": "vision_model.embeddings.patch_embedding",
        "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
        "visual.transformer.resblocks": "vision_model.encoder.layers",
        ".attn.out_proj": ".self_attn.out_proj",
        ".ln_1": ".layer_norm1",
        ".ln_2": ".layer_norm2",
        ".c_fc": ".fc1",
        ".c_proj": ".fc2",
    }
    for name, value in tensors.items():
        if name in ("visual.proj", "text_projection"):
            new = {"visual.proj": "visual_projection.weight"}.get(name, "text_projection.weight")
            renamed[new] = np.ascontiguousarray(value.T)
            continue
        for old, new in swaps.items():
            name = name.replace(old, new)  # noqa: PLW2901
        if "in_proj" in name:
            kind = name.rsplit("_", 1)[1]
            for part, third in zip("qkv", np.split(value, 3), strict=True):
                renamed[name.replace(f"attn.in_proj_{kind}", f"self_attn.{part}_proj.{kind}")] = third
        else:
            renamed[name] = value
    return renamed


def test_checkpoint_that_runs_code_is_refused_before_it_does(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harmed"),)

    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": {"a": Harm()}}))
    with pytest.raises(InvalidRequest, match=r"mkdir"):
        read_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut off"])
def test_file_that_is_no_checkpoint_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    for name in ("model.pt", "model.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidRequest, match=r"cut off"):
            read_checkpoint(tmp_path / name)


def test_missing_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no checkpoint at"):
        read_checkpoint(tmp_path / "none.pt")
    with pytest.raises(InvalidRequest, match=r"model\.safetensors"):
        read_checkpoint(tmp_path)


def test_checkpoint_of_another_model_is_named(tensors) -> None:
    with pytest.raises(InvalidRequest, match="not a checkpoint of ViT-B-16"):
        check(as_weights(tensors), architecture("ViT-B-16"))
    with pytest.raises(InvalidRequest, match="Choose one of: ViT-B-16"):
        architecture("ViT-G-14")
