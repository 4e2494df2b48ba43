"""Faces, beside insightface itself on the same networks and pictures."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

from allinone.errors import ModelMissing
from allinone.images.decode import decode_image
from allinone.photos_ai.face_pack import PACKS
from allinone.photos_ai.models.face_detection import MOST_FACES
from allinone.photos_ai.models.face_recognition import aligned
from allinone.photos_ai.models.faces import Face, FaceReader
from support.face_packs import draw_faces, make_face_pack
from support.reference import Reference

SIZES = [
    (640, 640),
    (1080, 1440),
    (1440, 1080),
    (1920, 1441),
    (333, 517),
    (640, 200),
    (90, 1600),
    (40, 30),
    (3000, 2000),
]


def photos(samples: Path) -> dict[str, np.ndarray]:
    drawn = {f"{width}x{height}": draw_faces(width, height, 6, seed=width) for width, height in SIZES}
    for turns in (1, 2, 3):
        drawn[f"turned {turns}"] = np.ascontiguousarray(np.rot90(drawn["1080x1440"], turns))
    return drawn | {path.stem: decode_image(path).pixels for path in sorted(samples.glob("*.jpg"))[:6]}


@pytest.mark.parametrize(
    ("name", "batched", "sizes", "minimum_score"),
    [
        ("buffalo_l", False, [(640, 640)], 0.5),
        ("antelopev2", True, [(640, 640)], 0.25),
        ("buffalo_s", False, [(128, 128), (640, 640)], 0.65),
    ],
)
def test_everything_is_as_insightface_finds_it(
    name: str,
    batched: bool,
    sizes: list[tuple[int, int]],
    minimum_score: float,
    tmp_path: Path,
    samples: Path,
    reference: Reference,
) -> None:
    pack = make_face_pack(tmp_path, name, batched=batched)
    pictures = photos(samples)
    answer = reference.ask("face_analysis", pictures, pack=pack, sizes=sizes, minimum_score=minimum_score)
    assert answer.values["models"] == ["detection", "recognition"]
    reader = FaceReader.load(pack, sizes=sizes)
    found = 0
    for picture, pixels in pictures.items():
        faces = reader.read(pixels, minimum_score=minimum_score)
        expected = {part: answer.arrays[f"{picture} {part}"] for part in ("boxes", "scores", "landmarks", "embeddings")}
        assert len(faces) == len(expected["boxes"]), picture
        found += len(faces)
        for at, face in enumerate(faces):
            assert face.box == pytest.approx(tuple(expected["boxes"][at]), abs=0.01)
            assert face.score == pytest.approx(float(expected["scores"][at]), abs=1e-5)
            assert face.landmarks == pytest.approx(expected["landmarks"][at], abs=0.01)
            apart = float(np.linalg.norm(face.embedding - expected["embeddings"][at]))
            assert apart < 1e-3  # a cosine beyond 0.999999
    assert found > 40


def test_other_faces_have_other_vectors(tmp_path: Path) -> None:
    reader = FaceReader.load(make_face_pack(tmp_path))
    faces = reader.read(draw_faces(1080, 1440, 6, seed=1080), minimum_score=0.5)
    vectors = np.stack([face.embedding for face in faces])
    assert vectors.shape[1:] == (512,)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(faces)), abs=1e-5)
    assert np.median(vectors @ vectors.T) < 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (32, 32)])
def test_pictures_without_faces(size: tuple[int, int], tmp_path: Path) -> None:
    reader = FaceReader.load(make_face_pack(tmp_path))
    assert reader.read(np.full((*size, 3), 200, np.uint8), minimum_score=0.5) == []


def test_no_score_is_too_low_to_come_to_an_end(tmp_path: Path) -> None:
    reader = FaceReader.load(make_face_pack(tmp_path))
    assert len(reader.read(draw_faces(800, 600, 4), minimum_score=0)) == MOST_FACES


def test_threads_share_it(tmp_path: Path) -> None:
    reader = FaceReader.load(make_face_pack(tmp_path))
    pictures = [draw_faces(700 + 40 * number, 900 - 50 * number, 5, seed=number) for number in range(6)]

    def told(pixels: np.ndarray) -> list[tuple[object, ...]]:
        return [_told(face) for face in reader.read(pixels, minimum_score=0.4)]

    alone = [told(pixels) for pixels in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(told, pictures * 3)) == alone * 3


def _told(face: Face) -> tuple[object, ...]:
    return face.box, face.score, face.embedding.tobytes(), face.landmarks.tobytes()


def test_landmarks_on_one_point_are_no_face() -> None:
    assert aligned(np.zeros((50, 50, 3), np.uint8), np.full((5, 2), 20, np.float32)) is None


def test_what_else_a_pack_holds_is_not_opened(tmp_path: Path) -> None:
    pack = make_face_pack(tmp_path, "buffalo_m", others=True)
    assert FaceReader.load(pack).read(draw_faces(640, 640, 4), minimum_score=0.5)


def test_networks_in_folders_of_their_own_are_found(tmp_path: Path) -> None:
    pack = make_face_pack(tmp_path)
    for number, kind in enumerate(("detection", "recognition")):
        (pack / kind).mkdir()
        name = (PACKS["buffalo_l"].detection, PACKS["buffalo_l"].recognition)[number]
        (pack / name).rename(pack / kind / "model.onnx")
    assert FaceReader.load(pack).read(draw_faces(640, 640, 4), minimum_score=0.5)


def test_a_recogniser_for_one_face_at_a_time_is_asked_so(tmp_path: Path) -> None:
    pack = make_face_pack(tmp_path)
    pixels = draw_faces(900, 900, 6)
    together = FaceReader.load(pack).read(pixels, minimum_score=0.5)
    model = onnx.load(pack / PACKS["buffalo_l"].recognition)
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, pack / PACKS["buffalo_l"].recognition)
    singly = FaceReader.load(pack).read(pixels, minimum_score=0.5)
    assert len(singly) == len(together) > 1
    for one, other in zip(singly, together, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-5)


@pytest.mark.parametrize("gone", ["det_10g.onnx", "w600k_r50.onnx"])
def test_a_pack_that_lacks_a_network_names_the_command(gone: str, tmp_path: Path) -> None:
    pack = make_face_pack(tmp_path)
    (pack / gone).unlink()
    with pytest.raises(ModelMissing, match=r"\./run models pull buffalo_l"):
        FaceReader.load(pack)


def test_a_damaged_network_is_named(tmp_path: Path) -> None:
    pack = make_face_pack(tmp_path)
    whole = (pack / "det_10g.onnx").read_bytes()
    (pack / "det_10g.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelMissing, match=r"det_10g\.onnx cannot be loaded"):
        FaceReader.load(pack)


def test_no_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="models pull antelopev2"):
        FaceReader.load(tmp_path / "antelopev2")
