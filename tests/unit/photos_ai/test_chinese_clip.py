from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allinone.errors import ModelMissing
from allinone.photos_ai.model_folder import open_model_folder
from allinone.photos_ai.models.chinese_clip import ImageTower, TextTower, preprocess
from allinone.photos_ai.models.word_pieces import WordPieces
from models.tiny_clip import DIM, WORDS, make_clip_model

CLS, SEP = WORDS.index("[CLS]"), WORDS.index("[SEP]")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("飛機", ["飛", "機"]),
        ("CATS, car!", ["cat", "##s", "[UNK]", "car", "!"]),
        ("x" * 300, ["[UNK]"]),
        ("机" * 80, ["机"] * 50),
        ("cat\x00 \ud800 cat", ["cat", "[UNK]", "cat"]),
        ("cat\ud800", ["[UNK]"]),
        ("[SEP][CLS]", ["[UNK]"] * 6),
        ("😀", ["[UNK]"]),
    ],
)
def test_tokens(tmp_path: Path, text: str, pieces: list[str]) -> None:
    tokens = WordPieces(make_clip_model(tmp_path) / "vocab.txt").encode(text)
    assert tokens[: len(pieces) + 1] == [CLS, *(WORDS.index(piece) for piece in pieces)]
    assert tokens[-1] == SEP
    assert len(tokens) <= 52


def test_preprocessing_goes_straight_to_a_square() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 40:] = (255, 128, 0)
    prepared = preprocess(pixels, 32)
    assert prepared.shape == (3, 32, 32)
    assert prepared.dtype == np.float32
    assert prepared[0, 0, 0] == pytest.approx(-0.48145466 / 0.26862954)
    assert prepared[:, 16, 31] == pytest.approx(
        [(1 - 0.48145466) / 0.26862954, (128 / 255 - 0.4578275) / 0.26130258, -0.40821073 / 0.27577711], abs=1e-5
    )


def test_vectors_have_length_one_and_tell_pictures_apart(tmp_path: Path) -> None:
    folder = open_model_folder(make_clip_model(tmp_path))
    images, texts = ImageTower(folder), TextTower(folder)
    red, blue = (np.asarray(Image.new("RGB", (64, 48), colour)) for colour in ("red", "blue"))
    vectors = [images.embed(red), images.embed(blue), texts.embed("cat"), texts.embed("飛機 cat")]
    for vector in vectors:
        assert vector.shape == (DIM,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] < 0.99
    assert vectors[2] @ vectors[3] < 0.99
    assert np.array_equal(images.embed(red), vectors[0])


def test_a_text_is_not_padded(tmp_path: Path) -> None:
    path = make_clip_model(tmp_path)
    # this tower gives the mean of its tokens: padding would change it
    from onnx import load, numpy_helper

    words = numpy_helper.to_array(load(path / "text.onnx").graph.initializer[0])
    expected = words[[CLS, WORDS.index("cat"), SEP]].mean(axis=0)
    found = TextTower(open_model_folder(path)).embed("cat")
    assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_a_damaged_graph_names_the_command_that_mends_it(tmp_path: Path) -> None:
    path = make_clip_model(tmp_path)
    (path / "image.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelMissing, match=r"image\.onnx .*cannot be loaded.*models pull ViT-B-16"):
        ImageTower(open_model_folder(path))


def test_a_wrong_dimension_is_not_passed_on(tmp_path: Path) -> None:
    tower = TextTower(open_model_folder(make_clip_model(tmp_path, dim=512)))
    with pytest.raises(ModelMissing, match=r"gave 16 numbers where its model\.json promises 512"):
        tower.embed("cat")


def test_many_at_once_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    tower = ImageTower(open_model_folder(make_clip_model(tmp_path)))
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (height, width, 3), np.uint8) for height, width in ((32, 32), (90, 50), (7, 7))]
    together = tower.embed_many(pictures)
    assert together.shape == (3, DIM)
    for picture, vector in zip(pictures, together, strict=True):
        assert vector == pytest.approx(tower.embed(picture), abs=1e-6)
    assert tower.embed_many([]).shape == (0, DIM)


def test_a_damaged_vocabulary_names_the_command_that_mends_it(tmp_path: Path) -> None:
    path = make_clip_model(tmp_path)
    (path / "vocab.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelMissing, match=r"vocab\.txt .*cannot be loaded.*models pull ViT-B-16"):
        TextTower(open_model_folder(path))
