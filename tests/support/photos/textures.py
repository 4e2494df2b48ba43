"""What photographed things lie on: procedural surfaces, float32 RGB pictures (H, W, 3) in 0..1."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Colour = tuple[float, float, float]
Size = tuple[int, int]
"""Height, width in pixels."""


def smooth_noise(size: Size, cells: tuple[float, float], rng: np.random.Generator) -> Picture:
    """Noise in 0..1 of shape (H, W) with about `cells` (down, across) bumps."""
    grid = rng.random((max(2, round(cells[0]) + 1), max(2, round(cells[1]) + 1))).astype(np.float32)
    large = cv2.resize(grid, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 1).astype(np.float32)


def cloud(size: Size, rng: np.random.Generator, *, cells: float = 3, octaves: int = 5) -> Picture:
    """Fractal noise in 0..1 of shape (H, W)."""
    longest = max(size)
    total = np.zeros(size, np.float32)
    weight = 0.0
    for octave in range(octaves):
        count = cells * 2**octave
        share = 0.55**octave
        total += share * smooth_noise(size, (count * size[0] / longest, count * size[1] / longest), rng)
        weight += share
    return total / np.float32(weight)


def blend(low: Colour, high: Colour, amount: Picture) -> Picture:
    """From colour `low` to `high` by `amount` (H, W) in 0..1."""
    first = np.asarray(low, np.float32)
    return first + (np.asarray(high, np.float32) - first) * amount[..., None]


def wood(
    size: Size,
    rng: np.random.Generator,
    *,
    dark: Colour = (0.36, 0.22, 0.12),
    light: Colour = (0.68, 0.47, 0.29),
    planks: int = 3,
) -> Picture:
    """Planks running from left to right."""
    height, width = size
    rows = np.arange(height, dtype=np.float32)[:, None] / height
    plank = np.minimum((rows * planks).astype(int), planks - 1)
    offset = rng.random(planks).astype(np.float32)[plank] * 7
    warp = smooth_noise(size, (planks * 2.5, 2.5), rng)
    rings = 0.5 + 0.5 * np.sin((rows * planks * 5 + warp * 3.2 + offset) * 2 * np.pi)
    fibres = smooth_noise(size, (height / 2.5, width / 160), rng)
    streaks = smooth_noise(size, (height / 16, 3), rng)
    tone = rng.uniform(-0.12, 0.12, planks).astype(np.float32)[plank]
    amount = 0.3 * rings + 0.32 * fibres + 0.38 * streaks + tone
    board = blend(dark, light, np.clip(amount, 0, 1))
    if planks > 1:
        seam = np.abs((rows * planks) % 1 - 0.5) * 2
        edge = 1 - 0.62 * np.clip((seam - (1 - 7 * planks / height)) * height / (7 * planks), 0, 1)
        board = board * edge[..., None]
    return board.astype(np.float32)


def stone(size: Size, rng: np.random.Generator, *, base: Colour = (0.9, 0.885, 0.86), chips: int = 420) -> Picture:
    """A terrazzo counter."""
    height, width = size
    picture = np.broadcast_to(np.asarray(base, np.float32), (height, width, 3)).copy()
    palette = [
        (0.72, 0.66, 0.6),
        (0.55, 0.56, 0.57),
        (0.83, 0.72, 0.62),
        (0.4, 0.43, 0.46),
        (0.97, 0.96, 0.95),
    ]
    for _ in range(chips):
        centre = rng.random(2) * (width, height)
        radius = rng.gamma(2.0, 0.0045) * max(size) + 2
        angles = np.sort(rng.random(rng.integers(4, 8))) * 2 * np.pi
        spread = radius * rng.uniform(0.6, 1.15, angles.size)
        points = centre + np.stack([np.cos(angles) * spread, np.sin(angles) * spread * 0.85], axis=1)
        colour = np.asarray(palette[rng.integers(len(palette))]) + rng.normal(0, 0.03)
        cv2.fillPoly(picture, [points.astype(np.int32)], colour.tolist(), cv2.LINE_AA)
    picture += (cloud(size, rng, cells=4) - 0.5)[..., None] * 0.05
    return np.clip(picture, 0, 1).astype(np.float32)


def linen(
    size: Size,
    rng: np.random.Generator,
    *,
    dark: Colour = (0.55, 0.57, 0.58),
    light: Colour = (0.8, 0.81, 0.8),
) -> Picture:
    """Coarse woven cloth."""
    height, width = size
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    pitch = 5.0
    sway = cloud(size, rng, cells=5) * 14
    across = np.sin((rows + sway) * np.pi / pitch)
    down = np.sin((columns + sway) * np.pi / pitch)
    weave = np.where(across * down > 0, np.abs(across), np.abs(down))
    threads = 0.5 * smooth_noise(size, (height / 5, width / 90), rng) + 0.5 * smooth_noise(
        size, (height / 90, width / 5), rng
    )
    folds = cloud(size, rng, cells=2, octaves=3)
    return blend(dark, light, np.clip(0.34 * weave + 0.36 * threads + 0.42 * folds - 0.04, 0, 1))


def concrete(
    size: Size,
    rng: np.random.Generator,
    *,
    dark: Colour = (0.42, 0.42, 0.42),
    light: Colour = (0.68, 0.67, 0.65),
) -> Picture:
    """Rough plaster, asphalt or concrete."""
    amount = 0.6 * cloud(size, rng, cells=4, octaves=6) + 0.4 * cloud(size, rng, cells=60, octaves=3)
    picture = blend(dark, light, np.clip((amount - 0.5) * 1.9 + 0.5, 0, 1))
    pits = smooth_noise(size, (size[0] / 4, size[1] / 4), rng) > 0.95
    return (picture * (1 - 0.22 * cv2.GaussianBlur(pits.astype(np.float32), (0, 0), 1.0))[..., None]).astype(np.float32)


def cork(size: Size, rng: np.random.Generator) -> Picture:
    """A pin board."""
    grains = 0.5 * cloud(size, rng, cells=90, octaves=2) + 0.5 * cloud(size, rng, cells=28, octaves=4)
    picture = blend((0.5, 0.33, 0.19), (0.86, 0.68, 0.46), np.clip((grains - 0.5) * 2.2 + 0.5, 0, 1))
    specks = smooth_noise(size, (size[0] / 9, size[1] / 9), rng)
    dark = cv2.GaussianBlur((specks > 0.93).astype(np.float32), (0, 0), 1.6)
    return (picture * (1 - 0.5 * dark)[..., None]).astype(np.float32)


def tiles(size: Size, rng: np.random.Generator, *, base: Colour = (0.78, 0.8, 0.8), count: int = 5) -> Picture:
    """A tiled wall."""
    height, width = size
    side = max(size) / count
    rows = (np.arange(height, dtype=np.float32)[:, None] / side) % 1
    columns = (np.arange(width, dtype=np.float32)[None, :] / side) % 1
    gap = np.minimum(np.minimum(rows, 1 - rows), np.minimum(columns, 1 - columns))
    face = np.clip((gap - 0.012) / 0.02, 0, 1)
    shade = 0.93 + 0.09 * cloud(size, rng, cells=count) + 0.03 * (1 - rows) * np.ones_like(columns)
    return (blend((0.45, 0.45, 0.44), base, face) * shade[..., None]).astype(np.float32)


SURFACES: tuple[Callable[[Size, np.random.Generator], Picture], ...] = (
    wood,
    stone,
    linen,
    concrete,
    cork,
    tiles,
)
"""All surfaces by their defaults."""
