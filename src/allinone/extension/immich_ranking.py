"""Scores what Immich gave and what our index found, and puts both in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allinone.extension.immich_likeness import Likeness
from allinone.search.calibration import keep
from allinone.search.hits import Cutoff, Fusion, RankedHit, RankRequest
from allinone.search.index import SearchIndex
from allinone.search.preferences import Preference
from allinone.search.query import ParsedQuery
from allinone.search.ranking import TextHit, fuse, rank_text

SCORE_DIGITS = 1
"""Of a text's score. That a line was read with 0.97 or 0.99 certainty tells nothing about what somebody looks for, so
equally good texts stand newest first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How both legs are weighed for whoever asks. `weight`: of the picture, 0..1."""

    weight: float
    cutoff: Cutoff
    fusion: Fusion

    @classmethod
    def of(cls, chosen: Preference, *, weight: float, cutoff: Cutoff) -> "Rule":
        """What somebody chose, and the settings for what they did not."""
        mine = chosen.picture_weight
        return cls(weight if mine is None else mine, chosen.cutoff or cutoff, chosen.fusion or "convex")


@dataclass(frozen=True, slots=True)
class Fused:
    """One order of both; `all_like`: no picture was too unlike, so there may be more behind them."""

    hits: tuple[RankedHit, ...]
    all_like: bool


def fuse_all(
    text: Sequence[RankedHit],
    pictures: Mapping[UUID, Mapping[str, Any]],
    likeness: Likeness,
    rule: Rule,
    *,
    excluded: frozenset[UUID] = frozenset(),
) -> Fused:
    """One ranking.

    Args:
        text: what the index found.
        pictures: what Immich's own search gave, likest first.
        likeness: of both.
        rule: how both are weighed, and which pictures are left out.
        excluded: pictures whose text has what the query excludes.
    """
    hits = [hit for one, item in pictures.items() if (hit := likeness.hit(one, taken_at(item))) is not None]
    hits.sort(key=lambda hit: -hit.similarity)
    kept = keep([hit.similarity for hit in hits], likeness.calibration, rule.cutoff)
    shown = [hit for hit in hits[:kept] if hit.asset_id not in excluded]
    if not text and not shown:
        return Fused((), all_like=False)
    if not shown and not any(hit.asset_id in likeness.similarities for hit in text):
        return Fused(rank_text(_text_hits(text)), all_like=False)
    seen = {hit.asset_id for hit in shown}
    for found in text:
        like = likeness.hit(found.asset_id, found.taken_at) if found.asset_id not in seen else None
        if like is not None:
            shown.append(like)
    ranked = fuse(_text_hits(text), shown, picture_weight=rule.weight, fusion=rule.fusion)
    return Fused(ranked, all_like=kept == len(hits))


def rank_by_text(text: Sequence[RankedHit]) -> tuple[RankedHit, ...]:
    """By text alone."""
    return rank_text(_text_hits(text))


def _text_hits(text: Sequence[RankedHit]) -> list[TextHit]:
    return [
        TextHit(hit.asset_id, hit.taken_at, round(hit.text_score, SCORE_DIGITS), hit.kind)
        for hit in text
        if hit.text_score is not None and hit.kind is not None
    ]


def taken_at(item: Mapping[str, Any]) -> datetime | None:
    """When an asset of Immich's was taken, on the wall clock there."""
    value = item.get("localDateTime")
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None) if isinstance(value, str) else None
    except ValueError:
        return None


async def excluded_by_text(
    index: SearchIndex, query: ParsedQuery, shelves: Sequence[UUID], asset_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Those of the assets whose text has something that the query excludes.

    Raises:
        DatabaseUnavailable: our database does not answer.
    """
    found: set[UUID] = set()
    for term in query.excluded:
        request = RankRequest(f'"{term.text}"', shelves, within=asset_ids, text_only=True)
        ranking = await index.rank_all(request)
        found.update(hit.asset_id for hit in ranking.hits if hit.kind == "phrase")
    return frozenset(found)
