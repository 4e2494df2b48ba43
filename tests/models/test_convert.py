"""`models convert`, from a checkpoint or an ONNX pair to vectors that are right."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from allinone.errors import ConfigurationError, InvalidRequest
from allinone.photos_ai.conversion.convert import convert_checkpoint, convert_pair
from allinone.photos_ai.conversion.onnx_pair import OnnxPair, find_pair
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.model_folder import open_model_folder
from allinone.photos_ai.models.chinese_clip import preprocess
from allinone.photos_ai.models.word_pieces import WordPieces
from allinone.photos_ai.settings import EngineSettings
from support import chinese_clip_reference as reference
from support import true_width_clip as clip
from support.allinone_process import run_allinone

LENGTH = 52


@pytest.fixture(scope="module")
def tensors() -> clip.Tensors:
    return clip.make_tensors(layers=2)


@pytest.fixture(scope="module")
def checkpoint(tensors: clip.Tensors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), tensors)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIP_MODEL", "CLIP_DOWNLOAD_ROOT", "DEVICE"):
        monkeypatch.delenv(name, raising=False)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    soft = np.linspace(0, 255, 300 * 200 * 3).reshape(300, 200, 3).astype(np.uint8)
    return [soft, random.integers(0, 256, (224, 224, 3), np.uint8)]


async def test_a_checkpoint_becomes_vectors_that_equal_the_reference(tmp_path: Path, checkpoint: Path, tensors) -> None:
    done = run_allinone("models", "convert", checkpoint, "--model", clip.NAME, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ViT-B-16 is ready (512 numbers a vector)" in done.stdout
    verified = run_allinone("models", "verify", data_dir=tmp_path)
    assert verified.stdout == "ViT-B-16: every file is as it was made\n"
    engine = Engine(EngineSettings(models=tmp_path / "models", DEVICE="cpu"))
    try:
        assert engine.clip_model == clip.NAME
        for picture in pictures():
            vector = await engine.embed_image(picture)
            expected = reference.encode_image(tensors, preprocess(picture, 224)[None].astype(float), 64)[0]
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
            assert cosine(vector, expected) >= 0.9999
        pieces = WordPieces(checkpoint.with_name("vocab.txt"))
        for text in ("在海灘上奔跑的狗", "a red car", "貓" * 80, ""):
            vector = await engine.embed_text(text)
            expected = reference.encode_text(tensors, np.array([pieces.encode(text)]))[0]
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
            assert cosine(vector, expected) >= 0.9999
    finally:
        await engine.close()


def test_an_older_folder_stays_until_the_new_one_is_whole(tmp_path: Path, checkpoint: Path, monkeypatch) -> None:
    old = convert_checkpoint(checkpoint, clip.NAME, tmp_path, precision="fp16")
    assert old.manifest.precision == "fp16"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(ConfigurationError, match="No space left"):
            convert_checkpoint(checkpoint, clip.NAME, tmp_path)
    open_model_folder(tmp_path / clip.NAME).verify()
    assert [path.name for path in tmp_path.iterdir()] == [clip.NAME]
    assert convert_checkpoint(checkpoint, clip.NAME, tmp_path).manifest.precision == "fp32"
    assert [path.name for path in tmp_path.iterdir()] == [clip.NAME]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (clip.VOCABULARY + b"extra\n", r"has 32 word pieces and the checkpoint knows 31"),
        (b'!\n"\n#\n', r"begins with \[PAD\]"),
        (None, r"vocab\.txt is missing in .*--vocab"),
    ],
)
def test_a_vocabulary_of_another_model_is_refused(tmp_path: Path, checkpoint: Path, words, says: str) -> None:
    (tmp_path / clip.FILE).symlink_to(checkpoint)
    if words is not None:
        (tmp_path / "vocab.txt").write_bytes(words)
    with pytest.raises(InvalidRequest, match=says):
        convert_checkpoint(tmp_path / clip.FILE, clip.NAME, tmp_path / "models")
    assert not (tmp_path / "models").exists()
    beside = checkpoint.with_name("vocab.txt")
    convert_checkpoint(tmp_path / clip.FILE, clip.NAME, tmp_path / "models", vocabulary=beside)


def make_pair(folder: Path, *, size: int = 224, dim: int = clip.DIM, length: int = LENGTH, kind: str = "fp32") -> dict:
    """Towers with the inputs and outputs of cn_clip's export: one picture, one padded text, opset 13."""
    folder.mkdir(parents=True, exist_ok=True)
    dtype = np.float16 if kind == "fp16" else np.float32
    random = np.random.default_rng(7)
    weights = {
        "mix": random.standard_normal((3, dim)).astype(dtype),
        "words": random.standard_normal((len(clip.WORDS), 8)).astype(dtype),
        "places": random.standard_normal((length * 8, dim)).astype(dtype),
    }
    weights["words"][0] = 0  # padding says nothing, as behind the real one's mask
    image = [
        helper.make_node("Cast", ["image"], ["cast"], to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype))),
        helper.make_node("ReduceMean", ["cast"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "mix"], ["mixed"]),
        helper.make_node("Cast", ["mixed"], ["unnorm_image_features"], to=TensorProto.FLOAT),
    ]
    text = [
        helper.make_node("Gather", ["words", "text"], ["states"]),
        helper.make_node("Flatten", ["states"], ["flat"]),
        helper.make_node("MatMul", ["flat", "places"], ["mixed"]),
        helper.make_node("Cast", ["mixed"], ["unnorm_text_features"], to=TensorProto.FLOAT),
    ]
    pixels = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])
    tokens = helper.make_tensor_value_info("text", TensorProto.INT64, [1, length])
    write_tower(folder / f"vit-b-16.img.{kind}.onnx", image, pixels, dim, {"mix": weights["mix"]})
    del weights["mix"]
    write_tower(folder / f"vit-b-16.txt.{kind}.onnx", text, tokens, dim, weights)
    (folder / "vocab.txt").write_bytes(clip.VOCABULARY)
    return weights


