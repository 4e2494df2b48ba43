"""What is kept of an asset's text to match queries against, made once from its lines."""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from allinone.search.characters import fold_all
from allinone.search.geometry import ROW, Chain, find_chains
from allinone.search.lines import LineNumbers
from allinone.wire.ocr import OcrLine

ROW_SEAM, COLUMN_SEAM, LETTER_SEAM = SEAMS = "\x1e\x1f\x1d"
"""What stands between two lines of a chain (the last: between single characters one under the other); no
folded text contains them."""

_LEAST_CONFIDENCE = 0.01


class Place(NamedTuple):
    """Characters [start, end) of the folded line number `line`."""

    line: int
    start: int
    end: int


class Document(NamedTuple):
    """The text of one asset, folded.

    Attributes:
        folded: its lines, folded, joined by line breaks; as many lines as were recognised.
        joined: each chain of lines as one text, with seams between its lines; the chains joined by line breaks.
        chains: which lines each chain has, as `pack_chains` writes it.
        confidences: the recogniser's confidence for each line, packed as 32-bit floats.
    """

    folded: str
    joined: str
    chains: str
    confidences: bytes

    def confidence(self, line: int) -> float:
        """The confidence of one line, 0..1."""
        value: float = struct.unpack_from("<f", self.confidences, 4 * line)[0]
        return value

    def place(self, start: int, end: int) -> Place:
        """Where [start, end) of `folded`, which must not cross a line break, stands."""
        begin = self.folded.rfind("\n", 0, start) + 1
        return Place(self.folded.count("\n", 0, start), start - begin, end - begin)

    def places(self, start: int, end: int) -> tuple[Place, ...]:
        """The parts of lines that [start, end) of `joined`, which must not cross a line break, covers."""
        first = self.joined.rfind("\n", 0, start) + 1
        lines = self.folded.split("\n")
        covered = []
        for line in self.chain(start).lines:
            last = first + len(lines[line])
            if start < last and end > first:
                covered.append(Place(line, max(start, first) - first, min(end, last) - first))
            first = last + 1
        return tuple(covered)

    def chain(self, at: int) -> Chain:
        """The chain whose text stands at `at` of `joined`."""
        return unpack_chains(self.chains)[self.joined.count("\n", 0, at)]


def documents_of(photos: Sequence[Sequence[OcrLine]], numbers: LineNumbers) -> list[Document]:
    """The document of each photo, made of its lines, none of which may have a line break in it.

    `numbers` are those of all lines, as `line_numbers` has them.
    """
    counts = [len(lines) for lines in photos]
    folded = fold_all(["\n".join([line.text for line in lines]) for lines in photos])
    chains = find_chains(numbers[:, :8], [line.text for lines in photos for line in lines], counts)
    confidences = _confidences(numbers)
    bounds = pairwise(accumulate((4 * count for count in counts), initial=0))
    return [
        Document(text, _join(text, found), pack_chains(found), confidences[start:end])
        for text, found, (start, end) in zip(folded, chains, bounds, strict=True)
    ]


def _confidences(numbers: LineNumbers) -> bytes:
    """Confidences that scores may be multiplied by: finite, and never so small that a match vanishes."""
    scores = numbers[:, 9]
    usable = np.where(np.isfinite(scores), np.clip(scores, _LEAST_CONFIDENCE, 1.0), 0.5)
    return usable.astype("<f4").tobytes()


def _join(text: str, chains: Sequence[Chain]) -> str:
    lines = text.split("\n") if chains else []
    return "\n".join(_join_chain(chain.kind, [lines[line] for line in chain.lines]) for chain in chains)


def _join_chain(kind: str, texts: Sequence[str]) -> str:
    if kind == ROW:
        return ROW_SEAM.join(texts)
    single = [len(text.strip()) == 1 for text in texts]
    if not any(single):
        return COLUMN_SEAM.join(texts)
    seams = [LETTER_SEAM if one and other else COLUMN_SEAM for one, other in pairwise(single)]
    return texts[0] + "".join([seam + text for seam, text in zip(seams, texts[1:], strict=True)])


def pack_chains(chains: Sequence[Chain]) -> str:
    """Chains as short text: "r0 1;c2 3 4"."""
    return ";".join(chain.kind + " ".join(map(str, chain.lines)) for chain in chains)


def unpack_chains(packed: str) -> list[Chain]:
    """The reverse of `pack_chains`."""
    return [Chain(part[0], tuple(map(int, part[1:].split()))) for part in packed.split(";") if part]
