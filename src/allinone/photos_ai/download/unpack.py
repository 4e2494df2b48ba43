"""Takes a pack's two networks out of a zip that nobody vouches for."""

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from allinone.errors import InvalidRequest
from allinone.photos_ai.face_pack import FacePack

LARGEST = 1024**3  # bytes of one network; the largest there is has 261 MB
_CHUNK = 1024 * 1024


def unpack_networks(archive: Path, pack: FacePack, folder: Path) -> None:
    """Write the two networks of `pack` into `folder`, and nothing else. Blocks.

    Only names that we know are written, below no path of the zip's; never more bytes than the zip announces.

    Raises:
        InvalidRequest: it is no zip, is damaged, or does not hold them.
        OSError: the disk.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for name in (pack.detection, pack.recognition):
                _copy(opened, _member(opened, name, archive, pack), folder / name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        message = f"{archive.name} is no zip that can be read: {error}. Was it fetched whole?"
        raise InvalidRequest(message) from error


def _member(opened: zipfile.ZipFile, name: str, archive: Path, pack: FacePack) -> zipfile.ZipInfo:
    """The entry of that name, in whichever folder of the zip it lies (antelopev2's lie in one)."""
    found = [each for each in opened.infolist() if PurePosixPath(each.filename).name == name and not each.is_dir()]
    if len(found) != 1:
        how_many = "no" if not found else "more than one"
        message = f"{archive.name} has {how_many} {name}: it is not the pack {pack.name}."
        raise InvalidRequest(message)
    if found[0].file_size > LARGEST:
        message = f"{name} in {archive.name} would take {found[0].file_size:,} bytes: no such network is that large."
        raise InvalidRequest(message)
    return found[0]


def _copy(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    # zipfile stops at the announced size, and compares the checksum there
    with opened.open(member) as source, target.open("xb") as stream:
        shutil.copyfileobj(source, stream, _CHUNK)