def write_tower(path: Path, nodes: list, given: object, dim: int, weights: dict[str, np.ndarray]) -> None:
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [1, dim])
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "torch-jit-export", [given], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    external = {"save_as_external_data": True, "location": f"{path.name}.extra_file", "size_threshold": 0}
    onnx.save_model(model, str(path), **(external if "fp16" in path.name else {}))


@pytest.mark.parametrize("named", ["folder", "two files", "one file"])
async def test_the_onnx_pair_of_mt_photos_works(tmp_path: Path, named: str) -> None:
    weights = make_pair(tmp_path / "pair")
    image, text = (tmp_path / "pair" / f"vit-b-16.{part}.fp32.onnx" for part in ("img", "txt"))
    sources = {"folder": [tmp_path / "pair"], "two files": [text, image], "one file": [image]}[named]
    done = run_allinone("models", "convert", *sources, "--model", clip.NAME, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    open_model_folder(tmp_path / "models" / clip.NAME).verify()
    engine = Engine(EngineSettings(models=tmp_path / "models", DEVICE="cpu"))
    try:
        pieces = WordPieces(tmp_path / "pair" / "vocab.txt")
        for words in ("", "貓", "在海灘上奔跑的狗", "狗" * 80):
            tokens = pieces.encode(words)
            padded = np.array(tokens + [0] * (LENGTH - len(tokens)))
            expected = weights["words"][padded].reshape(-1) @ weights["places"]
            assert cosine(await engine.embed_text(words), expected) >= 0.99999
        picture = pictures()[0]
        pixels = preprocess(picture, 224)
        mix = numpy_helper.to_array(onnx.load(str(image)).graph.initializer[0])
        assert cosine(await engine.embed_image(picture), pixels.mean(axis=(1, 2)) @ mix) >= 0.9999
    finally:
        await engine.close()


async def test_half_precision_stays_what_it_is(tmp_path: Path) -> None:
    make_pair(tmp_path, kind="fp16")
    pair = find_pair([tmp_path], None)
    assert pair is not None
    folder = convert_pair(pair, clip.NAME, tmp_path / "models")
    assert folder.manifest.precision == "fp16"
    with pytest.raises(InvalidRequest, match=r"\.img\.fp32\.onnx is missing"):
        find_pair([tmp_path], "fp32")
    make_pair(tmp_path, kind="fp32")
    assert find_pair([tmp_path], None) == OnnxPair(
        tmp_path / "vit-b-16.img.fp32.onnx", tmp_path / "vit-b-16.txt.fp32.onnx"
    )
    (tmp_path / "vit-l-14.img.fp32.onnx").touch()
    with pytest.raises(InvalidRequest, match="name the two"):
        find_pair([tmp_path], None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"size": 336}, "pictures of 336 pixels, not of 224"), ({"dim": 768}, "768 numbers, where 512 belong")],
)
def test_a_pair_of_another_model_is_refused(tmp_path: Path, changes: dict, says: str) -> None:
    make_pair(tmp_path, **changes)
    pair = find_pair([tmp_path], None)
    assert pair is not None
    with pytest.raises(InvalidRequest, match=says):
        convert_pair(pair, clip.NAME, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize("tower", ["img", "txt"])
def test_a_pair_that_answers_nonsense_is_refused(tmp_path: Path, tower: str) -> None:
    make_pair(tmp_path)
    path = tmp_path / f"vit-b-16.{tower}.fp32.onnx"
    model = onnx.load(str(path))
    spoiled = model.graph.initializer[-1]
    value = numpy_helper.to_array(spoiled) * np.float32("nan")
    spoiled.CopyFrom(numpy_helper.from_array(value, spoiled.name))
    onnx.save_model(model, str(path))
    pair = find_pair([tmp_path], None)
    assert pair is not None
    with pytest.raises(InvalidRequest, match="damaged"):
        convert_pair(pair, clip.NAME, tmp_path / "models")


def test_a_pair_with_a_strange_vocabulary_or_form_is_refused(tmp_path: Path) -> None:
    make_pair(tmp_path)
    (tmp_path / "vocab.txt").write_bytes(clip.VOCABULARY + b"extra\n")
    pair = OnnxPair(tmp_path / "vit-b-16.img.fp32.onnx", tmp_path / "vit-b-16.txt.fp32.onnx")
    with pytest.raises(InvalidRequest, match=r"has 32 word pieces and .* knows 31"):
        convert_pair(pair, clip.NAME, tmp_path / "models")
    (tmp_path / "vocab.txt").write_bytes(clip.VOCABULARY)
    swapped = OnnxPair(pair.text, pair.image)
    with pytest.raises(InvalidRequest, match="takes text where an export of cn_clip takes image"):
        convert_pair(swapped, clip.NAME, tmp_path / "models")
    pair.image.write_bytes(pair.image.read_bytes()[:1000])
    with pytest.raises(InvalidRequest, match="cut off"):
        convert_pair(pair, clip.NAME, tmp_path / "models")
    pair.text.unlink()
    with pytest.raises(InvalidRequest, match=r"\*\.txt\.\*\.onnx is missing"):
        find_pair([tmp_path], None)
    assert find_pair([tmp_path / "clip.pt"], None) is None
