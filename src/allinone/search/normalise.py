"""Folded text with the way back to the original, for highlighting."""

from dataclasses import dataclass

from allinone.search.characters import fold


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and where each of its characters came from.

    Attributes:
        text: the folded text.
        origins: for each folded character, the index of the original character it came from; ascending.
        original_length: length of the original text.
    """

    text: str
    origins: tuple[int, ...]
    original_length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span [start, end) that the folded span [start, end) came from; never outside."""
        if start >= end or start >= len(self.origins):
            return (self.original_length, self.original_length)
        last = min(end, len(self.origins)) - 1
        # Marks that folded to nothing belong to the character before them.
        after = self.origins[last + 1] if last + 1 < len(self.origins) else self.original_length
        return (self.origins[start], max(after, self.origins[last] + 1))


def fold_with_offsets(text: str) -> Folded:
    """Fold `text`, remembering which original character each folded one came from."""
    pieces = [fold(character) for character in text]
    origins = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    return Folded("".join(pieces), origins, len(text))
