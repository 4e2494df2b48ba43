"""What other weights would make of the hits of a search: the ranking's own rule, over what it explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allinone.extension.immich_ranking import SCORE_DIGITS
from allinone.search.calibration import Calibration, keep, strength
from allinone.search.hits import Cutoff
from allinone.search.ranking import PictureHit, TextHit, fuse

CUTOFFS: tuple[Cutoff, ...] = ("off", "normal", "strict")
STANDARD = Calibration(mean=0.0, deviation=1.0)  # z-scores stand in for similarities
FIRST_PLACE = datetime(9000, 1, 1)  # noqa: DTZ001 — wall clocks have no zone


@dataclass(frozen=True, slots=True)
class Weighed:
    """One hit. `text` and `picture` are 0..1; None where it was not found that way."""

    hit: Mapping[str, Any]
    text: float | None
    picture: float | None
    total: float


def weigh(hits: Sequence[Mapping[str, Any]], weight: float, cutoff: Cutoff) -> list[Weighed]:
    """`hits` of an explanation, in the order that this picture weight (0..1) and cut-off would give them."""
    by_id = {UUID(hit["assetId"]): hit for hit in hits}
    # Equal ones stay as they stood: their place takes the place of the date.
    places = {asset: FIRST_PLACE - timedelta(seconds=place) for place, asset in enumerate(by_id)}
    pictures = [_picture(asset, hit, places[asset]) for asset, hit in by_id.items() if hit.get("clip")]
    texts = [
        TextHit(asset, places[asset], round(float(hit["text"]["score"]), SCORE_DIGITS), hit["text"]["kind"])
        for asset, hit in by_id.items()
        if hit.get("text")
    ]
    shown = _kept(pictures, {hit.asset_id for hit in texts}, cutoff)
    ranked = fuse(texts, shown, picture_weight=weight)
    return [
        Weighed(by_id[one.asset_id], one.text_score, None if one.z is None else strength(one.z), min(one.score, 1.0))
        for one in ranked
    ]


def _picture(asset: UUID, hit: Mapping[str, Any], place: datetime) -> PictureHit:
    z = hit["clip"].get("z")
    return PictureHit(asset, place, float(hit["clip"]["similarity"]), None if z is None else float(z))


def _kept(pictures: Sequence[PictureHit], with_text: set[UUID], cutoff: Cutoff) -> list[PictureHit]:
    """Those like enough, and those that stay for their text."""
    if any(hit.z is None for hit in pictures):
        return list(pictures)  # too few photos for statistics: nothing is cut
    likest = sorted(pictures, key=lambda hit: -(hit.z or 0.0))
    kept = keep([hit.z or 0.0 for hit in likest], STANDARD, cutoff)
    return [*likest[:kept], *(hit for hit in likest[kept:] if hit.asset_id in with_text)]
