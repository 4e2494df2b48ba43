"""A flat sheet on which text is written, and which remembers what was written."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from support.photos.textures import Picture

Ink = tuple[int, int, int] | tuple[int, int, int, int]
Direction = Literal["across", "down"]


@dataclass(frozen=True)
class Written:
    """One line of text that a photo shows.

    Attributes:
        text: as it was written.
        direction: "down" for vertical text.
        row: lines of one row stand side by side; None where nothing is beside it.
    """

    text: str
    direction: Direction = "across"
    row: int | None = None


@dataclass
class Sheet:
    """A sheet of `width` x `height` pixels."""

    width: int
    height: int
    colour: Ink = (255, 255, 255)
    lines: list[Written] = field(default_factory=list)
    rows: int = 0

    def __post_init__(self) -> None:
        self.image = Image.new("RGBA", (self.width, self.height), self.colour)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        font: ImageFont.FreeTypeFont,
        ink: Ink = (20, 20, 22),
        *,
        anchor: str = "la",
        row: int | None = None,
        note: bool = True,
    ) -> float:
        """Write one line; the answer is its width in pixels."""
        self.draw.text(at, text, font=font, fill=ink, anchor=anchor)
        if note:
            self.lines.append(Written(text, "across", row))
        return float(self.draw.textlength(text, font=font))

    def pair(
        self,
        y: float,
        left: str,
        right: str,
        font: ImageFont.FreeTypeFont,
        ink: Ink = (20, 20, 22),
        *,
        margin: float = 40,
    ) -> None:
        """Write two texts of one row, one at each edge."""
        self.rows += 1
        self.text((margin, y), left, font, ink, row=self.rows)
        self.text((self.width - margin, y), right, font, ink, anchor="ra", row=self.rows)

    def vertical(
        self,
        at: tuple[float, float],
        text: str,
        font: ImageFont.FreeTypeFont,
        ink: Ink = (20, 20, 22),
        *,
        step: float = 1.12,
        note: bool = True,
    ) -> None:
        """Write one line from top to bottom; `at` is the middle of its upper edge."""
        x, y = at
        for character in text:
            self.draw.text((x, y), character, font=font, fill=ink, anchor="ma")
            y += font.size * step
        if note:
            self.lines.append(Written(text, "down"))

    def rule(self, y: float, ink: Ink = (60, 60, 60), *, margin: float = 40, dash: int = 0, weight: int = 2) -> None:
        """Draw a line across, dashed where `dash` says how long a dash is."""
        if not dash:
            self.draw.line((margin, y, self.width - margin, y), fill=ink, width=weight)
            return
        for x in range(int(margin), int(self.width - margin), dash * 2):
            self.draw.line((x, y, x + dash, y), fill=ink, width=weight)

    def barcode(self, box: tuple[int, int, int, int], rng: np.random.Generator, ink: Ink = (20, 20, 22)) -> None:
        """Draw bars that look like a bar code (and encode nothing)."""
        x, top, right, bottom = box
        unit = max(2, (right - x) // 130)
        while x < right:
            thick = unit * int(rng.integers(1, 4))
            self.draw.rectangle((x, top, min(x + thick - 1, right), bottom), fill=ink)
            x += thick + unit * int(rng.integers(1, 4))

    def matrix_code(self, at: tuple[int, int], side: int, rng: np.random.Generator, ink: Ink = (20, 20, 22)) -> None:
        """Draw squares that look like a QR code (and encode nothing)."""
        count = 29
        cells = rng.random((count, count)) < 0.48
        for down, across in ((0, 0), (0, count - 7), (count - 7, 0)):
            cells[max(down - 1, 0) : down + 8, max(across - 1, 0) : across + 8] = False
            cells[down : down + 7, across : across + 7] = True
            cells[down + 1 : down + 6, across + 1 : across + 6] = False
            cells[down + 2 : down + 5, across + 2 : across + 5] = True
        unit = side / count
        for down, across in zip(*np.nonzero(cells), strict=True):
            left, top = at[0] + across * unit, at[1] + down * unit
            self.draw.rectangle((left, top, left + unit - 0.4, top + unit - 0.4), fill=ink)

    def fade(self, rng: np.random.Generator, *, amount: float = 0.25) -> None:
        """Let the print fade in places, as a thermal printer's does."""
        pixels = np.asarray(self.image, np.float32)
        cells = rng.random((max(3, self.height // 140), 3)).astype(np.float32)
        patches = Image.fromarray((cells * 255).astype(np.uint8)).resize(self.image.size, Image.Resampling.BICUBIC)
        strength = np.asarray(patches, np.float32)[..., None] / 255 * amount
        paper = np.asarray(self.colour[:3], np.float32)
        pixels[..., :3] += (paper - pixels[..., :3]) * strength
        self.image = Image.fromarray(pixels.astype(np.uint8), "RGBA")
        self.draw = ImageDraw.Draw(self.image)

    def glow(self, radius: float, strength: float = 1.0) -> Picture:
        """The sheet's light around itself, as a neon sign's: (H, W, 3)."""
        blurred = self.image.convert("RGB").filter(ImageFilter.GaussianBlur(radius))
        return np.asarray(blurred, np.float32) / 255 * np.float32(strength)

    def picture(self) -> Picture:
        """The sheet as RGBA, float32 (H, W, 4) in 0..1."""
        return np.asarray(self.image, np.float32) / 255
