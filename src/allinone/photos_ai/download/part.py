"""A file that has arrived in part, and a note of what it is part of: enough to go on after any interruption."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from allinone.photos_ai.download.remote_file import RemoteFile


@dataclass(frozen=True, slots=True)
class _Note:
    """What the bytes on disk are the beginning of."""

    url: str
    checksum: str | None
    size: int | None
    etag: str | None


class Part:
    """`<target>.part` and, beside it, `<target>.part.json`."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note_path = target.with_name(f"{target.name}.part.json")

    @property
    def length(self) -> int:
        """Bytes on disk."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def usable(self, remote: RemoteFile) -> tuple[int, str | None]:
        """How many bytes of `remote` there are, and the ETag that the rest must have where no checksum tells.

        What is the beginning of another file, or of nobody knows what, is deleted.
        """
        note, length = self._note(), self.length
        if note is not None and length:
            if remote.checksum is not None and note.checksum == remote.checksum.digits:
                # The content is known: whoever has it may go on, whatever they call it.
                return (length, None) if remote.size is None or length <= remote.size else self._nothing()
            strong = note.etag is not None and not note.etag.startswith("W/")
            if remote.checksum is None and note.checksum is None and strong:
                same = note.url == remote.url and note.size == remote.size
                return (length, note.etag) if same else self._nothing()
        return self._nothing()

    def append(self, remote: RemoteFile, start: int, etag: str | None) -> BinaryIO:
        """Open for writing from byte `start`; what lay behind is cut off."""
        digits = remote.checksum.digits if remote.checksum else None
        if start == 0:
            self.discard()
            note = _Note(remote.url, digits, remote.size, etag)
            self._note_path.write_text(json.dumps(asdict(note)), encoding="utf-8")
        stream = self.path.open("ab")
        stream.truncate(start)
        return stream

    def discard(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
        self._note_path.unlink(missing_ok=True)

    def finish(self, target: Path) -> None:
        """Make it `target`, at once and whole."""
        self.path.replace(target)
        self._note_path.unlink(missing_ok=True)

    def _nothing(self) -> tuple[int, str | None]:
        self.discard()
        return 0, None

    def _note(self) -> _Note | None:
        try:
            return _Note(**json.loads(self._note_path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
