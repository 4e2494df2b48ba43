"""Fetching one file from a hub on this machine, over networks of every kind."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from allinone.errors import ConfigurationError, InvalidRequest, ModelMissing
from allinone.photos_ai.download.connection import NotThere, Patience, Unreachable, asking, open_client, retrying
from allinone.photos_ai.download.pull import sources_for
from allinone.photos_ai.download.remote_file import Checksum, RemoteFile, checksum_of
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.download.sources import HuggingFace, ModelScope, PlainFolder, Source
from allinone.photos_ai.download.transfer import fetch
from support.model_hub import ModelHub, model_hub

REPOSITORY, FILE = "chinese-clip-rn50", "clip_cn_rn50.pt"
QUICK = Patience(connect=2, read=2, tries=3, first_wait=0.01)
CONTENT = bytes(range(256)) * 1200  # 300 KB


class View:
    def __init__(self) -> None:
        self.steps: list[str] = []
        self.transfers: list[tuple[str, int, int | None]] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def transfer(self, name: str, done: int, total: int | None) -> None:
        self.transfers.append((name, done, total))


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    with model_hub() as running:
        running.files[f"{REPOSITORY}/{FILE}"] = CONTENT
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with open_client(QUICK) as opened:
        yield opened


def settings(hub: ModelHub, token: str | None = None) -> DownloadSettings:
    return DownloadSettings(HF_ENDPOINT=hub.hub, HF_TOKEN=token, MODELSCOPE_ENDPOINT=hub.hub)


def plain(hub: ModelHub) -> RemoteFile:
    """As a web server has it that promises nothing but a length."""
    return RemoteFile(FILE, f"{hub.store}/store/{REPOSITORY}/{FILE}", len(hub.files[f"{REPOSITORY}/{FILE}"]))


def begun(hub: ModelHub, client: httpx.Client, remote: RemoteFile, target: Path) -> int:
    """Let the connection drop half way, once, for good; how many bytes came."""
    hub.cut_after = [150_000]
    with pytest.raises(Unreachable):
        fetch(client, remote, target, View(), Patience(tries=1))
    hub.requests.clear()
    return target.with_name(f"{FILE}.part").stat().st_size


@pytest.mark.parametrize("kind", [HuggingFace, ModelScope])
def test_a_large_file_comes_from_the_other_host_and_is_checked(hub, client, tmp_path, kind) -> None:
    remote = kind(settings(hub)).locate(client, REPOSITORY, FILE)
    assert remote.size == len(CONTENT)
    assert remote.checksum == Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
    view = View()
    fetch(client, remote, tmp_path / FILE, view, QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert view.transfers[-1] == (FILE, len(CONTENT), len(CONTENT))
    assert len(hub.sent("store")) == 1
    hub.requests.clear()
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert hub.requests == []


def test_a_small_file_is_checked_by_git_s_name_for_it(hub, client, tmp_path) -> None:
    hub.files[f"{REPOSITORY}/vocab.txt"] = b"[PAD]\n"
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, "vocab.txt")
    # as `git hash-object` names it
    assert remote.checksum == Checksum("git", hashlib.sha1(b"blob 6\0[PAD]\n").hexdigest())
    hub.damaged = True
    with pytest.raises(ModelMissing, match="checksum"):
        fetch(client, remote, tmp_path / "vocab.txt", View(), QUICK)
    hub.damaged = False
    fetch(client, remote, tmp_path / "vocab.txt", View(), QUICK)
    assert (tmp_path / "vocab.txt").read_bytes() == b"[PAD]\n"


def test_the_token_stays_with_the_hub(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub, "hf_secret")).locate(client, REPOSITORY, FILE)
    hub.cut_after = [100_000]
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    to_hub = hub.sent("hub", "HEAD") + hub.sent("hub")
    assert len(to_hub) == 3
    assert {each.headers.get("authorization") for each in to_hub} == {"Bearer hf_secret"}
    assert len(hub.sent("store")) == 2
    assert not any("hf_secret" in str(each.headers) for each in hub.requests if each.server == "store")


def test_a_dropped_connection_goes_on_where_it_stopped(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    hub.cut_after = [50_000] * 5  # more often than there are tries in a row: each brought something
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT
    starts = [each.headers.get("range") for each in hub.sent("store")]
    assert starts[0] is None
    assert starts[1:] == [f"bytes={n * 50_000}-" for n in range(1, 6)]


def test_another_source_of_the_same_content_goes_on_where_the_first_stopped(hub, client, tmp_path) -> None:
    begun(hub, client, HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE), tmp_path / FILE)
    fetch(client, ModelScope(settings(hub)).locate(client, REPOSITORY, FILE), tmp_path / FILE, View(), QUICK)
    assert [each.headers["range"] for each in hub.sent("store")] == ["bytes=150000-"]
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_without_a_checksum_the_etag_tells_whether_to_go_on(hub, client, tmp_path) -> None:
    assert begun(hub, client, plain(hub), tmp_path / FILE) == 150_000
    fetch(client, plain(hub), tmp_path / FILE, View(), QUICK)
    (request,) = hub.sent("store")
    assert request.headers["range"] == "bytes=150000-"
    assert request.headers["if-range"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_a_changed_file_is_fetched_from_its_beginning(hub, client, tmp_path) -> None:
    changed = bytes(reversed(CONTENT))
    begun(hub, client, plain(hub), tmp_path / FILE)
    hub.files[f"{REPOSITORY}/{FILE}"] = changed
    fetch(client, plain(hub), tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == changed
    (tmp_path / FILE).unlink()
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    begun(hub, client, remote, tmp_path / FILE)
    hub.files[f"{REPOSITORY}/{FILE}"] = CONTENT
    fetch(client, HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE), tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert "range" not in hub.sent("store")[-1].headers


def test_a_server_without_ranges_starts_over(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    begun(hub, client, remote, tmp_path / FILE)
    hub.ranges = False
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_drops_is_given_up(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    hub.ranges, hub.cut_after = False, [90_000, 80_000] * 50
    with pytest.raises(Unreachable):
        fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert len(hub.sent("store")) <= 4


@pytest.mark.parametrize("spoil", ["longer", "no note", "note of another", "note is rubbish", "note is a list"])
def test_a_part_that_cannot_be_trusted_is_not(hub, client, tmp_path, spoil: str) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    begun(hub, client, remote, tmp_path / FILE)
    part, note = tmp_path / f"{FILE}.part", tmp_path / f"{FILE}.part.json"
    if spoil == "longer":
        part.write_bytes(CONTENT + b"!")
    elif spoil == "no note":
        note.unlink()
    elif spoil == "note of another":
        note.write_text(json.dumps(json.loads(note.read_text()) | {"checksum": "0" * 64}))
    else:
        note.write_text("{" if spoil == "note is rubbish" else "[]")
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_damaged_bytes_are_deleted_and_named(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    hub.damaged = True
    with pytest.raises(ModelMissing, match=f"{FILE} from 127.0.0.1:.*checksum.*deleted.*same command again"):
        fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert list(tmp_path.iterdir()) == []
    assert len(hub.sent("store")) == 1


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_another_length_than_announced_is_an_error(hub, client, tmp_path, size: int) -> None:
    remote = RemoteFile(FILE, f"{hub.store}/store/{REPOSITORY}/{FILE}", size)
    with pytest.raises(ModelMissing, match="announced"):
        fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "HF_TOKEN"), (403, "--source"), (404, "has no .*404"), (410, "--source"), (429, "too many requests")],
)
def test_a_refusal_is_final_and_clear(hub, client, status: int, says: str) -> None:
    hub.status = status
    with pytest.raises(ModelMissing, match=says) as caught:
        retrying(lambda: HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE), QUICK)
    assert isinstance(caught.value, NotThere) == (status == 404)
    assert len(hub.requests) == 1


def test_a_stumbling_server_is_asked_again(hub, client, tmp_path) -> None:
    remote = HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE)
    hub.stumble = 2
    fetch(client, remote, tmp_path / FILE, View(), QUICK)
    assert (tmp_path / FILE).read_bytes() == CONTENT
    hub.stumble = 99
    hub.requests.clear()
    with pytest.raises(Unreachable, match="500"):
        retrying(lambda: HuggingFace(settings(hub)).locate(client, REPOSITORY, FILE), QUICK)
    assert len(hub.requests) == 3


def test_a_silent_server_and_a_trickle_end(hub, client, tmp_path) -> None:
    remote = plain(hub)
    hub.pause = 0.05
    slow = Patience(tries=1, slowest=10**9, window=0.1)
    with pytest.raises(Unreachable, match="too slow"):
        fetch(client, remote, tmp_path / FILE, View(), slow)
    hub.pause = 5
    impatient = Patience(read=0.2, tries=1)
    with open_client(impatient) as hasty, pytest.raises(Unreachable, match="does not answer"):
        fetch(hasty, remote, tmp_path / FILE, View(), impatient)
    assert (tmp_path / f"{FILE}.part").stat().st_size > 0


def test_nobody_there(client) -> None:
    source = HuggingFace(DownloadSettings(HF_ENDPOINT="http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 does not answer"):
        retrying(lambda: source.locate(client, REPOSITORY, FILE), QUICK)


@pytest.mark.parametrize("address", ["", "/", f"/{FILE}"])
def test_a_plain_folder_or_file(hub, client, tmp_path, address: str) -> None:
    hub.files = {f"models/{FILE}": CONTENT, "models/vocab.txt": b"[PAD]\n"}
    source: Source = PlainFolder(f"{hub.hub}/models{address}")
    assert source.checkpoint_name("RN50") == FILE
    for name, content in ((FILE, CONTENT), ("vocab.txt", b"[PAD]\n")):
        remote = source.locate(client, "any", name)
        assert (remote.size, remote.checksum) == (len(content), None)
        fetch(client, remote, tmp_path / name, View(), QUICK)
        assert (tmp_path / name).read_bytes() == content
    with pytest.raises(NotThere):
        source.locate(client, "any", "other.pt")


def test_model_scope_without_the_file_or_with_a_page_instead(hub, client) -> None:
    with pytest.raises(NotThere, match=r"no vocab\.txt in chinese-clip-rn50"):
        ModelScope(settings(hub)).locate(client, REPOSITORY, "vocab.txt")
    hub.files = {"x/api/v1/models/AI-ModelScope/chinese-clip-rn50/repo/files": b"<html>"}
    wrong = ModelScope(DownloadSettings(MODELSCOPE_ENDPOINT=f"{hub.hub}/x"))
    hub.files = {key + "?Revision=master&Recursive=true": value for key, value in hub.files.items()}
    with pytest.raises(ModelMissing, match="no list of files"):
        wrong.locate(client, REPOSITORY, FILE)


@pytest.mark.parametrize(
    ("etag", "kind"),
    [
        (f'"{"a" * 64}"', "sha256"),
        (f'W/"{"A" * 40}"', "git"),
        ('"5d41402abc4b2a76b9719d911017c592"', None),
        (None, None),
    ],
)
def test_what_an_etag_promises(etag: str | None, kind: str | None) -> None:
    found = checksum_of(etag)
    assert (found.kind if found else None) == kind
    assert found is None or set(found.digits) == {"a"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_redirect_without_end(hub, client, method: str) -> None:
    with pytest.raises(ModelMissing, match="redirect"), asking(client, method, f"{hub.hub}/loop", {}):
        pass
    assert len(hub.requests) <= 7


@pytest.mark.parametrize("address", ["ftp://hub", "http://", "http://a:b", "http://[", "https:///x", "file:///etc"])
def test_a_wrong_address_is_named(monkeypatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ConfigurationError, match=r"HF_ENDPOINT cannot be .*: .*an address starts with https://"):
        DownloadSettings()
    monkeypatch.delenv("HF_ENDPOINT")
    with pytest.raises(InvalidRequest, match="neither"):
        sources_for(address, DownloadSettings())


def test_an_address_needs_no_scheme_and_a_token_shows_nowhere(monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", " hf-mirror.com/ ")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "")
    read = DownloadSettings()
    assert (read.hugging_face, read.model_scope) == ("https://hf-mirror.com", "https://www.modelscope.cn")
    assert "hf_secret" not in repr(read)
    assert HuggingFace(DownloadSettings(HF_ENDPOINT="https://me:word@mirror.example")).name == (
        "Hugging Face (mirror.example)"
    )
