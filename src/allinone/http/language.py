"""Which of our languages a browser asks for."""

from typing import Literal

Language = Literal["en", "zh-Hant", "zh-Hans"]

_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def preferred_language(accept_language: str) -> Language:
    """The first of our languages by the weights of an Accept-Language header; English where none is in it."""
    wishes = [_wish(part) for part in accept_language[:500].split(",")]
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if tag.startswith(_TRADITIONAL):
            return "zh-Hant"
        if tag.split("-")[0] == "zh":
            return "zh-Hans"
        if tag.split("-")[0] == "en":
            return "en"
    return "en"


def _wish(part: str) -> tuple[float, str]:
    tag, _, weight = part.strip().lower().partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), tag.strip()
    except ValueError:
        return 0.0, tag.strip()
