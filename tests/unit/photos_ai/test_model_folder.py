import json
from pathlib import Path

import pytest

from allinone.errors import ModelMissing
from allinone.photos_ai.model_folder import choose_model, open_model_folder, write_manifest


def folder(models: Path, name: str = "ViT-B-16") -> Path:
    path = models / name
    path.mkdir()
    for file in ("image.onnx", "text.onnx", "vocab.txt"):
        (path / file).write_bytes(file.encode())
    write_manifest(path, name=name, dim=512, input_size=224, precision="fp32")
    return path


def change(path: Path, **values: object) -> None:
    manifest = path / "model.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | values))


def test_a_whole_folder_opens(tmp_path: Path) -> None:
    opened = open_model_folder(folder(tmp_path))
    opened.verify()
    assert (opened.manifest.name, opened.manifest.dim, opened.manifest.input_size) == ("ViT-B-16", 512, 224)
    assert opened.image.read_bytes() == b"image.onnx"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "RN50"}, "names RN50"),
        ({"name": "../RN50"}, "name: "),
        ({"dim": -1}, "dim: "),
        ({"dim": "many"}, "dim: "),
        ({"precision": "fp64"}, "precision: "),
        ({"files": {}}, "does not list image.onnx"),
        ({"files": {"../../passwd": "0" * 64}}, "files"),
        ({"files": []}, "files: "),
    ],
)
def test_each_fault_of_the_manifest_is_named(tmp_path: Path, values: dict, says: str) -> None:
    path = folder(tmp_path)
    change(path, **values)
    with pytest.raises(ModelMissing, match=says) as caught:
        open_model_folder(path)
    assert "./run models pull ViT-B-16" in str(caught.value)
    assert "./run models convert" in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "7"])
def test_a_manifest_that_is_none(tmp_path: Path, content: str) -> None:
    path = folder(tmp_path)
    (path / "model.json").write_text(content)
    with pytest.raises(ModelMissing, match=r"model\.json is wrong"):
        open_model_folder(path)


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "vocab.txt", "model.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    path = folder(tmp_path)
    (path / name).unlink()
    with pytest.raises(ModelMissing, match=name):
        open_model_folder(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="does not exist"):
        open_model_folder(tmp_path / "ViT-L-14")


def test_damage_is_found(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "text.onnx").write_bytes(b"text.onnX")
    with pytest.raises(ModelMissing, match=r"text\.onnx is damaged"):
        open_model_folder(path).verify()


def test_the_one_model_there_is_is_chosen(tmp_path: Path) -> None:
    assert choose_model(tmp_path / "nowhere", None) is None
    assert choose_model(tmp_path, None) is None
    folder(tmp_path)
    assert choose_model(tmp_path, None) == "ViT-B-16"
    assert choose_model(tmp_path, "RN50") == "RN50"
    folder(tmp_path, "RN50")
    with pytest.raises(ModelMissing, match=r"RN50, ViT-B-16.*CLIP_MODEL"):
        choose_model(tmp_path, None)


@pytest.mark.parametrize("name", ["../ViT-B-16", "a/b", "..", "/etc"])
def test_a_model_lies_in_the_models_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match="not the name of a model"):
        choose_model(tmp_path, name)
