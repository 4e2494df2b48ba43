"""Things that lie around in the sample photos."""

import cv2
import numpy as np

from support.photos.textures import Picture


def disc(scene: Picture, centre: tuple[float, float], radius: float) -> Picture:
    """Coverage (H, W) of a disc with a soft edge."""
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]].astype(np.float32)
    distance = np.hypot(columns - centre[0], rows - centre[1])
    return np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)


def _paint(scene: Picture, mask: Picture, colour: Picture | tuple[float, float, float]) -> None:
    scene *= (1 - mask)[..., None]
    scene += np.asarray(colour, np.float32) * mask[..., None]


def _cast(scene: Picture, mask: Picture, move: float, softness: float, darkness: float) -> None:
    shift = np.array([[1, 0, move * 0.7], [0, 1, move]], np.float32)
    shadow = cv2.warpAffine(mask, shift, (mask.shape[1], mask.shape[0]))
    scene *= (1 - darkness * cv2.GaussianBlur(shadow, (0, 0), softness))[..., None]


def cup(
    scene: Picture,
    centre: tuple[float, float],
    radius: float,
    *,
    china: tuple[float, float, float] = (0.93, 0.91, 0.88),
    milk: bool = True,
) -> None:
    """Draw a cup of coffee on its saucer, seen from above, into the scene."""
    x, y = centre
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]].astype(np.float32)
    slope = (columns - x) * 0.6 + (rows - y) * 0.8
    saucer = disc(scene, centre, radius * 1.55)
    _cast(scene, saucer, radius * 0.14, radius * 0.13, 0.55)
    distance = np.hypot(columns - x, rows - y) / radius
    ring = 0.93 + 0.05 * np.sin((distance - 0.9) * 9) - 0.07 * slope / radius / 1.55
    _paint(scene, saucer, np.asarray(china, np.float32) * ring[..., None])
    handle = np.zeros(scene.shape[:2], np.float32)
    end = (int(x + radius * 1.32), int(y - radius * 0.5))
    cv2.line(handle, (int(x + radius * 0.8), int(y - radius * 0.3)), end, 1.0, int(radius * 0.24), cv2.LINE_AA)
    handle = cv2.GaussianBlur(handle, (0, 0), 1.2)
    wall = disc(scene, centre, radius)
    _cast(scene, np.maximum(wall, handle), radius * 0.16, radius * 0.1, 0.45)
    _paint(scene, handle, tuple(0.97 * part for part in china))
    _paint(scene, wall, np.asarray(china, np.float32) * (1.02 - 0.08 * slope / radius)[..., None])
    inside = disc(scene, centre, radius * 0.9)
    _paint(scene, inside, np.asarray(china, np.float32) * (0.84 + 0.16 * slope / radius)[..., None])
    coffee = disc(scene, (x + radius * 0.015, y + radius * 0.02), radius * 0.81)
    edge = np.clip((distance / 0.81) ** 6, 0, 1)
    brew = np.array([0.46, 0.28, 0.15], np.float32) - edge[..., None] * np.array([0.2, 0.13, 0.07], np.float32)
    _paint(scene, coffee, brew)
    if milk:
        _pour(scene, centre, radius, coffee)


def _pour(scene: Picture, centre: tuple[float, float], radius: float, coffee: Picture) -> None:
    """A heart of milk foam inside a paler ring."""
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]].astype(np.float32)
    x = (columns - centre[0]) / (radius * 0.5)
    y = -(rows - centre[1]) / (radius * 0.5) + 0.12
    heart = (x**2 + y**2 - 1) ** 3 - x**2 * y**3
    distance = np.hypot(x, y)
    for reach, strength in ((0.0, 0.94), (0.9, 0.22)):
        foam = np.clip((reach - np.cbrt(heart)) * 12 + 0.5, 0, 1) * np.clip(3 - distance, 0, 1)
        foam = cv2.GaussianBlur(foam.astype(np.float32), (0, 0), radius * 0.012) * coffee
        _paint(scene, foam * np.float32(strength), (0.94, 0.86, 0.73))


