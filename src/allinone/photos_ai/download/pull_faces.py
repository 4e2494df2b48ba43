"""Brings one of InsightFace's packs: fetches its zip, or takes a zip or folder that is here, and keeps two networks."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from allinone.errors import ConfigurationError, InvalidRequest, ModelMissing
from allinone.photos_ai.download.connection import (
    NotThere,
    Patience,
    Unreachable,
    asking,
    host,
    is_web_address,
    open_client,
    retrying,
)
from allinone.photos_ai.download.lock import exclusive
from allinone.photos_ai.download.part import Part
from allinone.photos_ai.download.progress import DownloadView
from allinone.photos_ai.download.pull import DOWNLOADS, SPARE
from allinone.photos_ai.download.remote_file import RemoteFile
from allinone.photos_ai.download.transfer import fetch
from allinone.photos_ai.download.unpack import unpack_networks
from allinone.photos_ai.face_pack import MANIFEST, PACKS, FacePack, open_networks, verify, write_manifest


@dataclass(frozen=True, slots=True)
class FacePull:
    """What to bring.

    Attributes:
        name: which pack, such as "buffalo_l".
        models: where model folders lie.
        origin: a zip or folder here, the address of a zip, or that of a folder of zips.
        keep: keep the zip for another time.
        again: bring it even though it is there and whole.
    """

    name: str
    models: Path
    origin: str
    keep: bool = False
    again: bool = False

    @property
    def folder(self) -> Path:
        """Where the pack will lie."""
        return self.models / self.name


def pull_faces(pull: FacePull, view: DownloadView, patience: Patience | None = None) -> bool:
    """Bring a pack; whether that was needed. Blocks, for as long as some hundred megabytes take.

    What has come is kept whatever happens, and the next call goes on from there.

    Raises:
        InvalidRequest: no such pack, or what `origin` names is not one.
        ModelMissing: it could not be fetched; the message says why.
        ConfigurationError: the disk is full or cannot be written.
    """
    pack = PACKS.get(pull.name)
    if pack is None:
        message = f"{pull.name} is not one of {', '.join(PACKS)}."
        raise InvalidRequest(message)
    if _present(pull, view):
        return False
    try:
        downloads = pull.models / DOWNLOADS
        downloads.mkdir(parents=True, exist_ok=True)
        lock = downloads / f"{pull.name}.lock"
        with exclusive(lock, lambda: view.step(f"Waiting for another process that fetches {pull.name}")) as waited:
            if waited and _present(pull, view):
                return False
            _bring(pull, pack, view, patience or Patience())
    except OSError as error:
        message = f"{pull.models} cannot be written: {error.strerror or error}. CLIP_DOWNLOAD_ROOT names another place."
        raise ConfigurationError(message) from error
    return True


def _present(pull: FacePull, view: DownloadView) -> bool:
    """Whether the pack is there and whole; one that somebody else put there counts where it can be used."""
    if pull.again or not pull.folder.is_dir():
        return False
    view.step(f"Checking {pull.name}")
    try:
        if (pull.folder / MANIFEST).exists():
            verify(pull.folder)
        else:
            open_networks(pull.folder)
    except ModelMissing:
        return False
    return True


def _bring(pull: FacePull, pack: FacePack, view: DownloadView, patience: Patience) -> None:
    if "://" in pull.origin:
        archive = _fetch(pull, view, patience)
        try:
            _install(pull, lambda folder: unpack_networks(archive, pack, folder), view)
        except InvalidRequest:
            archive.unlink(missing_ok=True)  # or it would be taken for a good one the next time
            raise
        if not pull.keep:
            archive.unlink(missing_ok=True)
        return
    origin = Path(pull.origin).expanduser()
    if origin.is_dir():
        _install(pull, lambda folder: _copy_networks(origin, pack, folder), view)
    elif origin.is_file():
        _install(pull, lambda folder: unpack_networks(origin, pack, folder), view)
    else:
        message = f"{origin} is neither a zip nor a folder."
        raise InvalidRequest(message)


def _copy_networks(origin: Path, pack: FacePack, folder: Path) -> None:
    try:
        networks = open_networks(origin)
    except ModelMissing as error:
        message = (
            f"{origin} does not hold {pack.name}: no network that finds faces and one that tells them apart in it."
        )
        raise InvalidRequest(message) from error
    shutil.copyfile(networks.detection_file, folder / pack.detection)
    shutil.copyfile(networks.recognition_file, folder / pack.recognition)


def _install(pull: FacePull, fill: Callable[[Path], None], view: DownloadView) -> None:
    """Make the pack's folder appear at once, and only after its networks were opened."""
    with tempfile.TemporaryDirectory(prefix=f".{pull.name}-", dir=pull.models) as scratch:
        folder = Path(scratch) / pull.name
        folder.mkdir()
        view.step(f"Unpacking {pull.name}")
        fill(folder)
        view.step(f"Trying {pull.name}")
        try:
            open_networks(folder)
        except ModelMissing as error:
            message = f"What {pull.origin} holds is not {pull.name}: {error.__cause__ or error}"
            raise InvalidRequest(message) from error
        write_manifest(folder, pull.name)
        if pull.folder.exists():
            pull.folder.rename(Path(scratch) / "old")
        folder.rename(pull.folder)


def _fetch(pull: FacePull, view: DownloadView, patience: Patience) -> Path:
    if not is_web_address(pull.origin):
        message = f"{pull.origin} is neither a file or folder here nor an http address."
        raise InvalidRequest(message)
    whole = httpx.URL(pull.origin).path.lower().endswith(".zip")
    url = pull.origin if whole else f"{pull.origin.rstrip('/')}/{quote(pull.name)}.zip"
    target = pull.models / DOWNLOADS / f"{pull.name}.zip"
    view.step(f"Asking {host(url)}")
    try:
        with open_client(patience) as client:
            remote = retrying(lambda: _locate(client, pull.name, url), patience)
            _need_room(pull, remote, target)
            fetch(client, remote, target, view, patience)
    except Unreachable as error:
        message = (
            f"{pull.name} could not be fetched: {error} What has come is kept: the same command goes on from there. "
            "ALLINONE_INSIGHTFACE_URL names a mirror, --from a zip or folder; see docs/how-to/faces.md."
        )
        raise ModelMissing(message) from error
    return target


def _locate(client: httpx.Client, name: str, url: str) -> RemoteFile:
    try:
        with asking(client, "HEAD", url, {}) as response:
            length = response.headers.get("content-length", "")
            return RemoteFile(f"{name}.zip", url, int(length) or None if length.isdigit() else None)
    except NotThere:
        raise
    except ModelMissing:
        return RemoteFile(f"{name}.zip", url)  # addresses signed for GET refuse HEAD


def _need_room(pull: FacePull, remote: RemoteFile, target: Path) -> None:
    if remote.size is None:
        return
    here = max(Part(target).length, target.stat().st_size if target.is_file() else 0)
    needed = max(remote.size - here, 0) + remote.size + SPARE
    free = shutil.disk_usage(pull.models).free
    if free < needed:
        message = (
            f"{pull.models} has {free / 1e9:.2f} GB free, and {pull.name} needs {needed / 1e9:.2f} GB while it is "
            "unpacked. Make room, or let CLIP_DOWNLOAD_ROOT name another place."
        )
        raise ConfigurationError(message)
