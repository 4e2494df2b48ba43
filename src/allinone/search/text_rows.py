"""What is written of photos' texts, a column of the database at a time: one statement for hundreds of photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from allinone.search.document import documents_of
from allinone.search.document_tokens import documents_tokens
from allinone.search.lines import pack_numbers, storable
from allinone.search.tokens import FORM
from allinone.wire.ocr import OcrLine


@dataclass(frozen=True, slots=True)
class AssetText:
    """The text of one photo; `taken_at` as on the wall clock where it was taken."""

    asset_id: UUID
    owner_id: UUID
    taken_at: datetime | None
    lines: Sequence[OcrLine]


def wall_clock(moment: datetime | None) -> datetime | None:
    """Without a time zone: in UTC, where it had one."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def text_columns(texts: Sequence[AssetText]) -> dict[str, object]:
    """The columns of the text tables. Of an asset that comes twice, the last is taken.

    In the order of time, so that photos of one time lie together; and in one order, so that two writers of the same
    photos wait for each other instead of stopping each other.
    """
    photos = sorted({text.asset_id: text for text in texts}.values(), key=_order)
    lines, numbers = storable([photo.lines for photo in photos])
    documents = documents_of(lines, numbers)
    taken_at = [wall_clock(photo.taken_at) for photo in photos]
    return {
        "asset_id": [photo.asset_id for photo in photos],
        "owner_id": [photo.owner_id for photo in photos],
        "taken_at": taken_at,
        "tokens": documents_tokens(documents, taken_at),
        "folded": [document.folded for document in documents],
        "joined": [document.joined for document in documents],
        "chains": [document.chains for document in documents],
        "confidences": [document.confidences for document in documents],
        "texts": ["\n".join([line.text for line in every]) for every in lines],
        "numbers": pack_numbers(numbers, [len(every) for every in lines]),
        "form": FORM,
    }


def _order(photo: AssetText) -> tuple[bool, datetime, UUID]:
    return photo.taken_at is not None, wall_clock(photo.taken_at) or datetime.min, photo.asset_id  # noqa: DTZ901
