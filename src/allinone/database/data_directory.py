"""The directory that holds everything we keep: the database, thumbnails, models."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from allinone.errors import ConfigurationError, DataDirectoryInUse


def default_data_directory() -> Path:
    """`ALLINONE_DATA_DIR`, or the place this system keeps a program's data in."""
    configured = os.environ.get("ALLINONE_DATA_DIR")
    return Path(configured) if configured else platformdirs.user_data_path("immich-all-in-one")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a data directory."""

    pid: int
    command: str
    url: str | None


class DataDirectory:
    """Paths inside a data directory, and the lock that lets one process at a time run on it.

    The lock is the kernel's (flock): it ends with the process, however that ends; no crash leaves it behind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def postgres(self) -> Path:
        """Holds the embedded PostgreSQL."""
        return self.path / "postgres"

    @property
    def thumbnails(self) -> Path:
        """Previews and thumbnails; can be deleted at any time."""
        return self.path / "thumbnails"

    @property
    def models(self) -> Path:
        """Models, one folder each; `CLIP_DOWNLOAD_ROOT` overrides it."""
        configured = os.environ.get("CLIP_DOWNLOAD_ROOT")
        return Path(configured).expanduser() if configured else self.path / "models"

    @property
    def _lock_file(self) -> Path:
        return self.path / "running.lock"

    @contextmanager
    def hold(self, command: str) -> Iterator["Hold"]:
        """Hold the directory for `command` until the block ends, creating it if need be.

        Raises:
            DataDirectoryInUse: another process holds it.
            ConfigurationError: it cannot be created or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = (
                f"The data directory {self.path} cannot be written: {error.strerror}. Choose another with --data-dir."
            )
            raise ConfigurationError(message) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DataDirectoryInUse(self._in_use_message()) from error
            hold = Hold(descriptor, command)
            hold.announce(None)
            yield hold
        finally:
            os.close(descriptor)

    def holder(self) -> Holder | None:
        """The process that holds this directory now, or None."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _parse_holder(self._lock_file)
        else:
            return None
        finally:
            os.close(descriptor)

    def _in_use_message(self) -> str:
        holder = _parse_holder(self._lock_file)
        who = f"process {holder.pid} (allinone {holder.command})" if holder else "another process"
        where = f" It answers at {holder.url}." if holder and holder.url else ""
        return (
            f"The data directory {self.path} is in use by {who}.{where} "
            "Stop that one first, or give this one a directory of its own with --data-dir."
        )


class Hold:
    """A held data directory."""

    def __init__(self, descriptor: int, command: str) -> None:
        self._descriptor = descriptor
        self._command = command

    def announce(self, url: str | None) -> None:
        """Tell other processes who we are, and where we answer."""
        text = json.dumps({"pid": os.getpid(), "command": self._command, "url": url}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)


def _parse_holder(lock_file: Path) -> Holder | None:
    try:
        content = json.loads(lock_file.read_text())
        return Holder(pid=int(content["pid"]), command=str(content["command"]), url=content["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # being written at this moment, or not ours
