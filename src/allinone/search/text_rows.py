"""What is written of photos' texts, a column of the database at a time: one statement for hundreds of photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from allinone.search.document import Document
from allinone.search.lines import pack_numbers, storable
from allinone.search.tokens import FORM, document_tokens
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
    latest = {text.asset_id: text for text in texts}.values()
    rows = sorted((_row(text) for text in latest), key=lambda row: (row[2] is not None, row[2] or datetime.min, row[0]))  # noqa: DTZ901
    names = (
        "asset_id", "owner_id", "taken_at", "tokens", "folded", "joined", "chains", "confidences", "texts", "numbers"
    )  # fmt: skip
    columns: dict[str, object] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return columns | {"form": FORM}


def _row(text: AssetText) -> tuple[UUID, UUID, datetime | None, str, str, str, str, bytes, str, bytes]:
    lines = storable(text.lines)
    document = Document.of(lines)
    taken_at = wall_clock(text.taken_at)
    return (
        text.asset_id,
        text.owner_id,
        taken_at,
        document_tokens(document, taken_at),
        document.folded,
        document.joined,
        document.chains,
        document.confidences,
        "\n".join(line.text for line in lines),
        pack_numbers(lines),
    )
