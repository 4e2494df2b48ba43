"""`./run bench text`: a text query as we ask it, not padded, beside the same graph padded to 52 tokens as cn_clip does.

ViT-B-16's text tower (RoBERTa-wwm-ext-base), all twelve layers, random weights: times do not depend on them. One core,
processor time, by turns, the least of each counts.
"""

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.clip_models import WORDS, by_turns, cosine, vit_b_16, write_text_tower
from rich.console import Console
from rich.table import Table

from allinone.photos_ai.models.word_pieces import CONTEXT
from allinone.photos_ai.sessions import open_session

QUERY = 10  # tokens, with [CLS] and [SEP]: 在海灘上奔跑的狗


@dataclass(frozen=True, slots=True)
class Figures:
    """A query of so many tokens."""

    tokens: int
    padded_ms: float
    ours_ms: float
    ratio: float
    cosine: float


def main(argv: list[str]) -> int:
    """Build the tower, ask it both ways, print what it took."""
    parser = argparse.ArgumentParser(prog="./run bench text", description=__doc__)
    parser.add_argument("--repeat", type=int, default=40, help="times each")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.onnx"
        write_text_tower(vit_b_16(), path)
        session = open_session(path)
        figures = [_measure(session, tokens, options.repeat) for tokens in (4, QUERY, 20, CONTEXT)]
    ratio = next(each.ratio for each in figures if each.tokens == QUERY)
    if options.json:
        Console().print_json(json.dumps({"ratio": ratio, "queries": [asdict(each) for each in figures]}))
    else:
        Console().print(_table(figures, ratio))
    return 0


def _measure(session: object, tokens: int, repeat: int) -> Figures:
    random = np.random.default_rng(tokens)
    ids = random.integers(1, WORDS, (1, tokens))
    padded = np.pad(ids, ((0, 0), (0, CONTEXT - tokens)))
    run = session.run  # type: ignore[attr-defined]
    ways = {"ours": lambda: run(None, {"text": ids}), "padded": lambda: run(None, {"text": padded})}
    took = by_turns(ways, repeat)
    same = cosine(ways["ours"]()[0], ways["padded"]()[0])
    return Figures(tokens, took["padded"], took["ours"], took["padded"] / took["ours"], same)


def _table(figures: list[Figures], ratio: float) -> Table:
    table = Table(title=f"A query of {QUERY} tokens: {ratio:.2f} × the padded graph")
    for column in ("tokens", "padded, ms", "ours, ms", "ratio", "cosine"):
        table.add_column(column, justify="right")
    for each in figures:
        cells = (f"{each.padded_ms:.1f}", f"{each.ours_ms:.1f}", f"{each.ratio:.2f}", f"{each.cosine:.7f}")
        table.add_row(str(each.tokens), *cells)
    return table
