"""Brings one file here: goes on where it stopped, makes sure of what came, and shows it only when it is whole."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from allinone.errors import ModelMissing
from allinone.photos_ai.download.connection import Broken, Patience, asking, host, retrying
from allinone.photos_ai.download.part import Part
from allinone.photos_ai.download.progress import DownloadView
from allinone.photos_ai.download.remote_file import RemoteFile

LARGEST = 32 * 1024**3  # bytes; for servers that do not say how many will come
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


def fetch(client: httpx.Client, remote: RemoteFile, target: Path, view: DownloadView, patience: Patience) -> None:
    """Make `target` the content of `remote`. Blocks. Interrupted at any moment, the next call goes on from there.

    Raises:
        Unreachable: connections kept breaking; what came is kept.
        ModelMissing: refused, or what came is not what was promised.
        OSError: the disk.
    """
    transfer = _Transfer(client, remote, target, view, patience)
    if not transfer.is_done():
        retrying(transfer.go_on, patience, progressed=transfer.has_progressed)
        transfer.accept()


class _Transfer:
    def __init__(
        self, client: httpx.Client, remote: RemoteFile, target: Path, view: DownloadView, patience: Patience
    ) -> None:
        self._client, self._remote, self._target, self._view, self._patience = client, remote, target, view, patience
        self._part = Part(target)
        self._most = 0

    def is_done(self) -> bool:
        """Whether the target is there from an earlier time, and still what the server has."""
        if not self._target.is_file():
            return False
        same_size = self._remote.size in (None, self._target.stat().st_size)
        return same_size and (self._remote.checksum is None or self._remote.checksum.matches(self._target))

    def has_progressed(self) -> bool:
        """Whether there is more than there ever was when this was asked: so it is true only so often."""
        before, self._most = self._most, max(self._most, self._part.length)
        return self._most > before

    def go_on(self) -> None:
        """Ask for what is missing and write it down."""
        done, etag = self._part.usable(self._remote)
        if done and done == self._remote.size:
            return
        headers = dict(self._remote.headers)
        if done:
            headers["Range"] = f"bytes={done}-"
        if done and etag:
            headers["If-Range"] = etag
        with asking(self._client, "GET", self._remote.url, headers) as response:
            start, total = self._span(response, done)
            expected = self._remote.size if self._remote.size is not None else total
            self._view.transfer(self._remote.name, start, expected)
            with self._part.append(self._remote, start, response.headers.get("etag")) as stream:
                for chunk in self._steadily(response):
                    start += len(chunk)
                    if start > (LARGEST if expected is None else expected):
                        raise self._not_as_promised("is longer than announced")
                    stream.write(chunk)
                    self._view.transfer(self._remote.name, start, expected)
        if expected is not None and start < expected:
            message = f"{host(self._remote.url)} ended {self._remote.name} early"
            raise Broken(message)

    def accept(self) -> None:
        """Compare what came with its checksum, and give it its name."""
        size, checksum = self._remote.size, self._remote.checksum
        self._view.step(f"Checking {self._remote.name}")
        if size is not None and self._part.length != size:
            raise self._not_as_promised(f"has {self._part.length:,} bytes where {size:,} were announced")
        if checksum is not None and not checksum.matches(self._part.path):
            raise self._not_as_promised("does not have the checksum that was announced")
        with self._part.path.open("rb") as stream:
            os.fsync(stream.fileno())
        self._part.finish(self._target)

    def _span(self, response: httpx.Response, done: int) -> tuple[int, int | None]:
        """Where the body begins, and how long the whole file is."""
        if response.headers.get("content-encoding", "identity") != "identity":
            message = f"{host(self._remote.url)} sends {self._remote.name} compressed, which was not asked for."
            raise ModelMissing(message)
        if response.status_code == httpx.codes.OK:  # the server knows no ranges, or the file has changed
            length = response.headers.get("content-length", "")
            total = int(length) if length.isdigit() else None
            self._compare_size(total)
            return 0, total
        match = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if response.status_code == httpx.codes.PARTIAL_CONTENT and match and int(match[1]) == done:
            self._compare_size(int(match[2]))
            return done, int(match[2])
        self._part.discard()
        message = f"{host(self._remote.url)} does not go on where {self._remote.name} stopped"
        raise Broken(message)

    def _compare_size(self, total: int | None) -> None:
        if total is not None and self._remote.size not in (None, total):
            raise self._not_as_promised(f"has {total:,} bytes where {self._remote.size:,} were announced")

    def _steadily(self, response: httpx.Response) -> Iterator[bytes]:
        """The body as it comes; a trickle counts as a broken connection."""
        since, arrived = time.monotonic(), 0
        for chunk in response.iter_raw():
            yield chunk
            arrived += len(chunk)
            if (now := time.monotonic()) - since >= self._patience.window:
                if arrived < self._patience.slowest:
                    message = f"{host(self._remote.url)} has become too slow to wait for"
                    raise Broken(message)
                since, arrived = now, 0

    def _not_as_promised(self, how: str) -> ModelMissing:
        self._part.discard()
        return ModelMissing(
            f"{self._remote.name} from {host(self._remote.url)} {how}, so it was deleted. "
            "Run the same command again; if it stays so, choose another --source."
        )
