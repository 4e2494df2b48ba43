"""A Chinese-CLIP on disk: one folder, named as the model, that says what it holds.

<models>/ViT-B-16/model.json   name, dim, input size, precision, files with their SHA-256
                  image.onnx   "image" (batch, 3, size, size) to "features" (batch, dim)
                  text.onnx    "text" (batch, length) of int64 to "features" (batch, dim)
                  vocab.txt    one word piece a line
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from allinone.errors import ModelMissing

MANIFEST = "model.json"
IMAGE, TEXT, VOCABULARY = "image.onnx", "text.onnx", "vocab.txt"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What model.json says.

    Attributes:
        name: as in CLIP_MODEL; also the folder's name.
        dim: numbers in a vector.
        input_size: side of the square picture, pixels.
        precision: of the weights.
        files: SHA-256 of each file, by its name in the folder.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Name
    dim: Annotated[int, Field(ge=1, le=16_384)]
    input_size: Annotated[int, Field(ge=1, le=4096)]
    precision: Literal["fp32", "fp16", "int8"]
    files: Mapping[Name, Sha256]


class ModelFolder:
    """A model whose files are all there."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @property
    def image(self) -> Path:
        """The picture tower."""
        return self.path / IMAGE

    @property
    def text(self) -> Path:
        """The text tower."""
        return self.path / TEXT

    @property
    def vocabulary(self) -> Path:
        """The word pieces."""
        return self.path / VOCABULARY

    def verify(self) -> None:
        """Compare every file with its checksum. Blocks: it reads all of them.

        Raises:
            ModelMissing: a file is not what it was.
        """
        for name, expected in self.manifest.files.items():
            with (self.path / name).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != expected:
                raise _unusable(self.path, f"{name} is damaged (its checksum differs)")


def open_model_folder(path: Path) -> ModelFolder:
    """The model in `path`, after a look at its manifest and whether its files are there.

    Raises:
        ModelMissing: it cannot be used; the message says why, and which command mends it.
    """
    if not path.is_dir():
        raise _unusable(path, "its folder does not exist")
    try:
        manifest = Manifest.model_validate_json((path / MANIFEST).read_bytes())
    except OSError as error:
        raise _unusable(path, f"{MANIFEST} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _unusable(path, f"{MANIFEST} is wrong: {place + ': ' if place else ''}{first['msg']}") from error
    if manifest.name != path.name:
        raise _unusable(path, f"{MANIFEST} names {manifest.name}, another model than the folder does")
    for name in (IMAGE, TEXT, VOCABULARY):
        if name not in manifest.files:
            raise _unusable(path, f"{MANIFEST} does not list {name}")
    for name in manifest.files:
        if not (path / name).is_file():
            raise _unusable(path, f"{name} is missing")
    return ModelFolder(path, manifest)


def write_manifest(path: Path, *, name: str, dim: int, input_size: int, precision: str) -> Manifest:
    """Write model.json for the files that lie in `path`. Blocks: it reads all of them.

    Raises:
        ValidationError: a value is outside of what a manifest allows.
    """
    files = {}
    for file in sorted(path.iterdir()):
        if file.name == MANIFEST or not file.is_file():
            continue
        with file.open("rb") as stream:
            files[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    content = {"name": name, "dim": dim, "input_size": input_size, "precision": precision, "files": files}
    manifest = Manifest.model_validate(content)
    unfinished = path / f".{MANIFEST}"
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path / MANIFEST)
    return manifest


def choose_model(models: Path, wanted: str | None) -> str | None:
    """The CLIP model to use: `wanted`, else the one folder there is; None where there is none.

    Raises:
        ModelMissing: `wanted` is no model's name, or nothing says which of several to take.
    """
    if wanted is not None:
        if Path(wanted).name != wanted or wanted in {".", ".."}:
            message = f"CLIP_MODEL={wanted!r} is not the name of a model. Choose one that `./run models list` names."
            raise ModelMissing(message)
        return wanted
    present = sorted(path.parent.name for path in models.glob(f"*/{MANIFEST}"))
    if len(present) > 1:
        message = f"There are several CLIP models ({', '.join(present)}). Set CLIP_MODEL to the one to use."
        raise ModelMissing(message)
    return present[0] if present else None


def no_model(models: Path) -> ModelMissing:
    """What to say where no model is on disk."""
    return ModelMissing(
        f"There is no CLIP model in {models}: search goes by text alone. Fetch one with `./run models pull ViT-B-16`."
    )


def _unusable(path: Path, why: str) -> ModelMissing:
    return ModelMissing(
        f"The CLIP model {path.name} in {path} cannot be used: {why}. "
        f"Fetch it with `./run models pull {path.name}`, or make it from a checkpoint with "
        f"`./run models convert CHECKPOINT --model {path.name}`."
    )
