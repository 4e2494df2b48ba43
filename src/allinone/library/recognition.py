"""What the library needs of others: somebody who reads pictures, and somewhere to put what was read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.database.pool import Connection
from allinone.wire.ocr import OcrLine


class Recognizer(Protocol):
    """Reads pictures: RGB, upright, shape (height, width, 3)."""

    @property
    def clip_model(self) -> str | None:
        """The model whose vectors it makes; None where none is on disk."""

    async def read_text(self, pixels: NDArray[np.uint8]) -> list[OcrLine]:
        """The lines of text in reading order."""

    async def embed_image(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The L2-normalised vector, shape (dim,)."""


class AssetIndex(Protocol):
    """Holds what was read. With `connection`, a call is part of that connection's transaction."""

    async def put_text(
        self,
        asset_id: UUID,
        owner_id: UUID,
        taken_at: datetime,
        lines: Sequence[OcrLine],
        *,
        connection: Connection | None = None,
    ) -> None:
        """Replace the asset's text."""

    async def put_vector(
        self,
        asset_id: UUID,
        owner_id: UUID,
        taken_at: datetime,
        model: str,
        vector: NDArray[np.float32],
        *,
        connection: Connection | None = None,
    ) -> None:
        """Replace the asset's vector."""

    async def remove(self, asset_ids: Sequence[UUID], *, connection: Connection | None = None) -> None:
        """Forget the assets."""
