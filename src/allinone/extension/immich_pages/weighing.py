"""What other weights would make of the hits of a search: the rule of the ranking, over what it explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Cutoff = Literal["off", "normal", "strict"]
CUTOFFS: tuple[Cutoff, ...] = ("off", "normal", "strict")
LIKE = 3.0  # z below which a picture is too unlike
STRICTLY_LIKE = 4.0
Z_NOTHING, Z_ALL = 2.0, 6.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """One hit. `text` and `picture` are 0..1; None where it was not found that way."""

    hit: Mapping[str, Any]
    text: float | None
    picture: float | None
    total: float


def weigh(hits: Sequence[Mapping[str, Any]], weight: float, cutoff: Cutoff) -> list[Weighed]:
    """`hits` of an explanation, in the order that this picture weight (0..1) and cut-off would give them."""
    weighed = [_weighed(hit, weight) for hit in hits]
    kept = [one for one in weighed if one.text is not None or _is_like(one.hit, cutoff)]
    # An exact phrase stands above whatever is only like the picture.
    return sorted(kept, key=lambda one: (not _is_phrase(one.hit), -one.total))


def _weighed(hit: Mapping[str, Any], weight: float) -> Weighed:
    text = float(hit["text"]["score"]) if hit.get("text") else None
    z = _z(hit)
    picture = None if z is None else min(1.0, max(0.0, (z - Z_NOTHING) / (Z_ALL - Z_NOTHING)))
    if text is None and picture is None:
        return Weighed(hit, None, None, float(hit.get("score") or 0.0))
    return Weighed(hit, text, picture, weight * (picture or 0.0) + (1 - weight) * (text or 0.0))


def _z(hit: Mapping[str, Any]) -> float | None:
    z = (hit.get("clip") or {}).get("z")
    return None if z is None else float(z)


def _is_like(hit: Mapping[str, Any], cutoff: Cutoff) -> bool:
    z = _z(hit)
    return cutoff == "off" or z is None or z >= (STRICTLY_LIKE if cutoff == "strict" else LIKE)


def _is_phrase(hit: Mapping[str, Any]) -> bool:
    return bool(hit.get("text")) and hit["text"].get("kind") == "phrase"
