"""`models pull buffalo_l` and its like, from a hub on this machine, a zip, and folders others made."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from allinone.errors import InvalidRequest, ModelMissing
from allinone.photos_ai.download.connection import Patience
from allinone.photos_ai.download.pull_faces import FacePull, pull_faces
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.face_pack import PACKS, verify
from allinone.photos_ai.model_folder import choose_model
from allinone.photos_ai.models.faces import FaceReader
from support.allinone_process import run_allinone
from support.face_packs import draw_faces, make_face_pack
from support.model_hub import ModelHub, model_hub

QUICK = Patience(connect=2, read=2, tries=2, first_wait=0.01)


class View:
    def step(self, text: str) -> None: ...

    def transfer(self, name: str, done: int, total: int | None) -> None: ...


def zipped(folder: Path, *, below: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{below}{path.name}")
    return stream.getvalue()


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for name in PACKS:
        make_face_pack(folder, name, others=True)
    return folder


@pytest.fixture
def hub(packs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with model_hub() as running:
        for name in PACKS:
            below = "antelopev2/" if name == "antelopev2" else ""
            running.files[f"{name}.zip"] = zipped(packs / name, below=below)
        monkeypatch.setenv("ALLINONE_INSIGHTFACE_URL", f"{running.hub}/")
        monkeypatch.delenv("CLIP_DOWNLOAD_ROOT", raising=False)
        yield running


def pull(models: Path, origin: object, name: str = "buffalo_l", **options: bool) -> bool:
    return pull_faces(FacePull(name, models, str(origin), **options), View(), QUICK)


def assert_usable(models: Path, name: str = "buffalo_l") -> None:
    pack = PACKS[name]
    assert {path.name for path in (models / name).iterdir()} == {pack.detection, pack.recognition, "faces.json"}
    verify(models / name)
    assert FaceReader.load(models / name).read(draw_faces(640, 640, 4), minimum_score=0.5)


@pytest.mark.parametrize("name", list(PACKS))
def test_a_pack_comes_with_its_two_networks_and_nothing_else(name: str, hub: ModelHub, tmp_path: Path) -> None:
    done = run_allinone("models", "pull", name, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "non-commercial" in done.stdout
    assert_usable(tmp_path / "models", name)
    assert not (tmp_path / "models" / ".downloads" / f"{name}.zip").exists()
    assert choose_model(tmp_path / "models", None) is None  # it is not taken for a CLIP model
    assert "is here already" in run_allinone("models", "pull", name, data_dir=tmp_path).stdout
    assert len(hub.sent("hub")) == 1
    listed = run_allinone("models", "list", data_dir=tmp_path).stdout
    line = next(line for line in listed.splitlines() if line.startswith(name))
    assert "ready" in line
    assert "non-commercial" in listed
    assert f"{name}: every file is as it was made" in run_allinone("models", "verify", data_dir=tmp_path).stdout


def test_verify_finds_damage_and_pull_mends_it(hub: ModelHub, tmp_path: Path) -> None:
    models = tmp_path / "models"
    pull(models, hub.hub)
    damaged = models / "buffalo_l" / "det_10g.onnx"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    done = run_allinone("models", "verify", data_dir=tmp_path)
    assert done.returncode == 1
    assert "det_10g.onnx is damaged" in done.stdout
    assert pull(models, hub.hub)
    assert_usable(models)
    assert not pull(models, hub.hub)
    assert pull(models, hub.hub, again=True)


def test_an_interrupted_download_goes_on(hub: ModelHub, tmp_path: Path) -> None:
    whole = hub.files["buffalo_s.zip"]
    part = tmp_path / ".downloads" / "buffalo_s.zip.part"
    part.parent.mkdir()
    part.write_bytes(whole[: len(whole) // 2])
    note = {
        "url": f"{hub.hub}/buffalo_s.zip",
        "checksum": None,
        "size": len(whole),
        "etag": f'"{hashlib.md5(whole).hexdigest()}"',
    }
    part.with_name(f"{part.name}.json").write_text(json.dumps(note))
    pull(tmp_path, hub.hub, "buffalo_s")
    assert hub.sent("hub")[-1].headers["range"] == f"bytes={len(whole) // 2}-"
    assert_usable(tmp_path, "buffalo_s")


def test_from_a_zip_a_folder_and_the_folder_of_immich(packs: Path, tmp_path: Path) -> None:
    (tmp_path / "buffalo_l.zip").write_bytes(zipped(packs / "buffalo_l"))
    immich = tmp_path / "facial-recognition" / "buffalo_l"
    for kind, name in (("detection", PACKS["buffalo_l"].detection), ("recognition", PACKS["buffalo_l"].recognition)):
        (immich / kind).mkdir(parents=True)
        (immich / kind / "model.onnx").write_bytes((packs / "buffalo_l" / name).read_bytes())
    for number, origin in enumerate((tmp_path / "buffalo_l.zip", packs / "buffalo_l", immich)):
        pull(tmp_path / str(number), origin)
        assert_usable(tmp_path / str(number))


def test_what_insightface_unpacked_itself_is_left_as_it_is(packs: Path, tmp_path: Path) -> None:
    make_face_pack(tmp_path, "buffalo_m", others=True)
    before = sorted((tmp_path / "buffalo_m").iterdir())
    assert not pull(tmp_path, "http://127.0.0.1:9", "buffalo_m")
    assert sorted((tmp_path / "buffalo_m").iterdir()) == before


def bad_zip(packs: Path, kind: str) -> bytes:
    pack, stream = packs / "buffalo_l", io.BytesIO()
    if kind == "no zip":
        return b"<html>not here</html>"
    if kind == "cut":
        return zipped(pack)[:-400]
    if kind == "another pack":
        return zipped(packs / "buffalo_s")
    if kind == "damaged":
        content = bytearray(zipped(pack))
        content[len(content) // 2] ^= 0xFF
        return bytes(content)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "nonsense":
            for name in (PACKS["buffalo_l"].detection, PACKS["buffalo_l"].recognition):
                archive.writestr(name, b"no network")
        if kind == "twice":
            for below in ("a/", "b/"):
                archive.write(pack / "det_10g.onnx", f"{below}det_10g.onnx")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("no zip", "no zip that can be read"),
        ("cut", "no zip that can be read"),
        ("damaged", "no zip that can be read|is not buffalo_l"),
        ("another pack", r"has no det_10g\.onnx"),
        ("nonsense", r"is not buffalo_l.*"),
        ("twice", r"more than one det_10g\.onnx"),
    ],
)
def test_what_is_no_pack_is_refused_and_forgotten(
    kind: str, says: str, hub: ModelHub, packs: Path, tmp_path: Path
) -> None:
    hub.files["buffalo_l.zip"] = bad_zip(packs, kind)
    with pytest.raises(InvalidRequest, match=says):
        pull(tmp_path, hub.hub)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"buffalo_l.lock"}
    hub.files["buffalo_l.zip"] = zipped(packs / "buffalo_l")
    pull(tmp_path, hub.hub)
    assert_usable(tmp_path)


def test_a_zip_cannot_write_beside_its_folder(packs: Path, tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("det_10g.onnx", "w600k_r50.onnx"):
            opened.write(packs / "buffalo_l" / name, f"../../../{name}")
        opened.writestr("../outside.txt", b"x")
        opened.writestr("/absolute.txt", b"x")
    pull(tmp_path / "a" / "models", archive)
    assert_usable(tmp_path / "a" / "models")
    assert not any(path.name in {"outside.txt", "absolute.txt"} for path in tmp_path.rglob("*"))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "evil.zip"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    zeros = bytes(64 * 1024 * 1024)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened, opened.open("det_10g.onnx", "w") as stream:
        for _ in range(17):
            stream.write(zeros)
    assert archive.stat().st_size < 2 * 1024 * 1024
    with pytest.raises(InvalidRequest, match="no such network is that large"):
        pull(tmp_path / "models", archive)


def test_a_zip_that_announces_less_than_it_holds_is_not_believed(packs: Path, tmp_path: Path) -> None:
    archive = tmp_path / "liar.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("det_10g.onnx", bytes(50_000_000))
        opened.write(packs / "buffalo_l" / "w600k_r50.onnx", "w600k_r50.onnx")
    content = archive.read_bytes().replace((50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    archive.write_bytes(content)
    with pytest.raises(InvalidRequest, match="no zip that can be read"):
        pull(tmp_path / "models", archive)
    assert sum(path.stat().st_size for path in (tmp_path / "models").rglob("*") if path.is_file()) < 1_000_000


def test_no_answer_and_no_such_file_say_what_to_do(hub: ModelHub, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="ALLINONE_INSIGHTFACE_URL"):
        pull(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(ModelMissing, match="404"):
        pull(tmp_path, f"{hub.hub}/elsewhere")
    with pytest.raises(InvalidRequest, match="neither a zip nor a folder"):
        pull(tmp_path, tmp_path / "nowhere")
    with pytest.raises(InvalidRequest, match="buffalo_l, buffalo_m"):
        pull(tmp_path, hub.hub, "buffalo_xxl")


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    done = run_allinone("models", "pull", "buffalo_xxl", data_dir=tmp_path)
    assert done.returncode != 0
    assert "buffalo_l" in done.stderr
    assert "ViT-B-16" in done.stderr


def test_the_address_is_that_of_the_public_releases_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLINONE_INSIGHTFACE_URL", raising=False)
    assert DownloadSettings().insight_face.startswith("https://github.com/deepinsight/insightface/releases/")
    monkeypatch.setenv("ALLINONE_INSIGHTFACE_URL", " mirror.example/packs/ ")
    assert DownloadSettings().insight_face == "https://mirror.example/packs"
