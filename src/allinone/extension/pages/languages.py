"""Which of our languages a browser asks for."""

from enum import StrEnum


class Language(StrEnum):
    """A language of the pages; the value is what `<html lang>` says, so that Han glyphs come out right."""

    TRADITIONAL = "zh-TW"
    SIMPLIFIED = "zh-CN"
    ENGLISH = "en-US"


_TRADITIONAL_SUBTAGS = frozenset({"tw", "hk", "mo", "hant"})


def choose_language(accept_language: str) -> Language:
    """The best of our languages for an Accept-Language header; English where it names none of them."""
    for _, tag in sorted(_weighted(accept_language), key=lambda pair: -pair[0]):
        subtags = tag.lower().split("-")
        if subtags[0] == "en":
            return Language.ENGLISH
        if subtags[0] in {"zh", "yue"}:
            return _chinese(frozenset(subtags[1:]))
    return Language.ENGLISH


def _chinese(subtags: frozenset[str]) -> Language:
    # The script, where it is named, outweighs the place: zh-Hans-HK is simplified.
    if "hans" not in subtags and subtags & _TRADITIONAL_SUBTAGS:
        return Language.TRADITIONAL
    return Language.SIMPLIFIED


def _weighted(header: str) -> list[tuple[float, str]]:
    found = []
    for part in header[:1000].split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = _quality(parameters)
        if tag and weight > 0:
            found.append((weight, tag.strip()))
    return found


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
