"""Where Chinese-CLIP's official checkpoints lie: Hugging Face or a mirror, ModelScope, any plain folder."""

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urljoin

import httpx

from allinone.errors import ModelMissing
from allinone.photos_ai.download.connection import NotThere, asking, host
from allinone.photos_ai.download.remote_file import SHA256, Checksum, RemoteFile, checksum_of
from allinone.photos_ai.download.settings import DownloadSettings

REPOSITORIES = {
    "ViT-B-16": "chinese-clip-vit-base-patch16",
    "ViT-L-14": "chinese-clip-vit-large-patch14",
    "ViT-L-14-336": "chinese-clip-vit-large-patch14-336px",
    "ViT-H-14": "chinese-clip-vit-huge-patch14",
    "RN50": "chinese-clip-rn50",
}
# One vocabulary serves them all; a repository without it borrows this one's.
VOCABULARY_REPOSITORY = REPOSITORIES["ViT-B-16"]
LONGEST_LISTING = 8 * 1024 * 1024  # bytes of JSON


def checkpoint_file(model: str) -> str:
    """What cn_clip calls the checkpoint of a model."""
    return f"clip_cn_{model.lower()}.pt"


class Source(Protocol):
    """Somebody who has the files of a repository."""

    @property
    def name(self) -> str:
        """For people."""

    def checkpoint_name(self, model: str) -> str:
        """What the checkpoint of a model is called there."""

    def locate(self, client: httpx.Client, repository: str, file: str) -> RemoteFile:
        """Where `file` lies and how long it is, after asking.

        Raises:
            Broken: no answer; try again.
            NotThere: it has no such file.
            ModelMissing: refused.
        """


class HuggingFace:
    """Hugging Face, or a mirror that speaks like it."""

    def __init__(self, settings: DownloadSettings) -> None:
        self._base = settings.hugging_face
        token = settings.hugging_face_token
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}

    @property
    def name(self) -> str:
        """For people."""
        return f"Hugging Face ({host(self._base)})"

    def checkpoint_name(self, model: str) -> str:
        """See Source."""
        return checkpoint_file(model)

    def locate(self, client: httpx.Client, repository: str, file: str) -> RemoteFile:
        """See Source. The hub describes a large file in its redirect to where that lies."""
        url = f"{self._base}/OFA-Sys/{quote(repository)}/resolve/main/{quote(file)}"
        with asking(client, "HEAD", url, self._headers) as response:
            headers = response.headers
            described = "x-linked-etag" in headers
            etag = headers.get("x-linked-etag")
            if not described and response.request.url.host == httpx.URL(url).host:
                etag = headers.get("etag")
            size = headers.get("x-linked-size") if described else headers.get("content-length")
        return RemoteFile(file, url, _number(size), checksum_of(etag), self._headers)


class ModelScope:
    """ModelScope, whose API lists files with their SHA-256."""

    def __init__(self, settings: DownloadSettings) -> None:
        self._base = settings.model_scope
        self._listings: dict[str, Mapping[str, Any]] = {}

    @property
    def name(self) -> str:
        """For people."""
        return f"ModelScope ({host(self._base)})"

    def checkpoint_name(self, model: str) -> str:
        """See Source."""
        return checkpoint_file(model)

    def locate(self, client: httpx.Client, repository: str, file: str) -> RemoteFile:
        """See Source."""
        if repository not in self._listings:
            self._listings[repository] = self._list(client, repository)
        entry = self._listings[repository].get(file)
        if entry is None:
            message = f"{self.name} has no {file} in {repository}."
            raise NotThere(message)
        digits = str(entry.get("Sha256") or "").lower()
        checksum = Checksum("sha256", digits) if SHA256.fullmatch(digits) else None
        url = f"{self._address(repository)}/repo?{urlencode({'Revision': 'master', 'FilePath': file})}"
        return RemoteFile(file, url, _number(entry.get("Size")), checksum)

    def _address(self, repository: str) -> str:
        return f"{self._base}/api/v1/models/AI-ModelScope/{quote(repository)}"

    def _list(self, client: httpx.Client, repository: str) -> Mapping[str, Any]:
        url = f"{self._address(repository)}/repo/files?{urlencode({'Revision': 'master', 'Recursive': 'true'})}"
        body = bytearray()
        with asking(client, "GET", url, {}) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LONGEST_LISTING:
                    break
        try:
            files = json.loads(body)["Data"]["Files"]
            return {str(each["Path"]): each for each in files if each.get("Type") != "tree"}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{self.name} answers with something that is no list of files."
            raise ModelMissing(message) from error


class PlainFolder:
    """A folder on any web server, named by its address or by that of the checkpoint in it."""

    def __init__(self, address: str) -> None:
        parsed = httpx.URL(address)
        last = parsed.path.rsplit("/", 1)[-1]
        self._checkpoint = last if re.search(r"\.(pt|bin|safetensors)$", last) else None
        self._address = address if self._checkpoint or parsed.path.endswith("/") else f"{address}/"

    @property
    def name(self) -> str:
        """For people."""
        return host(self._address)

    def checkpoint_name(self, model: str) -> str:
        """As the address names it, where it does."""
        return self._checkpoint or checkpoint_file(model)

    def locate(self, client: httpx.Client, repository: str, file: str) -> RemoteFile:  # one folder for all
        """See Source. Nobody vouches for the content: only its length is known."""
        url = self._address if file == self._checkpoint else urljoin(self._address, quote(file))
        try:
            with asking(client, "HEAD", url, {}) as response:
                return RemoteFile(file, url, _number(response.headers.get("content-length")))
        except NotThere:
            raise
        except ModelMissing:
            return RemoteFile(file, url)  # addresses signed for GET refuse HEAD


def _number(value: object) -> int | None:
    text = str(value) if value is not None else ""
    # Answers to HEAD say 0 where they mean that they do not know; no file of ours is empty.
    return int(text) or None if text.isascii() and text.isdigit() else None
