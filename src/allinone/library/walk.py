"""Finds the photos below a folder. Blocks: run it in a thread. Paths are bytes, relative to the root."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from allinone.images.formats import PHOTO_SUFFIXES, VIDEO_SUFFIXES
from allinone.library.identity import readable

log = logging.getLogger(__name__)

_PHOTOS = frozenset(suffix.encode() for suffix in PHOTO_SUFFIXES)
_VIDEOS = frozenset(suffix.encode() for suffix in VIDEO_SUFFIXES)

# What storage boxes and desktops keep beside the photos. Hidden names (with a dot) are left out anyway.
_JUNK = frozenset(
    {
        b"@eadir",
        b"@recycle",
        b"@recently-snapshot",
        b"@tmp",
        b"#recycle",
        b"#snapshot",
        b"$recycle.bin",
        b"system volume information",
        b"lost+found",
        b"recycler",
        b"__macosx",
    }
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A photo or video on disk, as it was when it was looked at."""

    path: bytes
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]

    @property
    def is_video(self) -> bool:
        """By its suffix."""
        return _suffix(self.path) in _VIDEOS


@dataclass(frozen=True, slots=True)
class RootState:
    """Which folder is there. Another one at the same path means that a drive came or went."""

    device: int
    inode: int


@dataclass(slots=True)
class FolderTree:
    """The folder of a library.

    Attributes:
        root: absolute.
        excluded: folders that are never entered, by (device, inode): our own, should they lie inside.
        excluded_paths: the same, by their places below the root.
    """

    root: bytes
    excluded: frozenset[tuple[int, int]] = frozenset()
    excluded_paths: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, root: Path, *, without: Iterable[Path] = ()) -> "FolderTree":
        """The tree at `root`, without these folders."""
        excluded = set()
        places = []
        for folder in without:
            with suppress(OSError):
                status = folder.stat()
                excluded.add((status.st_dev, status.st_ino))
            inside = os.path.relpath(os.path.realpath(folder), os.path.realpath(root))
            if not inside.startswith(".."):
                places.append(os.fsencode(inside))
        return cls(os.fsencode(root), frozenset(excluded), tuple(places))

    def state(self) -> RootState:
        """Which folder is at the root now.

        Raises:
            OSError: none that can be read.
        """
        with os.scandir(self.root) as entries:
            next(entries, None)
        status = os.stat(self.root)  # noqa: PTH116 — bytes
        return RootState(status.st_dev, status.st_ino)

    def absolute(self, path: bytes) -> bytes:
        """Where `path` lies."""
        return self.root + b"/" + path if path else self.root

    def relative(self, absolute: bytes) -> bytes | None:
        """The path below the root; None where it is not below, or in a place that is left out."""
        if absolute == self.root:
            return b""
        if not absolute.startswith(self.root.rstrip(b"/") + b"/"):
            return None
        path = absolute[len(self.root.rstrip(b"/")) + 1 :]
        if any(is_left_out(part) for part in path.split(b"/")):
            return None
        return None if any(_contains(place, path) for place in self.excluded_paths) else path

    def look(self, path: bytes) -> FoundFile | None:
        """The photo at `path`; None where there is no regular file with a photo's suffix.

        Raises:
            OSError: it is there, perhaps, but cannot be looked at.
        """
        try:
            status = os.stat(self.absolute(path))  # noqa: PTH116 — bytes
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode) or not is_photo(path):
            return None
        return FoundFile(path, status.st_size, status.st_mtime_ns)

    def is_folder(self, path: bytes) -> bool:
        """Whether a folder that may be entered is there."""
        try:
            status = os.stat(self.absolute(path))  # noqa: PTH116 — bytes
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in self.excluded

    def walk(self, start: bytes = b"") -> Iterator[FoundFile]:
        """All photos at and below `start`, folder by folder. What cannot be read is logged and left out.

        Links to folders are followed where they lead out of the tree, each target once; a link to a place
        inside the tree would only show the same files twice, or never end.
        """
        followed: list[bytes] = []
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self.absolute(folder)) as entries:
                    for entry in entries:
                        if is_left_out(entry.name):
                            continue
                        path = folder + b"/" + entry.name if folder else entry.name
                        found = self._visit(entry, path, followed, waiting)
                        if found is not None:
                            yield found
            except OSError as error:
                log.warning(
                    "The folder %s cannot be read (%s); its photos stay as they were.",
                    readable(self.absolute(folder)),
                    error.strerror or error,
                )

    def _visit(
        self, entry: os.DirEntry[bytes], path: bytes, followed: list[bytes], waiting: list[bytes]
    ) -> FoundFile | None:
        try:
            if entry.is_dir(follow_symlinks=False):
                if path not in self.excluded_paths and (not self.excluded or self.is_folder(path)):
                    waiting.append(path)
            elif is_photo(path):
                return self.look(path)
            elif entry.is_symlink() and entry.is_dir() and self._leads_out(path, followed):
                waiting.append(path)
        except OSError as error:
            log.warning("%s cannot be looked at: %s.", readable(self.absolute(path)), error.strerror or error)
        return None

    def _leads_out(self, link: bytes, followed: list[bytes]) -> bool:
        target = os.path.realpath(self.absolute(link))
        root = os.path.realpath(self.root)
        if _contains(root, target) or _contains(target, root) or not self.is_folder(link):
            return False
        if any(_contains(place, target) for place in followed):
            return False
        followed.append(target)
        return True


def is_photo(path: bytes) -> bool:
    """By its suffix."""
    suffix = _suffix(path)
    return suffix in _PHOTOS or suffix in _VIDEOS


def is_left_out(name: bytes) -> bool:
    """Whether a file or folder of this name is none of ours: hidden, or a storage box's own."""
    return name.startswith(b".") or name.lower() in _JUNK


def _suffix(path: bytes) -> bytes:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 — bytes


def _contains(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
