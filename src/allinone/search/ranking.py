"""Two rankings become one. Pure: no clock, no database, the same answer for the same hits in any order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter, eq, itemgetter
from typing import NamedTuple
from uuid import UUID

from allinone.search.calibration import beyond_scale, strength
from allinone.search.hits import Fusion, RankedHit
from allinone.search.match import Kind

RANK_CONSTANT = 60
MOST_PICTURE_WEIGHT = 0.95  # above, a phrase could no longer stand above every picture
DIGITS = 6  # of a score; beyond them floating point, not likeness, would order the hits

_NUMBER = attrgetter("asset_id.int")
_TAKEN_AT, _SCORE = (itemgetter(RankedHit._fields.index(name)) for name in ("taken_at", "score"))


class TextHit(NamedTuple):
    """A photo found by its text; `score` 0..1, never 0."""

    asset_id: UUID
    taken_at: datetime | None
    score: float
    kind: Kind


class PictureHit(NamedTuple):
    """A photo found by its picture; `z` None where the library is too small for statistics."""

    asset_id: UUID
    taken_at: datetime | None
    similarity: float
    z: float | None


def rank_text(hits: Iterable[TextHit]) -> tuple[RankedHit, ...]:
    """A ranking by text alone."""
    # The matcher has rounded the scores. Made as tuples are, hits take half as long.
    make = RankedHit._make
    return _sorted([make((asset, score, taken_at, score, kind, None, None)) for asset, taken_at, score, kind in hits])


def rank_pictures(hits: Iterable[PictureHit]) -> tuple[RankedHit, ...]:
    """A ranking by likeness alone; the score is the cosine."""
    return _sorted(
        RankedHit(hit.asset_id, round(hit.similarity, DIGITS), hit.taken_at, similarity=hit.similarity, z=hit.z)
        for hit in hits
    )


def fuse(
    text: Sequence[TextHit], pictures: Sequence[PictureHit], *, picture_weight: float = 0.5, fusion: Fusion = "convex"
) -> tuple[RankedHit, ...]:
    """One ranking of both legs.

    A convex combination of text score and picture strength; reciprocal ranks where that is asked for, or where there
    are no statistics. A photo with the exact phrase is lifted above all that a picture alone can reach.
    """
    weight = min(max(picture_weight, 0.0), MOST_PICTURE_WEIGHT)
    # By the numbers of the ids, which take a tenth of the ids' own time to look up.
    by_text = {hit.asset_id.int: hit for hit in text}
    by_picture = {hit.asset_id.int: hit for hit in pictures}
    if fusion == "convex" and all(hit.z is not None for hit in pictures):
        text_part = {number: hit.score for number, hit in by_text.items()}
        picture_part = {number: strength(hit.z or 0.0) for number, hit in by_picture.items()}
    else:
        text_part = _reciprocal({number: hit.score for number, hit in by_text.items()})
        picture_part = _reciprocal({number: hit.similarity for number, hit in by_picture.items()})
    fused = []
    for number in by_text.keys() | by_picture.keys():
        score = (1 - weight) * text_part.get(number, 0.0) + weight * picture_part.get(number, 0.0)
        found, seen = by_text.get(number), by_picture.get(number)
        if found is not None and found.kind == "phrase":
            score = weight + (1 - weight) * score
        fused.append(_fused(found or by_picture[number], score, found, seen))
    return _sorted(fused)


def _fused(one: TextHit | PictureHit, score: float, text: TextHit | None, picture: PictureHit | None) -> RankedHit:
    return RankedHit(
        asset_id=one.asset_id,
        score=round(score, DIGITS),
        taken_at=one.taken_at,
        text_score=text.score if text else None,
        kind=text.kind if text else None,
        similarity=picture.similarity if picture else None,
        z=picture.z if picture else None,
    )


def _reciprocal(scores: dict[int, float]) -> dict[int, float]:
    """Scores by rank, 1 for the first; equal scores share a rank, so the order of input does not matter."""
    ranks = {score: rank for rank, score in enumerate(sorted(set(scores.values()), reverse=True))}
    return {asset: (RANK_CONSTANT + 1) / (RANK_CONSTANT + 1 + ranks[score]) for asset, score in scores.items()}


def _newest_first(dated: list[RankedHit]) -> list[RankedHit]:
    # As a rule they come in this order, and no two were taken in the same moment.
    dated.sort(key=_TAKEN_AT, reverse=True)
    moments = list(map(_TAKEN_AT, dated))
    if any(map(eq, moments, moments[1:])):
        dated.sort(key=_NUMBER)
        dated.sort(key=_TAKEN_AT, reverse=True)
    return dated


def _sorted(hits: Iterable[RankedHit]) -> tuple[RankedHit, ...]:
    """Best first; then the likest beyond the scale of strengths; then the newest, those without a date last; by id."""
    # Sorting is stable: several passes over plain values take a third of the time of one over tuples.
    every = list(hits)
    ordered = _newest_first([hit for hit in every if hit.taken_at is not None])
    if len(ordered) < len(every):
        ordered += sorted([hit for hit in every if hit.taken_at is None], key=_NUMBER)
    if any(hit.z is not None for hit in ordered):
        ordered.sort(key=lambda hit: beyond_scale(hit.z), reverse=True)
    ordered.sort(key=_SCORE, reverse=True)
    return tuple(ordered)
