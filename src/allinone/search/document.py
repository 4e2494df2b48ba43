"""What is kept of an asset's text to match queries against, made once from its lines."""

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from allinone.search.characters import fold
from allinone.search.geometry import ROW, Chain, find_chains
from allinone.wire.ocr import OcrLine

ROW_SEAM, COLUMN_SEAM, LETTER_SEAM = SEAMS = "\x1e\x1f\x1d"
"""What stands between two lines of a chain (the last: between single characters one under the other); no
folded text contains them."""


class Place(NamedTuple):
    """Characters [start, end) of the folded line number `line`."""

    line: int
    start: int
    end: int


class ChainText(NamedTuple):
    """The lines of a chain as one text, and where each begins in it."""

    text: str
    chain: Chain
    starts: tuple[int, ...]

    def places(self, start: int, end: int) -> list[Place]:
        """The parts of lines that [start, end) of the text covers."""
        ends = (*(begin - 1 for begin in self.starts[1:]), len(self.text))
        return [
            Place(line, max(start, first) - first, min(end, last) - first)
            for line, first, last in zip(self.chain.lines, self.starts, ends, strict=True)
            if start < last and end > first
        ]


class Document(NamedTuple):
    """The text of one asset, folded.

    Attributes:
        folded: its lines, folded, joined by line breaks; as many lines as were recognised.
        chains: which lines go on in which, as `pack_chains` writes it.
        confidences: the recogniser's confidence for each line, packed as 32-bit floats.
    """

    folded: str
    chains: str
    confidences: bytes

    @classmethod
    def of(cls, lines: Sequence[OcrLine]) -> "Document":
        """The document made of an asset's lines, none of which may have a line break in it."""
        # One call for the whole text: per-line calls cost more than the folding itself.
        folded = fold("\n".join(line.text for line in lines))
        confidences = [_confidence(line.text_score) for line in lines]
        return cls(folded, pack_chains(find_chains(lines)), struct.pack(f"<{len(lines)}f", *confidences))

    def confidence(self, line: int) -> float:
        """The confidence of one line, 0..1."""
        value: float = struct.unpack_from("<f", self.confidences, 4 * line)[0]
        return value

    def place(self, start: int, end: int) -> Place:
        """Where [start, end) of `folded`, which must not cross a line break, stands."""
        begin = self.folded.rfind("\n", 0, start) + 1
        return Place(self.folded.count("\n", 0, start), start - begin, end - begin)

    def chain_texts(self) -> Iterator[ChainText]:
        """The lines of each chain as one text."""
        if not self.chains:
            return
        lines = self.folded.split("\n")
        for chain in unpack_chains(self.chains):
            texts = [lines[index] for index in chain.lines]
            starts = accumulate((len(text) + 1 for text in texts[:-1]), initial=0)
            joined = texts[0] + "".join(_seam(chain.kind, before, after) + after for before, after in pairwise(texts))
            yield ChainText(joined, chain, tuple(starts))


def _seam(kind: str, before: str, after: str) -> str:
    if kind == ROW:
        return ROW_SEAM
    return LETTER_SEAM if len(before.strip()) == len(after.strip()) == 1 else COLUMN_SEAM


def _confidence(score: float) -> float:
    """A confidence that scores may be multiplied by: finite, and never so small that a match vanishes."""
    return min(max(score, 0.01), 1.0) if math.isfinite(score) else 0.5


def pack_chains(chains: Sequence[Chain]) -> str:
    """Chains as short text: "r0 1;c2 3 4"."""
    return ";".join(chain.kind + " ".join(map(str, chain.lines)) for chain in chains)


def unpack_chains(packed: str) -> list[Chain]:
    """The reverse of `pack_chains`."""
    return [Chain(part[0], tuple(map(int, part[1:].split()))) for part in packed.split(";") if part]
