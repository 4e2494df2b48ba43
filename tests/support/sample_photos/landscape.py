"""Mountains behind a lake at dusk: a photo without any text."""

import cv2
import numpy as np

from support.photos.camera import Lighting, expose, light
from support.photos.textures import Picture, blend, cloud, smooth_noise
from support.sample_photos.shot import Shot

_SHORE = 800


def lake() -> Shot:
    """Layers of hills in the haze, the sun behind them, and their image in the water."""
    rng = np.random.default_rng(140)
    height, width = 1200, 1600
    scene = _sky(height, width, rng)
    for step in range(5):
        _ridge(scene, step / 4, rng)
    _water(scene, rng)
    _reeds(scene, rng)
    lit = light(scene, Lighting(exposure=1.0, falloff=0.06, warmth=0.12, vignette=0.22))
    return Shot("landscape.jpg", expose(lit, rng, blur=0.7, noise=0.005), "2016:11:05 17:04:13", [])


def _sky(height: int, width: int, rng: np.random.Generator) -> Picture:
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    sky = blend((0.2, 0.28, 0.47), (0.98, 0.7, 0.48), np.clip(rows * 1.75, 0, 1) ** 1.25)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot(xs - 1010, (ys - 520) * 1.05)
    sun = np.clip(46 - away, 0, 1)
    sky += np.exp(-away / 170)[..., None] * np.array([0.55, 0.34, 0.14], np.float32)
    sky = sky * (1 - sun[..., None]) + np.array([1.0, 0.93, 0.74], np.float32) * sun[..., None]
    drift = cv2.resize(cloud((height, width // 6), rng, cells=7, octaves=6), (width, height))
    veil = np.clip((drift - 0.5) * 4, 0, 1) * np.clip(1.15 - rows * 1.9, 0, 1)
    glow = blend((0.62, 0.45, 0.5), (1.0, 0.76, 0.56), np.clip(rows * 2, 0, 1))
    return (sky * (1 - 0.55 * veil[..., None]) + glow * 0.55 * veil[..., None]).astype(np.float32)


def _ridge(scene: Picture, nearness: float, rng: np.random.Generator) -> None:
    width = scene.shape[1]
    xs = np.arange(width, dtype=np.float32) / width
    line = np.zeros(width, np.float32)
    for octave in range(8):
        count = 2.2 * 1.9**octave
        knots = rng.random(int(count) + 3)
        line += np.interp(xs * count, np.arange(knots.size), knots).astype(np.float32) * 0.54**octave
    line = (line - line.mean()) * (150 - 30 * nearness)
    line = cv2.GaussianBlur(line[None, :], (0, 0), 3.0 - 2.4 * nearness)[0]
    crest = 500 + 230 * nearness - line
    ys = np.arange(_SHORE, dtype=np.float32)[:, None]
    mask = np.clip(ys - crest[None, :] + 0.5, 0, 1)[..., None]
    depth = np.clip((ys - crest[None, :]) / 210, 0, 1)
    far, near = np.array([0.7, 0.53, 0.55]), np.array([0.09, 0.13, 0.19])
    body = (far + (near - far) * nearness**0.8).astype(np.float32)
    haze = np.array([0.95, 0.7, 0.55], np.float32)
    mist = (0.62 * (1 - nearness) + 0.12) * depth[..., None]
    scene[:_SHORE] = scene[:_SHORE] * (1 - mask) + (body * (1 - mist) + haze * mist) * mask


def _water(scene: Picture, rng: np.random.Generator) -> None:
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[_SHORE:height, 0:width].astype(np.float32)
    depth = (rows - _SHORE) / (height - _SHORE)
    ripple = smooth_noise((height - _SHORE, width), (90, 12), rng) - 0.5
    fine = smooth_noise((height - _SHORE, width), (200, 60), rng) - 0.5
    shift = (ripple * 20 + fine * 12) * (0.15 + depth * 1.5)
    mirrored = cv2.remap(
        scene,
        columns + shift * 0.4,
        2 * _SHORE - rows + shift,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    mirrored = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=2.5, sigmaY=1.2)
    tint = np.array([0.8, 0.83, 0.9], np.float32) * (0.92 - 0.3 * depth[..., None])
    scene[_SHORE:] = mirrored * tint + (fine * 0.05 * depth)[..., None]
    mist = np.exp(-(((np.arange(height, dtype=np.float32) - _SHORE) / 16) ** 2))[:, None, None] * 0.42
    scene *= 1 - mist
    scene += mist * np.array([0.93, 0.71, 0.58], np.float32)


def _reeds(scene: Picture, rng: np.random.Generator) -> None:
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(210):
        foot = float(rng.beta(0.7, 2.6)) * width * 0.62 - 20
        tall, lean = rng.uniform(90, 330) * (1 - foot / width), rng.normal(22, 30)
        along = np.linspace(0, 1, 14)
        points = np.stack([foot + lean * along**2, height + 10 - tall * along], axis=1).astype(np.int32)
        cv2.polylines(mask, [points], False, 1.0, int(rng.integers(2, 5)), cv2.LINE_AA)
        if rng.random() < 0.35:
            head = (int(points[-1][0]), int(points[-1][1]))
            cv2.ellipse(mask, head, (5, 22), lean * 0.4, 0, 360, 1.0, -1, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.1)[..., None]
    scene *= 1 - mask
    scene += mask * np.array([0.045, 0.06, 0.075], np.float32)
