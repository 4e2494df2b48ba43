"""`models pull` as a person runs it, from a hub on this machine."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from allinone.errors import ConfigurationError, InvalidRequest, ModelMissing
from allinone.photos_ai.download.connection import Patience
from allinone.photos_ai.download.pull import Pull, pull_model, sources_for
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.model_folder import open_model_folder
from support import true_width_clip as clip
from support.allinone_process import run_allinone, wait_for
from support.model_hub import ModelHub, model_hub

QUICK = Patience(connect=2, read=2, tries=2, first_wait=0.01)
NOBODY = "http://127.0.0.1:9"


class View:
    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def transfer(self, name: str, done: int, total: int | None) -> None: ...


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), clip.make_tensors(layers=1))


@pytest.fixture
def hub(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with model_hub() as running:
        running.files[f"{clip.REPOSITORY}/{clip.FILE}"] = checkpoint.read_bytes()
        running.files[f"{clip.REPOSITORY}/vocab.txt"] = clip.VOCABULARY
        for name in ("CLIP_MODEL", "CLIP_DOWNLOAD_ROOT", "HF_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HF_ENDPOINT", running.hub)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.hub)
        yield running


def start(data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "allinone", "models", "pull", clip.NAME, *arguments, "--data-dir", str(data_dir)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")


def part(data_dir: Path) -> Path:
    return data_dir / "models" / ".downloads" / clip.NAME / f"{clip.FILE}.part"


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def assert_whole(data_dir: Path) -> None:
    folder = open_model_folder(data_dir / "models" / clip.NAME)
    folder.verify()
    assert folder.manifest.dim == clip.DIM
    assert not part(data_dir).parent.exists()


def test_pull_brings_the_model_and_tidies_up(hub: ModelHub, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    done = run_allinone("models", "pull", clip.NAME, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ViT-B-16 is ready (512 numbers a vector)" in done.stdout
    assert "Fetching ViT-B-16 from Hugging Face" in done.stderr
    assert_whole(tmp_path)
    listed = run_allinone("models", "list", data_dir=tmp_path).stdout
    assert "ready (fp32, in use)" in listed
    assert {each.headers.get("authorization") for each in hub.requests if each.server == "hub"} == {"Bearer hf_secret"}
    assert not any("hf_secret" in str(each.headers) + each.path for each in hub.sent("store"))
    asked = len(hub.requests)
    again = run_allinone("models", "pull", clip.NAME, data_dir=tmp_path)
    assert again.returncode == 0
    assert "is here already" in again.stdout
    assert len(hub.requests) == asked


def test_a_killed_pull_goes_on_where_it_was(hub: ModelHub, tmp_path: Path) -> None:
    hub.pause = 0.02
    process = start(tmp_path)
    wait_for(lambda: size_of(part(tmp_path)) > 1_000_000, "the first megabyte")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    hub.pause = 0
    came = size_of(part(tmp_path))
    assert 0 < came < len(hub.files[f"{clip.REPOSITORY}/{clip.FILE}"])
    hub.requests.clear()
    done = run_allinone("models", "pull", clip.NAME, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [each.headers.get("range") for each in hub.sent("store")] == [f"bytes={came}-"]
    assert_whole(tmp_path)


def test_an_interrupted_pull_says_that_it_keeps_what_came(hub: ModelHub, tmp_path: Path) -> None:
    hub.pause = 0.02
    process = start(tmp_path)
    wait_for(lambda: size_of(part(tmp_path)) > 500_000, "the first bytes")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "same command goes on" in said
    assert "Traceback" not in said
    assert size_of(part(tmp_path)) > 500_000


def test_a_second_process_waits_and_finds_it_done(hub: ModelHub, tmp_path: Path) -> None:
    hub.pause = 0.0005
    first = start(tmp_path)
    wait_for(lambda: size_of(part(tmp_path)) > 0, "the first bytes")
    second = start(tmp_path)
    ends = [process.communicate(timeout=90) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], ends
    assert "is ready" in ends[0][0]
    assert "is here already" in ends[1][0]
    assert "Waiting for another process" in ends[1][1]
    assert len(hub.sent("store")) == 1
    assert_whole(tmp_path)


def test_the_second_process_goes_on_where_a_killed_first_one_stopped(hub: ModelHub, tmp_path: Path) -> None:
    hub.pause = 0.02
    first = start(tmp_path)
    wait_for(lambda: size_of(part(tmp_path)) > 1_000_000, "the first megabyte")
    second = start(tmp_path)
    said = second.stderr
    assert said is not None
    wait_for(lambda: "Waiting" in said.readline(), "the second to wait")
    first.kill()
    first.communicate()
    hub.pause = 0
    output, _ = second.communicate(timeout=90)
    assert second.returncode == 0
    assert "is ready" in output
    assert hub.sent("store")[-1].headers["range"].startswith("bytes=")
    assert_whole(tmp_path)


def test_from_a_local_folder_and_from_an_address(hub: ModelHub, tmp_path: Path, checkpoint: Path) -> None:
    local = run_allinone("models", "pull", clip.NAME, "--from", checkpoint, data_dir=tmp_path / "a")
    assert local.returncode == 0, local.stderr
    assert checkpoint.exists()
    assert hub.requests == []
    address = f"{hub.hub}/{clip.REPOSITORY}/{clip.FILE}"
    remote = run_allinone("models", "pull", clip.NAME, "--from", address, data_dir=tmp_path / "b")
    assert remote.returncode == 0, remote.stderr
    for data_dir in ("a", "b"):
        assert_whole(tmp_path / data_dir)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ViT-G-14"], "is not one of ViT-B-16, ViT-L-14"),
        ([clip.NAME, "--from", "ftp://host/x.pt"], "neither a file or folder"),
        ([clip.NAME, "--from", "/nowhere.pt"], "no checkpoint at /nowhere.pt"),
        ([clip.NAME, "--precision", "fp8"], "is not one of"),
    ],
)
def test_mistakes_are_told_at_once(hub: ModelHub, tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run_allinone("models", "pull", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert hub.requests == []


def test_where_nobody_answers_the_message_says_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", NOBODY)
    sources = sources_for("auto", DownloadSettings())
    with pytest.raises(ModelMissing, match=r"127\.0\.0\.1:9 does not answer.*HF_ENDPOINT.*--source"):
        pull_model(Pull(clip.NAME, tmp_path), sources, View(), QUICK)


def test_model_scope_where_hugging_face_does_not_answer(hub: ModelHub, tmp_path: Path) -> None:
    settings = DownloadSettings(HF_ENDPOINT=NOBODY, MODELSCOPE_ENDPOINT=hub.hub)
    view = View()
    assert pull_model(Pull(clip.NAME, tmp_path), sources_for("auto", settings), view, QUICK).fetched
    assert [step.split(" (")[0] for step in view.steps if "Asking" in step] == [
        "Asking Hugging Face",
        "Asking ModelScope",
    ]
    with pytest.raises(ModelMissing, match="does not answer"):
        pull_model(Pull("RN50", tmp_path), sources_for("huggingface", settings), view, QUICK)


def test_kept_checkpoints_are_used_again_and_precision_is_heeded(hub: ModelHub, tmp_path: Path) -> None:
    sources = sources_for("modelscope", DownloadSettings())
    pull_model(Pull(clip.NAME, tmp_path, keep=True), sources, View(), QUICK)
    kept = tmp_path / ".downloads" / clip.NAME
    assert sorted(path.name for path in kept.iterdir()) == [clip.FILE, "vocab.txt"]
    hub.requests.clear()
    pulled = pull_model(Pull(clip.NAME, tmp_path, precision="fp16"), sources, View(), QUICK)
    assert pulled.fetched
    assert pulled.folder.manifest.precision == "fp16"
    assert hub.sent("store") == []
    assert not kept.exists()
    assert not pull_model(Pull(clip.NAME, tmp_path), sources, View(), QUICK).fetched


@pytest.mark.parametrize("damage", ["a file", "the manifest", "a missing file"])
def test_a_damaged_model_is_fetched_anew(hub: ModelHub, tmp_path: Path, damage: str) -> None:
    sources = sources_for("auto", DownloadSettings())
    folder = pull_model(Pull(clip.NAME, tmp_path), sources, View(), QUICK).folder
    if damage == "a file":
        data = bytearray(folder.text.with_name("text.onnx.data").read_bytes())
        data[1000] ^= 1
        folder.text.with_name("text.onnx.data").write_bytes(data)
    elif damage == "a missing file":
        folder.image.unlink()
    else:
        manifest = folder.path / "model.json"
        manifest.write_text(manifest.read_text().replace('"dim": 512', '"dim": 511'))
    assert pull_model(Pull(clip.NAME, tmp_path), sources, View(), QUICK).fetched
    open_model_folder(folder.path).verify()


def test_a_repository_without_a_vocabulary_borrows_one(hub: ModelHub, tmp_path: Path) -> None:
    hub.files["chinese-clip-rn50/clip_cn_rn50.pt"] = b"x" * 5000
    with pytest.raises(InvalidRequest, match="not a PyTorch checkpoint"):
        pull_model(Pull("RN50", tmp_path), sources_for("huggingface", DownloadSettings()), View(), QUICK)
    assert any(clip.REPOSITORY in each.path and "vocab" in each.path for each in hub.sent("hub"))
    assert not (tmp_path / ".downloads" / "RN50").exists()
    assert not (tmp_path / "RN50").exists()


def test_damaged_bytes_leave_nothing_behind(hub: ModelHub, tmp_path: Path) -> None:
    hub.damaged = True
    with pytest.raises(ModelMissing, match="checksum"):
        pull_model(Pull(clip.NAME, tmp_path), sources_for("modelscope", DownloadSettings()), View(), QUICK)
    assert list((tmp_path / ".downloads" / clip.NAME).iterdir()) == []


def test_a_disk_without_room_is_told_before_anything_is_fetched(hub: ModelHub, tmp_path: Path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=100_000_000))
    needed = 2 * len(hub.files[f"{clip.REPOSITORY}/{clip.FILE}"]) + 64 * 1024**2
    with pytest.raises(ConfigurationError, match=f"0.10 GB free.*needs {needed / 1e9:.2f} GB"):
        pull_model(Pull(clip.NAME, tmp_path), sources_for("auto", DownloadSettings()), View(), QUICK)
    assert hub.sent("store") == []
    assert hub.sent("hub") == []


def test_a_models_folder_that_cannot_be_made(hub: ModelHub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ConfigurationError, match="CLIP_DOWNLOAD_ROOT"):
        pull_model(Pull(clip.NAME, tmp_path / "models"), sources_for("auto", DownloadSettings()), View(), QUICK)


def test_the_hub_of_these_tests_answers_as_hugging_face_does(hub: ModelHub) -> None:
    """What the tests above rest on: the headers that huggingface_hub reads."""
    answer = httpx.head(f"{hub.hub}/OFA-Sys/{clip.REPOSITORY}/resolve/main/{clip.FILE}")
    content = hub.files[f"{clip.REPOSITORY}/{clip.FILE}"]
    assert answer.status_code == 302
    assert answer.headers["x-linked-etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers["x-linked-size"] == str(len(content))
    assert httpx.URL(answer.headers["location"]).host != httpx.URL(hub.hub).host