def pen(scene: Picture, start: tuple[float, float], end: tuple[float, float], thick: float) -> None:
    """Draw a black pen with a metal tip."""
    first, last = np.asarray(start, np.float32), np.asarray(end, np.float32)
    body = np.zeros(scene.shape[:2], np.float32)
    tip_start = first + (last - first) * 0.86
    cv2.line(body, _at(first), _at(tip_start), 1.0, int(thick), cv2.LINE_AA)
    tip = np.zeros_like(body)
    side = np.array([-(last - first)[1], (last - first)[0]], np.float32)
    side = side / np.linalg.norm(side) * thick / 2
    points = np.stack([tip_start + side, last, tip_start - side]).astype(np.int32)
    cv2.fillPoly(tip, [points], 1.0, cv2.LINE_AA)
    _cast(scene, np.maximum(body, tip), thick * 0.5, thick * 0.4, 0.55)
    _paint(scene, cv2.GaussianBlur(body, (0, 0), 0.8), (0.1, 0.11, 0.13))
    shine = np.zeros_like(body)
    cv2.line(
        shine,
        _at(first - side * 0.4),
        _at(tip_start - side * 0.4),
        1.0,
        max(2, int(thick * 0.14)),
        cv2.LINE_AA,
    )
    _paint(scene, cv2.GaussianBlur(shine, (0, 0), 1.4) * 0.6, (0.75, 0.78, 0.8))
    _paint(scene, cv2.GaussianBlur(tip, (0, 0), 0.8), (0.72, 0.71, 0.69))


def _at(point: Picture) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def leaf(scene: Picture, start: tuple[float, float], length: float, degrees: float, width: float = 0.3) -> None:
    """Draw a green leaf."""
    turn = np.deg2rad(degrees)
    along = np.linspace(0, 1, 40)
    half = width * length * np.sin(np.pi * along**0.8) * 0.5
    line = np.stack([along * length, np.sin(along * 2.2) * length * 0.06], axis=1)
    outline = np.concatenate([line + np.stack([0 * half, half], 1), (line - np.stack([0 * half, half], 1))[::-1]])
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [(outline @ spin + start).astype(np.int32)], 1.0, cv2.LINE_AA)
    _cast(scene, mask, length * 0.05, length * 0.03, 0.5)
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]].astype(np.float32)
    across = -(columns - start[0]) * np.sin(turn) + (rows - start[1]) * np.cos(turn)
    shade = 0.9 + 0.25 * np.sign(across) * 0.5 + across / length * 0.5
    green = np.array([0.24, 0.42, 0.2], np.float32) * shade[..., None]
    _paint(scene, cv2.GaussianBlur(mask, (0, 0), 0.9), green)
    vein = np.zeros_like(mask)
    cv2.polylines(vein, [(line @ spin + start).astype(np.int32)], False, 1.0, max(1, int(length * 0.012)), cv2.LINE_AA)
    _paint(scene, cv2.GaussianBlur(vein, (0, 0), 0.7) * 0.8, (0.5, 0.63, 0.38))


def tape(scene: Picture, corners: Picture, *, strength: float = 0.42) -> None:
    """Lay a strip of translucent sticky tape."""
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0, cv2.LINE_AA)
    _cast(scene, mask, 3, 3, 0.15)
    _paint(scene, cv2.GaussianBlur(mask, (0, 0), 0.8) * strength, (0.95, 0.9, 0.74))


def pin(scene: Picture, at: tuple[float, float], radius: float, colour: tuple[float, float, float]) -> None:
    """Stick a pin into a board."""
    head = disc(scene, at, radius)
    _cast(scene, head, radius * 0.9, radius * 0.4, 0.6)
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]].astype(np.float32)
    away = np.hypot(columns - at[0] + radius * 0.35, rows - at[1] + radius * 0.4) / radius
    shade = np.clip(1.25 - 0.5 * away, 0.5, 1.25)
    _paint(scene, head, np.asarray(colour, np.float32) * shade[..., None])
    _paint(scene, disc(scene, (at[0] - radius * 0.3, at[1] - radius * 0.35), radius * 0.2) * 0.8, (1, 1, 1))
