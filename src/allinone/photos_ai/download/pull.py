"""Brings a Chinese-CLIP: fetches the official checkpoint, turns it into a model folder, deletes the checkpoint.

Besides pull_faces.py nothing else in this project downloads anything.
"""

import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import httpx

from allinone.errors import ConfigurationError, InvalidRequest, ModelMissing
from allinone.photos_ai.conversion.architecture import architecture
from allinone.photos_ai.conversion.convert import convert_checkpoint
from allinone.photos_ai.download.connection import (
    NotThere,
    Patience,
    Unreachable,
    is_web_address,
    open_client,
    retrying,
)
from allinone.photos_ai.download.lock import exclusive
from allinone.photos_ai.download.part import Part
from allinone.photos_ai.download.progress import DownloadView
from allinone.photos_ai.download.remote_file import RemoteFile
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.download.sources import (
    REPOSITORIES,
    VOCABULARY_REPOSITORY,
    HuggingFace,
    ModelScope,
    PlainFolder,
    Source,
)
from allinone.photos_ai.download.transfer import fetch
from allinone.photos_ai.model_folder import VOCABULARY, ModelFolder, open_model_folder

DOWNLOADS = ".downloads"
SPARE = 64 * 1024 * 1024  # bytes of disk left over

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pull:
    """What to bring.

    Attributes:
        name: which Chinese-CLIP, such as "ViT-B-16".
        models: where model folders lie.
        precision: of the weights, "fp32" or "fp16"; None: whichever is there, else "fp32".
        vocabulary: the word pieces; None: fetch them, too.
        keep: keep the checkpoint for another time.
        again: bring it even though it is there and whole.
    """

    name: str
    models: Path
    precision: str | None = None
    vocabulary: Path | None = None
    keep: bool = False
    again: bool = False

    @property
    def downloads(self) -> Path:
        """Where checkpoints lie until they are converted."""
        return self.models / DOWNLOADS / self.name


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is there.

    Attributes:
        folder: it.
        fetched: False where it was there already.
    """

    folder: ModelFolder
    fetched: bool


def sources_for(choice: str, settings: DownloadSettings) -> list[Source]:
    """Whom to ask, in order: of "auto", "huggingface", "modelscope", or an address.

    Raises:
        InvalidRequest: an address that is none.
    """
    if choice == "auto":
        return [HuggingFace(settings), ModelScope(settings)]
    if choice == "huggingface":
        return [HuggingFace(settings)]
    if choice == "modelscope":
        return [ModelScope(settings)]
    if not is_web_address(choice):
        message = f"{choice} is neither a file or folder here nor an http address."
        raise InvalidRequest(message)
    return [PlainFolder(choice)]


def pull_model(pull: Pull, sources: Sequence[Source], view: DownloadView, patience: Patience | None = None) -> Pulled:
    """Bring a model. Blocks, for as long as a gigabyte takes.

    What has come is kept whatever happens, and the next call goes on from there.

    Raises:
        InvalidRequest: no such model, or the checkpoint is not one of it.
        ModelMissing: it could not be fetched; the message says why.
        ConfigurationError: the disk is full or cannot be written.
    """
    architecture(pull.name)
    if present := _present(pull, view):
        return Pulled(present, fetched=False)
    try:
        pull.downloads.mkdir(parents=True, exist_ok=True)
        lock = pull.downloads.with_name(f"{pull.name}.lock")
        with exclusive(lock, lambda: view.step(f"Waiting for another process that fetches {pull.name}")) as waited:
            if waited and (present := _present(pull, view)):
                return Pulled(present, fetched=False)
            pull.downloads.mkdir(exist_ok=True)  # the other process may have tidied it away
            with open_client(patience or Patience()) as client:
                checkpoint = _fetch_from_any(client, pull, sources, view, patience or Patience())
            return Pulled(_convert(pull, checkpoint, view), fetched=True)
    except OSError as error:
        message = f"{pull.models} cannot be written: {error.strerror or error}. CLIP_DOWNLOAD_ROOT names another place."
        raise ConfigurationError(message) from error


def _present(pull: Pull, view: DownloadView) -> ModelFolder | None:
    """The model, if it is there, whole, and what is asked for."""
    if pull.again or not (pull.models / pull.name).is_dir():
        return None
    view.step(f"Checking {pull.name}")
    expected = architecture(pull.name)
    try:
        folder = open_model_folder(pull.models / pull.name)
        folder.verify()
    except ModelMissing as error:
        _log.info("It is fetched anew: %s", error)
        return None
    manifest = folder.manifest
    same = (manifest.dim, manifest.input_size) == (expected.dim, expected.input_size)
    return folder if same and pull.precision in (None, manifest.precision) else None


def _fetch_from_any(
    client: httpx.Client, pull: Pull, sources: Sequence[Source], view: DownloadView, patience: Patience
) -> Path:
    for source, next_one in pairwise(sources):
        try:
            return _fetch_from(client, pull, source, view, patience, replace(patience, tries=1))
        except Unreachable as error:
            _log.warning("%s Trying %s.", error, next_one.name)
    try:
        return _fetch_from(client, pull, sources[-1], view, patience, patience)
    except Unreachable as error:
        message = (
            f"{pull.name} could not be fetched: {error} What has come is kept: the same command goes on from "
            "there. HF_ENDPOINT names a mirror of Hugging Face, --source another hub; see docs/how-to/clip-model.md."
        )
        raise ModelMissing(message) from error


def _fetch_from(
    client: httpx.Client, pull: Pull, source: Source, view: DownloadView, patience: Patience, at_first: Patience
) -> Path:
    """Fetch both files; `at_first` is for whether the source answers at all."""
    view.step(f"Asking {source.name}")
    vocabulary, checkpoint = retrying(lambda: _locate(client, pull, source), at_first)
    target = pull.downloads / checkpoint.name
    _need_room(pull, checkpoint)
    _log.info("Fetching %s from %s.", pull.name, source.name)
    # The small one first: what is wrong shows before the large one has been waited for.
    if vocabulary is not None:
        fetch(client, vocabulary, pull.downloads / VOCABULARY, view, patience)
    fetch(client, checkpoint, target, view, patience)
    return target


def _locate(client: httpx.Client, pull: Pull, source: Source) -> tuple[RemoteFile | None, RemoteFile]:
    repository = REPOSITORIES[pull.name]
    checkpoint = source.locate(client, repository, source.checkpoint_name(pull.name))
    if pull.vocabulary is not None:
        return None, checkpoint
    try:
        return source.locate(client, repository, VOCABULARY), checkpoint
    except NotThere:
        return source.locate(client, VOCABULARY_REPOSITORY, VOCABULARY), checkpoint


def _need_room(pull: Pull, checkpoint: RemoteFile) -> None:
    if checkpoint.size is None:
        return
    target = pull.downloads / checkpoint.name
    here = max(Part(target).length, target.stat().st_size if target.is_file() else 0)
    converted = checkpoint.size // (2 if pull.precision == "fp16" else 1)
    needed = max(checkpoint.size - here, 0) + converted + SPARE
    free = shutil.disk_usage(pull.downloads).free
    if free < needed:
        message = (
            f"{pull.models} has {_gigabytes(free)} free, and {pull.name} needs {_gigabytes(needed)} while it is made "
            f"({_gigabytes(converted)} afterwards). Make room, or let CLIP_DOWNLOAD_ROOT name another place."
        )
        raise ConfigurationError(message)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def _convert(pull: Pull, checkpoint: Path, view: DownloadView) -> ModelFolder:
    precision = pull.precision or "fp32"
    try:
        folder = convert_checkpoint(
            checkpoint,
            pull.name,
            pull.models,
            vocabulary=pull.vocabulary,
            precision=precision,
            on_step=view.step,
        )
    except InvalidRequest:
        _delete(pull)  # or it would be taken for a good one the next time
        raise
    if not pull.keep:
        _delete(pull)
    return folder


def _delete(pull: Pull) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(pull.downloads)
