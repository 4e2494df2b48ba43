"""InsightFace's model packs on disk: a folder named as the pack, with its networks in it.

<models>/buffalo_l/faces.json      written by `models pull`: the files and their SHA-256
                   det_10g.onnx    finds faces
                   w600k_r50.onnx  turns a face into a vector

A folder without faces.json, as InsightFace itself unpacks it, is as good. What else a pack holds (age, gender, dense
landmarks) is left alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from allinone.errors import ModelMissing
from allinone.photos_ai.models.face_detection import OUTPUTS
from allinone.photos_ai.models.face_recognition import DIMENSION, SIDE
from allinone.photos_ai.sessions import Session, open_session

MANIFEST = "faces.json"
LICENCE = "for non-commercial research only"  # InsightFace's words about the weights of all its packs


@dataclass(frozen=True, slots=True)
class FacePack:
    """A pack, and what its two networks are called in it."""

    name: str
    detection: str
    recognition: str


PACKS = {
    pack.name: pack
    for pack in (
        FacePack("buffalo_l", "det_10g.onnx", "w600k_r50.onnx"),
        FacePack("buffalo_m", "det_2.5g.onnx", "w600k_r50.onnx"),
        FacePack("buffalo_s", "det_500m.onnx", "w600k_mbf.onnx"),
        FacePack("antelopev2", "scrfd_10g_bnkps.onnx", "glintr100.onnx"),
    )
}
_OTHERS = {"1k3d68.onnx", "2d106det.onnx", "genderage.onnx"}  # dense landmarks, age and gender: 150 MB not to load


@dataclass(frozen=True, slots=True)
class Networks:
    """The two networks of a pack, and the files they came from."""

    detection: Session
    recognition: Session
    detection_file: Path
    recognition_file: Path


def open_networks(folder: Path, *, device: str = "cpu") -> Networks:
    """The network that finds faces and the one that tells whose they are. Blocks.

    They are known by their shapes, so that a folder of InsightFace's, of Immich's, or one's own can be used.

    Raises:
        ModelMissing: one of them is not there, or cannot be used.
    """
    if not folder.is_dir():
        raise _unusable(folder, "its folder does not exist")
    detection = recognition = None
    for path in network_files(folder):
        session = _open(folder, path, device)
        if detection is None and len(session.get_outputs()) == OUTPUTS:
            detection = (session, path)
        elif recognition is None and _recognizes(session):
            recognition = (session, path)
        if detection is not None and recognition is not None:
            return Networks(detection[0], recognition[0], detection[1], recognition[1])
    missing = "finds faces" if detection is None else "tells faces apart"
    raise _unusable(folder, f"no network in it {missing}")


def network_files(folder: Path) -> Iterator[Path]:
    """The .onnx files that may be one of the two, in the folder or one below."""
    for path in sorted([*folder.glob("*.onnx"), *folder.glob("*/*.onnx")]):
        if path.name not in _OTHERS:
            yield path


def write_manifest(folder: Path, name: str) -> None:
    """Write faces.json for the networks that lie in `folder`. Blocks: it reads all of them."""
    files = {path.name: _sha256(path) for path in sorted(folder.glob("*.onnx"))}
    unfinished = folder / f".{MANIFEST}"
    unfinished.write_text(json.dumps({"name": name, "files": files}, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)


def verify(folder: Path) -> None:
    """Compare every file with its checksum in faces.json. Blocks: it reads all of them.

    Raises:
        ModelMissing: a file is not what it was, or nothing says what it was.
    """
    try:
        files = dict(json.loads((folder / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(folder, f"its {MANIFEST} cannot be read") from error
    for name, expected in files.items():
        path = folder / Path(str(name)).name
        if not path.is_file():
            raise _unusable(folder, f"{path.name} is missing")
        if _sha256(path) != expected:
            raise _unusable(folder, f"{path.name} is damaged (its checksum differs)")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _open(folder: Path, path: Path, device: str) -> Session:
    try:
        return open_session(path, device=device)
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        raise _unusable(folder, f"{path.name} cannot be loaded ({error})") from error


def _recognizes(session: Session) -> bool:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        return False
    return list(inputs[0].shape[1:]) == [3, SIDE, SIDE] and outputs[0].shape[-1] == DIMENSION


def _unusable(folder: Path, why: str) -> ModelMissing:
    name = folder.name if folder.name in PACKS else next(iter(PACKS))
    return ModelMissing(
        f"The face models {folder.name} in {folder} cannot be used: {why}. Fetch them with `./run models pull {name}`."
    )
