"""What cn_clip.tokenize makes of texts."""

import numpy as np
from cn_clip_import import import_cn_clip


def answer(values, arrays, folder):
    """`texts` to "tokens", shape (texts, 52); `vocabulary` is where to write cn_clip's own vocab.txt."""
    clip = import_cn_clip()
    if values.get("vocabulary"):
        from pathlib import Path

        from cn_clip.clip import bert_tokenizer

        Path(values["vocabulary"]).write_bytes(Path(bert_tokenizer.default_vocab()).read_bytes())
    tokens = clip.tokenize(values["texts"]).numpy() if values["texts"] else np.zeros((0, 52), np.int64)
    return {}, {"tokens": tokens}
