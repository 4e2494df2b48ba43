"""The data directory and its lock."""

import subprocess
import sys
from pathlib import Path

import pytest

from allinone.database.data_directory import DataDirectory, default_data_directory
from allinone.errors import ConfigurationError, DataDirectoryInUse

HOLD = """
import sys
from pathlib import Path
from allinone.database.data_directory import DataDirectory
with DataDirectory(Path(sys.argv[1])).hold("up") as hold:
    hold.announce("http://127.0.0.1:1234/")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_second_holder_is_told_who_holds_it_and_where_it_answers(tmp_path: Path, other_holder) -> None:
    directory = DataDirectory(tmp_path)
    message = rf"process {other_holder.pid}.*http://127.0.0.1:1234/"
    with pytest.raises(DataDirectoryInUse, match=message), directory.hold("index"):
        pass
    holder = directory.holder()
    assert holder
    assert (holder.pid, holder.command) == (other_holder.pid, "up")


def test_lock_ends_with_a_killed_holder(tmp_path: Path, other_holder) -> None:
    other_holder.kill()
    other_holder.wait()
    directory = DataDirectory(tmp_path)
    assert directory.holder() is None
    with directory.hold("index"):
        pass


def test_nobody_holds_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    assert DataDirectory(tmp_path / "none").holder() is None
    assert not (tmp_path / "none").exists()


def test_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match="--data-dir"),
        DataDirectory(tmp_path / "file" / "data").hold("up"),
    ):
        pass


def test_environment_names_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALLINONE_DATA_DIR", str(tmp_path / "here"))
    assert default_data_directory() == tmp_path / "here"
    monkeypatch.setenv("CLIP_DOWNLOAD_ROOT", str(tmp_path / "models"))
    assert DataDirectory(tmp_path).models == tmp_path / "models"
