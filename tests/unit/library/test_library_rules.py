"""The library's rules without a database: identities, names, filters, settings, what a walk finds."""

import time
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.errors import ConfigurationError
from allinone.library.content import read_checksum, seconds_to_settle
from allinone.library.filters import AssetFilters
from allinone.library.identity import asset_id, library_id, path_key, readable
from allinone.library.settings import LibrarySettings
from allinone.library.walk import FolderTree, FoundFile, is_left_out, is_photo

OWNER = UUID("5b0e9c0e-3c1b-4a6e-8a54-3f0f5d7f6f11")


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_ids_are_version_4_and_differ_with_the_content(first: bytes, second: bytes) -> None:
    identity = asset_id(OWNER, first)
    assert identity.version == 4
    assert identity.variant == "specified in RFC 4122"
    assert (identity == asset_id(OWNER, second)) == (first == second)
    assert len(path_key(first)) == 20


def test_a_library_is_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert library_id(Path("photos")) == library_id(tmp_path / "photos") == library_id(tmp_path / "x/../photos/")
    assert library_id(tmp_path / "photos") != library_id(tmp_path / "Photos")


@given(st.binary(max_size=60))
def test_any_name_can_be_shown(name: bytes) -> None:
    shown = readable(name)
    assert "\0" not in shown
    shown.encode("utf-8")


@pytest.mark.parametrize("name", [b"a.jpg", b"A.JPEG", b"a.b.HEIC", b"x.mov", b"\xff.png"])
def test_photos_are_known_by_their_suffix(name: bytes) -> None:
    assert is_photo(b"folder/" + name)


@pytest.mark.parametrize("name", [b"a.txt", b"jpg", b".jpg", b"a.jpg.part", b"a.xmp", b""])
def test_others_are_not(name: bytes) -> None:
    assert not is_photo(name)


@pytest.mark.parametrize("name", [b".git", b"@eaDir", b"@EADIR", b"#recycle", b"lost+found", b"$RECYCLE.BIN"])
def test_junk_is_left_out(name: bytes) -> None:
    assert is_left_out(name)
    tree = FolderTree(b"/photos")
    assert tree.relative(b"/photos/" + name + b"/a.jpg") is None


def test_places_in_the_tree() -> None:
    tree = FolderTree(b"/photos", excluded_paths=(b"data/thumbnails",))
    assert tree.relative(b"/photos") == b""
    assert tree.relative(b"/photos/a/b.jpg") == b"a/b.jpg"
    assert tree.relative(b"/photos2/a.jpg") is None
    assert tree.relative(b"/photos/data/thumbnails/aa/x.jpg") is None
    assert tree.relative(b"/photos/data/x.jpg") == b"data/x.jpg"


def test_a_walk_goes_on_past_a_folder_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a/1.jpg", "b/2.jpg", "c/3.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    real = __import__("os").scandir

    def refuse(path: bytes) -> object:
        if path.endswith(b"/b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = {file.path for file in FolderTree.of(tmp_path).walk()}
    assert found == {b"a/1.jpg", b"c/3.jpg"}
    [record] = caplog.records
    assert "/b cannot be read (Permission denied)" in record.message


def test_a_file_that_changes_while_it_is_read_has_no_checksum(tmp_path: Path) -> None:
    tree = FolderTree.of(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"first")
    before = tree.look(b"a.jpg")
    assert before is not None
    assert len(read_checksum(tree, before) or b"") == 20
    (tmp_path / "a.jpg").write_bytes(b"second")
    assert read_checksum(tree, before) is None
    (tmp_path / "a.jpg").unlink()
    assert read_checksum(tree, before) is None
    assert tree.look(b"a.jpg") is None


@pytest.mark.parametrize(("age", "waits"), [(0.2, True), (5.0, False), (-3600.0, False)])
def test_only_fresh_files_are_waited_for(age: float, *, waits: bool) -> None:
    file = FoundFile(b"a.jpg", 1, int((time.time() - age) * 1e9))
    assert (seconds_to_settle(file) > 0) is waits


def test_a_name_filter_is_taken_literally() -> None:
    parameters = AssetFilters(OWNER, original_file_name="100%_\\x").parameters()
    assert parameters["name_pattern"] == "%100\\%\\_\\\\x%"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLINONE_WORKERS", "3")
    monkeypatch.setenv("ALLINONE_RESCAN_MINUTES", "0.5")
    assert (LibrarySettings().workers, LibrarySettings().rescan_minutes) == (3, 0.5)
    monkeypatch.setenv("ALLINONE_WORKERS", "many")
    with pytest.raises(ConfigurationError, match="ALLINONE_WORKERS cannot be 'many'"):
        LibrarySettings()
