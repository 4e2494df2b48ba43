"""A result of `bench search` as a small picture for the documentation."""

import math
from collections.abc import Mapping, Sequence
from html import escape

LABEL, WIDTH, ROW, BAR, TOP = 180, 640, 26, 9, 44
OURS, PEER = "#2563eb", "#d97706"
LEAST, MOST = 0.5, 20_000.0  # milliseconds
INK = 'fill="#6b7280"'


def _x(milliseconds: float) -> float:
    share = math.log(max(milliseconds, LEAST) / LEAST) / math.log(MOST / LEAST)
    return LABEL + (WIDTH - LABEL - 60) * min(share, 1.0)


def _bar(y: float, milliseconds: float, colour: str) -> str:
    end = _x(milliseconds)
    text = f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.1f}"
    return (
        f'<rect x="{LABEL}" y="{y:.0f}" width="{end - LABEL:.1f}" height="{BAR}" fill="{colour}"/>'
        f'<text x="{end + 4:.1f}" y="{y + BAR - 1:.0f}" font-size="9" {INK}>{text}</text>'
    )


def plot(title: str, ours: Sequence[Mapping[str, object]], peer: Sequence[Mapping[str, object]]) -> str:
    """Bars of the 95th percentile of each query's best round, by class of queries, on a logarithmic scale."""
    height = TOP + ROW * len(ours) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<text x="0" y="14" font-size="13" {INK}>{escape(title)}</text>',
        f'<rect x="0" y="23" width="9" height="9" fill="{OURS}"/><text x="14" y="31" font-size="11" {INK}>ours</text>',
    ]
    if peer:
        parts.append(
            f'<rect x="60" y="23" width="9" height="9" fill="{PEER}"/>'
            f'<text x="74" y="31" font-size="11" {INK}>Immich\'s rule</text>'
        )
    others = {row["queries"]: row for row in peer}
    for number, row in enumerate(ours):
        y = TOP + ROW * number
        parts.append(f'<text x="0" y="{y + 12}" font-size="11" {INK}>{escape(str(row["queries"]))}</text>')
        parts.append(_bar(y, float(str(row["best_p95"])), OURS))
        other = others.get(row["queries"])
        if other is not None:
            parts.append(_bar(y + BAR + 1, float(str(other["best_p95"])), PEER))
    return "\n".join([*parts, "</svg>", ""])
