"""The word pieces that belong to a checkpoint. A wrong list makes nonsense of every search, without an error."""

from pathlib import Path

from allinone.errors import InvalidRequest
from allinone.photos_ai.model_folder import VOCABULARY

NEEDED = (b"[PAD]", b"[UNK]", b"[CLS]", b"[SEP]")


def find_vocabulary(beside: Path) -> Path:
    """`vocab.txt` in the folder `beside`, or beside that file.

    Raises:
        InvalidRequest: it is not there.
    """
    folder = beside if beside.is_dir() else beside.parent
    vocabulary = folder / VOCABULARY
    if not vocabulary.is_file():
        message = (
            f"{VOCABULARY} is missing in {folder}. It lies in the checkpoint's repository: "
            "put it there, or name it with --vocab."
        )
        raise InvalidRequest(message)
    return vocabulary


def count_words(vocabulary: Path) -> int:
    """How many word pieces there are, after a look at whether they are BERT's.

    Raises:
        InvalidRequest: they are not, or the file cannot be read.
    """
    try:
        lines = vocabulary.read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError as error:
        message = f"{vocabulary} cannot be read: {error.strerror}."
        raise InvalidRequest(message) from error
    words = {line.rstrip() for line in lines}
    missing = [each.decode() for each in NEEDED if each not in words]
    if missing or lines[0].rstrip() != NEEDED[0]:
        message = (
            f"{vocabulary} is not the vocabulary of a Chinese-CLIP, which begins with [PAD] and has "
            f"{', '.join(each.decode() for each in NEEDED)}."
        )
        raise InvalidRequest(message)
    return len(lines)
