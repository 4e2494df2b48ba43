"""What a download tells whoever waits for it."""

from typing import Protocol


class DownloadView(Protocol):
    """Somewhere to show how far it has come."""

    def step(self, text: str) -> None:
        """Something begins whose end cannot be foretold."""

    def transfer(self, name: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes of a file are on disk; called for every chunk. None: nobody knows how many."""
