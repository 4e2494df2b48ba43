"""Our word pieces are cn_clip's, whatever the text."""

from pathlib import Path

import numpy as np

from allinone.photos_ai.models.word_pieces import CONTEXT, WordPieces
from support.reference import Reference
from support.strange_texts import strange_texts

COUNT = 10_000


def test_tokens_are_those_of_cn_clip(reference: Reference, tmp_path: Path) -> None:
    texts = strange_texts(COUNT)
    vocabulary = tmp_path / "vocab.txt"
    expected = reference.ask("chinese_clip_tokens", texts=texts, vocabulary=str(vocabulary)).arrays["tokens"]
    pieces = WordPieces(vocabulary)
    assert len(texts) == len(expected) == COUNT
    wrong = []
    for text, row in zip(texts, expected, strict=True):
        tokens = pieces.encode(text)
        if not np.array_equal(tokens + [0] * (CONTEXT - len(tokens)), row):
            wrong.append((text, tokens, row[row != 0].tolist()))
    assert not wrong, f"{len(wrong)} of {COUNT} differ, such as {wrong[:3]!r}"
    # the texts are worth comparing: most have several pieces, many fill all there is, many have unknown words
    lengths = (expected != 0).sum(axis=1)
    assert np.median(lengths) >= 15
    assert (lengths == CONTEXT).mean() > 0.15
    assert 0.2 < (expected == pieces.encode("\ud800")[1]).any(axis=1).mean() < 0.8


def test_where_other_tokenizers_differ(reference: Reference, tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    odd = ("[SEP]", "\U0002b830", "\U0002b91f", "ΟΔΟΣ ΟΔΟΣ.", "İI", "\ue000a", "\U0003ffff", "x" * 150)
    texts = [f"a{each}b" for each in odd]
    rows = reference.ask("chinese_clip_tokens", texts=texts, vocabulary=str(vocabulary)).arrays["tokens"]
    pieces = WordPieces(vocabulary)
    for text, row in zip(texts, rows, strict=True):
        tokens = pieces.encode(text)
        assert tokens == row[: len(tokens)].tolist(), text
        assert not row[len(tokens) :].any()
