"""What is known of a photo's file, in words for a person."""

from datetime import datetime
from pathlib import Path

from allinone.extension.pages.markup import Html, element
from allinone.extension.pages.texts.table import Texts
from allinone.library.store import LibraryAsset

_UNITS = ("KB", "MB", "GB", "TB")


def file_facts(texts: Texts, asset: LibraryAsset) -> list[tuple[str, str]]:
    """Pairs of a name and a value; what is not known is left out."""
    camera = " ".join(part for part in (asset.make, asset.model) if part)
    facts = [
        (texts.file_name, asset.file_name),
        (texts.folder, str(Path(asset.shown_path).parent)),
        (texts.taken_at, date_time(texts, asset.taken_at)),
        (texts.file_size, file_size(asset.size_bytes)),
        (texts.dimensions, f"{asset.width} × {asset.height}" if asset.width and asset.height else None),
        (texts.duration, duration(asset.duration_ms) if asset.duration_ms else None),
        (texts.camera, camera),
        (texts.lens, asset.lens_model),
    ]
    return [(name, value) for name, value in facts if value]


def definition_list(facts: list[tuple[str, str]]) -> Html:
    """Facts as `<dl>`."""
    rows = (element("div", element("dt", name), element("dd", value)) for name, value in facts)
    return element("dl", *rows, class_="facts")


def date_time(texts: Texts, moment: datetime) -> str:
    """A moment as the language writes it; aware ones in this machine's time zone."""
    local = moment.astimezone() if moment.tzinfo else moment
    return texts.date_time.format(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute
    )


def file_size(size: int) -> str:
    """Bytes in decimal units, as file managers show them."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in _UNITS:
        value /= 1000
        if value < 999.5 or unit == _UNITS[-1]:
            break
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def duration(milliseconds: int) -> str:
    """A length of time as `1:05` or `1:02:05`."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
