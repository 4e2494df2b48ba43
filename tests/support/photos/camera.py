"""From a flat sheet to a photo of it: paper, folds, perspective, shadows, light, lens, sensor."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from support.photos.textures import Picture, Size, cloud, smooth_noise


def age(sheet: Picture, rng: np.random.Generator, *, crumple: float = 0.3, fibres: float = 0.02) -> Picture:
    """Shade an RGBA sheet (H, W, 4) as used paper: fibres, dents and a few sharp creases."""
    height, width = sheet.shape[:2]
    size = (height, width)
    relief = cloud(size, rng, cells=3, octaves=4)
    for _ in range(round(crumple * 14)):
        angle = rng.uniform(0, np.pi)
        centre = rng.random(2) * (width, height)
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        side = (columns - centre[0]) * np.cos(angle) + (rows - centre[1]) * np.sin(angle)
        relief += np.abs(side) / max(size) * np.float32(rng.uniform(-0.5, 0.5))
    slope = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3)
    slope *= max(size) / 9.0
    light = 1 + np.clip(slope, -1.2, 1.2) * crumple * 0.22
    grain = smooth_noise(size, (height / 2.2, width / 2.2), rng) - 0.5
    shaded = sheet.copy()
    shaded[..., :3] = np.clip(sheet[..., :3] * (light + grain * fibres)[..., None], 0, 1)
    return shaded


def curl(sheet: Picture, rng: np.random.Generator, *, amount: float = 0.012) -> Picture:
    """Bend an RGBA sheet: wavy edges, and light that follows the waves; a margin is added around it."""
    height, width = sheet.shape[:2]
    margin = int(amount * max(height, width) * 1.6) + 3
    framed = cv2.copyMakeBorder(sheet, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    rows, columns = np.mgrid[0 : framed.shape[0], 0 : framed.shape[1]].astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, 2)
    waves = rng.uniform(0.6, 1.3, 2)
    down = np.sin(rows / height * waves[0] * 2 * np.pi + phase[0])
    along = np.sin(columns / width * waves[1] * np.pi + phase[1])
    reach = np.float32(amount * max(height, width))
    bent = cv2.remap(
        framed,
        columns + (down * reach * 0.8).astype(np.float32),
        rows + (along * reach * 0.55).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    shade = 1 + 0.06 * np.cos(rows / height * waves[0] * 2 * np.pi + phase[0])
    bent[..., :3] = np.clip(bent[..., :3] * shade[..., None], 0, 1)
    return bent.astype(np.float32)


def lay(
    scene: Picture,
    sheet: Picture,
    corners: NDArray[np.float32],
    *,
    lift: float = 10,
    shadow: float = 0.45,
    towards: tuple[float, float] = (0.7, 1.0),
) -> None:
    """Put an RGBA sheet into the scene, in place.

    Args:
        scene: the picture to draw into.
        sheet: what to lay, (h, w, 4).
        corners: (4, 2) pixels in the scene, clockwise from the sheet's top left.
        lift: how far its shadow falls, in pixels.
        shadow: how dark the shadow is, 0..1.
        towards: direction of the shadow, (right, down).
    """
    height, width = sheet.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = corners.astype(np.float32)
    across = max(float(np.linalg.norm(target[1] - target[0])), 1.0)
    shrink = width / across
    if shrink > 1.6:
        sheet = cv2.GaussianBlur(sheet, (0, 0), 0.32 * shrink)
    matrix = cv2.getPerspectiveTransform(source, target)
    warped = cv2.warpPerspective(
        sheet, matrix, (scene.shape[1], scene.shape[0]), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0)
    )
    alpha = warped[..., 3]
    if shadow:
        move = np.array([[1, 0, lift * towards[0]], [0, 1, lift * towards[1]]], np.float32)
        for reach, share in ((lift * 1.4, 0.65), (max(lift * 0.3, 1.2), 0.35)):
            cast = cv2.warpAffine(alpha, move, (scene.shape[1], scene.shape[0]))
            cast = cv2.GaussianBlur(cast, (0, 0), max(reach, 0.8))
            scene *= (1 - shadow * share * cast)[..., None]
    scene *= (1 - alpha)[..., None]
    scene += warped[..., :3] * alpha[..., None]


def box_corners(
    centre: tuple[float, float],
    size: tuple[float, float],
    *,
    degrees: float = 0,
    tilt: tuple[float, float] = (0, 0),
) -> NDArray[np.float32]:
    """Corners of a turned rectangle seen at a slant.

    Args:
        centre: of the rectangle, pixels.
        size: its width and height, pixels.
        degrees: turned clockwise by.
        tilt: how much (across, down) its far side is shorter than its near side, about -0.3..0.3.
    """
    wide, high = size[0] / 2, size[1] / 2
    points = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]], np.float32)
    depth = 1 + tilt[0] * points[:, 0] / max(wide, 1) * 0.5 + tilt[1] * points[:, 1] / max(high, 1) * 0.5
    points = points * depth[:, None]
    turn = np.deg2rad(degrees)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
    return (points @ spin + np.asarray(centre, np.float32)).astype(np.float32)


@dataclass(frozen=True)
class Lighting:
    """How the scene is lit.

    Attributes:
        exposure: 1 is normal, 0.4 is dim.
        falloff: how much darker the far side of the picture is, 0..1.
        direction: where the light comes from, degrees clockwise from the right.
        warmth: white balance, -1 (blue) .. 1 (orange).
        vignette: darkening of the corners, 0..1.
    """

    exposure: float = 1.0
    falloff: float = 0.25
    direction: float = 215.0
    warmth: float = 0.15
    vignette: float = 0.2


def light(scene: Picture, lighting: Lighting) -> Picture:
    """Light a scene."""
    height, width = scene.shape[:2]
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    turn = np.deg2rad(lighting.direction)
    towards = columns * np.float32(np.cos(turn)) + rows * np.float32(np.sin(turn))
    gain = 1 + lighting.falloff * towards * 0.5
    gain = gain * (1 - lighting.vignette * np.clip(rows**2 + columns**2 - 0.35, 0, None) * 0.6)
    tint = np.array([1 + 0.1 * lighting.warmth, 1 + 0.01 * lighting.warmth, 1 - 0.14 * lighting.warmth], np.float32)
    return np.clip(scene * (gain * lighting.exposure)[..., None] * tint, 0, 1.2).astype(np.float32)


def dapple(size: Size, rng: np.random.Generator, *, leaves: int = 60, softness: float = 14) -> Picture:
    """Shadows of leaves outside the picture: (H, W), 1 is lit, 0 is shaded."""
    height, width = size
    mask = np.zeros(size, np.float32)
    for _ in range(leaves):
        centre = (int(rng.normal(0.1, 0.35) * width), int(rng.normal(0.15, 0.35) * height))
        axes = (int(rng.uniform(0.03, 0.08) * width), int(rng.uniform(0.008, 0.02) * width))
        cv2.ellipse(mask, centre, axes, float(rng.normal(35, 28)), 0, 360, 1.0, -1, cv2.LINE_AA)
    return (1 - cv2.GaussianBlur(mask, (0, 0), softness)).astype(np.float32)


def blinds(size: Size, *, degrees: float = 24, bars: float = 7, softness: float = 16) -> Picture:
    """Light through a blind or a window's bars: (H, W), 1 is lit, 0 is shaded."""
    height, width = size
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    turn = np.deg2rad(degrees)
    along = (rows * np.cos(turn) + columns * np.sin(turn)) / max(size) * bars
    lit = ((along % 1) < 0.68).astype(np.float32)
    return cv2.GaussianBlur(lit, (0, 0), softness)


def expose(
    scene: Picture, rng: np.random.Generator, *, blur: float = 0.6, noise: float = 0.012, motion: float = 0
) -> NDArray[np.uint8]:
    """What the sensor makes of a scene: uint8 RGB.

    Args:
        scene: lit, 0..1 and above (clipped softly).
        rng: source of the grain.
        blur: of the lens, sigma in pixels.
        noise: standard deviation of the grain, 0..1.
        motion: length of camera shake in pixels.
    """
    if motion >= 2:
        length = int(motion)
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, length // 2 - length // 6), (length - 1, length // 2 + length // 6), 1.0, 1)
        scene = cv2.filter2D(scene, -1, kernel / kernel.sum())
    if blur > 0.2:
        scene = cv2.GaussianBlur(scene, (0, 0), blur)
    soft = np.where(scene > 0.9, 0.9 + 0.1 * np.tanh((scene - 0.9) / 0.1), scene)
    grain = rng.normal(0, noise, scene.shape).astype(np.float32)
    grain = 0.6 * grain + 0.4 * grain.mean(axis=2, keepdims=True) * 1.7
    return (np.clip(soft + grain, 0, 1) * 255 + 0.5).astype(np.uint8)
