"""Photos in the grid: bare tiles where all are shown, cards with the matched text where a search found them."""

from allinone.extension.pages.highlighting import excerpt
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.results import Entry
from allinone.extension.pages.visits import Visit, thumbnail_url
from allinone.extension.photo_search import PhotoHit
from allinone.library.store import LibraryAsset

NARROWEST, WIDEST = 0.62, 2.3  # a long receipt or a panorama is cropped in the grid, never on its own page
SHOWN_LINES = 3


def tile(visit: Visit, entry: Entry, query: str) -> Html:
    """One photo of the grid, linked to its page."""
    if entry.hit is None:
        return _bare(visit, entry.asset)
    return _card(visit, entry.hit, query)


def tiles(visit: Visit, entries: list[Entry], query: str) -> Html:
    """Several photos, one after the other."""
    return join(*(tile(visit, entry, query) for entry in entries))


def _bare(visit: Visit, asset: LibraryAsset) -> Html:
    link = element("a", _picture(visit, asset), href=visit.photo_url(asset.id, "", None), data_id=str(asset.id))
    ratio = min(WIDEST, max(NARROWEST, aspect(asset)))
    return element("div", link, class_="tile", role="listitem", style=f"--r:{ratio:.3f}")


def _card(visit: Visit, hit: PhotoHit, query: str) -> Html:
    thumb = element("span", _picture(visit, hit.asset, _focus(hit)), class_="thumb")
    link = element(
        "a",
        thumb,
        _caption(visit, hit),
        href=visit.photo_url(hit.asset.id, query, None),
        data_id=str(hit.asset.id),
    )
    return element("div", link, class_="card", role="listitem")


def _picture(visit: Visit, asset: LibraryAsset, position: str | None = None) -> Html:
    image = element(
        "img",
        src=thumbnail_url(asset.id, "thumbnail"),
        alt=visit.texts.photo_alt.format(name=asset.file_name),
        loading="lazy",
        decoding="async",
        draggable="false",
        style=position and f"object-position:{position}",
    )
    if asset.kind != "VIDEO":
        return image
    return join(image, element("span", icon("play"), visit.texts.video, class_="badge"))


def _caption(visit: Visit, hit: PhotoHit) -> Html:
    lines = hit.text.lines[:SHOWN_LINES] if hit.text else []
    found = [element("span", excerpt(line.text, line.spans), class_="line") for line in lines]
    if not found and hit.clip is not None:
        found = [element("span", visit.texts.found_by_picture, class_="by-picture")]
    return element("span", *found, element("span", hit.asset.file_name, class_="file"), class_="caption")


def _focus(hit: PhotoHit) -> str | None:
    """Which part of a cropped picture to show: the one with the matched text."""
    if hit.text is None or not hit.text.lines:
        return None
    box = hit.text.lines[0].box
    left, top = sum(box[0::2]) / 4, sum(box[1::2]) / 4
    return f"{min(1, max(0, left)) * 100:.0f}% {min(1, max(0, top)) * 100:.0f}%"


def aspect(asset: LibraryAsset) -> float:
    """Width over height of the upright picture; 4:3 where the size is not known."""
    return asset.width / asset.height if asset.width and asset.height else 4 / 3
