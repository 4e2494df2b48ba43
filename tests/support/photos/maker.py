"""Invents photos: any number of them, all from one seed.

album = make_album(seed=7)
album[0].data        # the file's bytes
album[0].lines       # what it says, as written
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.photos import documents
from support.photos.camera import Lighting, age, blinds, box_corners, curl, dapple, expose, lay, light
from support.photos.sheet import Sheet, Written
from support.photos.textures import SURFACES, Picture
from support.photos.words import Script

Turn = Literal[0, 90, 180, 270]


@dataclass(frozen=True)
class Recipe:
    """How one photo is taken; what it says is left to chance.

    Attributes:
        kind: name of what is shown.
        script: of its words.
        draw: makes the sheet.
        flat: a screenshot or scan: no camera.
        size: longer side of the photo in pixels.
        slant: largest angle in degrees, to either side.
        turn: how far the pixels lie turned, clockwise, with nothing in the file that says so.
        exif: EXIF orientation; the pixels are stored accordingly.
        exposure: 1 is normal, 0.45 is dim.
        crumple: of the paper, 0..1.
        quality: of the encoder.
        suffix: file type.
        fill: how much of the photo the sheet fills, 0..1.
        motion: length of camera shake in pixels.
    """

    kind: str
    script: Script
    draw: documents.Draw
    flat: bool = False
    size: int = 1600
    slant: float = 6
    turn: Turn = 0
    exif: int = 1
    exposure: float = 1.0
    crumple: float = 0.3
    quality: int = 82
    suffix: str = ".jpg"
    fill: float = 0.86
    motion: float = 0


RECIPES: tuple[Recipe, ...] = (
    Recipe("receipt", "hant", documents.receipt),
    Recipe("receipt", "hans", documents.receipt, crumple=0.9, slant=10),
    Recipe("receipt", "latin", documents.receipt, quality=70),
    Recipe("sign", "hant", documents.sign, slant=12),
    Recipe("sign", "hans", documents.sign, quality=40),
    Recipe("sign", "latin", documents.sign, exposure=0.5),
    Recipe("plate", "hant", documents.number_plate, slant=15),
    Recipe("vertical", "hant", documents.vertical, slant=4),
    Recipe("vertical", "hans", documents.vertical, slant=3, crumple=0.1),
    Recipe("ticket", "hans", documents.ticket, turn=90),
    Recipe("ticket", "hant", documents.ticket, exif=6),
    Recipe("menu", "hant", documents.menu, exposure=0.55),
    Recipe("menu", "hans", documents.menu, suffix=".webp"),
    Recipe("chat", "hans", documents.chat, flat=True, suffix=".png", size=1500),
    Recipe("chat", "hant", documents.chat, flat=True, size=1400, quality=60),
    Recipe("note", "hant", documents.note, slant=8),
    Recipe("label", "latin", documents.label, slant=15),
    Recipe("banner", "hans", documents.banner, flat=True, size=1860),
    Recipe("neon", "hant", documents.neon, flat=True, size=1200),
    Recipe("tall", "hant", documents.tall, flat=True, size=2480),
    Recipe("receipt", "hant", documents.receipt, size=4000, fill=0.62, quality=75),
    Recipe("poster", "hans", documents.poster, size=400, slant=3, quality=75),
    Recipe("form", "hant", documents.form, turn=270, slant=3),
    Recipe("receipt", "hans", documents.receipt, turn=180, slant=3),
    Recipe("blank", "latin", documents.blank),
)


@dataclass(frozen=True)
class MadePhoto:
    """An invented photo.

    Attributes:
        name: file name.
        data: the file's bytes.
        kind: what it shows.
        script: of its words.
        lines: what it says.
    """

    name: str
    data: bytes = field(repr=False)
    kind: str
    script: Script
    lines: tuple[Written, ...]


def make_album(seed: int, count: int = len(RECIPES)) -> list[MadePhoto]:
    """`count` photos of every kind in turn; the same seed makes the same photos."""
    return [make_photo(seed * 1009 + place, RECIPES[place % len(RECIPES)], place) for place in range(count)]


def make_surprises(seed: int, count: int) -> list[MadePhoto]:
    """`count` photos taken in ways that are left to chance as well."""
    rng = np.random.default_rng(seed)
    return [make_photo(seed * 1013 + place, surprise(rng), place) for place in range(count)]


def surprise(rng: np.random.Generator) -> Recipe:
    """A recipe by chance: whatever a person may do to a photo and still read it."""
    plain = RECIPES[int(rng.integers(len(RECIPES) - 1))]
    if plain.flat:
        return replace(plain, quality=int(rng.integers(35, 95)), turn=_turn(rng), suffix=".jpg")
    small = plain.kind in ("poster", "plate", "sign")
    return replace(
        plain,
        size=int(rng.integers(500 if small else 1300, 4001)),
        slant=float(rng.uniform(0, 15)),
        turn=_turn(rng),
        exif=int(rng.choice([1, 1, 3, 6, 8])),
        exposure=float(rng.uniform(0.35, 1.15)),
        crumple=float(rng.uniform(0, 1.2)),
        quality=int(rng.integers(35, 95)),
        fill=float(rng.uniform(0.66, 0.95)),
        motion=float(rng.choice([0, 0, 3, 5])),
    )


def _turn(rng: np.random.Generator) -> Turn:
    turns: tuple[Turn, ...] = (0, 0, 0, 90, 180, 270)
    return turns[int(rng.integers(len(turns)))]


def make_photo(seed: int, recipe: Recipe, number: int = 0) -> MadePhoto:
    """One photo by a recipe."""
    rng = np.random.default_rng(seed)
    sheet = recipe.draw(rng, recipe.script)
    pixels = _scan(sheet, recipe, rng) if recipe.flat else _snap(sheet, recipe, rng)
    name = f"{number:02}-{recipe.kind}-{recipe.script}{recipe.suffix}"
    turns = -recipe.turn // 90 + {1: 0, 6: 1, 3: 2, 8: 3}[recipe.exif]
    stored = np.ascontiguousarray(np.rot90(pixels, turns))
    return MadePhoto(name, _encode(stored, recipe), recipe.kind, recipe.script, tuple(sheet.lines))


def _scan(sheet: Sheet, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.uint8]:
    if recipe.kind == "neon":
        lit = sheet.picture()[..., :3] * 0.95 + sheet.glow(7, 0.5) + sheet.glow(40, 0.6) + 0.03
        pixels = expose(lit, rng, blur=0.9, noise=0.02)
    else:
        pixels = np.asarray(sheet.image.convert("RGB"))
    scale = recipe.size / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _snap(sheet: Sheet, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay the sheet on something, light it, take the photo."""
    long, short = recipe.size, round(recipe.size * 0.75)
    upright = sheet.height > sheet.width
    size = (long, short) if upright else (short, long)
    scene = SURFACES[int(rng.integers(len(SURFACES)))](size, rng)
    scale = recipe.fill * min(size[0] / sheet.height, size[1] / sheet.width)
    degrees = float(rng.uniform(-recipe.slant, recipe.slant))
    scale *= 1 - abs(degrees) / 15 * 0.14
    paper = age(sheet.picture(), rng, crumple=recipe.crumple)
    if recipe.kind in ("receipt", "note") and recipe.size > 800:
        paper = curl(paper, rng, amount=0.006)
    corners = box_corners(
        (size[1] * rng.uniform(0.48, 0.52), size[0] * rng.uniform(0.48, 0.52)),
        (sheet.width * scale, sheet.height * scale),
        degrees=degrees,
        tilt=(float(rng.uniform(-0.06, 0.06)), float(rng.uniform(-0.04, 0.08))),
    )
    lay(scene, paper, corners, lift=recipe.size / 130)
    noise = 0.008 + 0.006 / recipe.exposure**2
    return expose(_lit(scene, recipe, rng), rng, blur=0.5 + recipe.size / 4000, noise=noise, motion=recipe.motion)


def _lit(scene: Picture, recipe: Recipe, rng: np.random.Generator) -> Picture:
    size = (scene.shape[0], scene.shape[1])
    shadows: list[Callable[[], Picture]] = [
        lambda: dapple(size, rng, softness=size[1] / 60),
        lambda: blinds(size, degrees=float(rng.uniform(-40, 40)), softness=size[1] / 40),
    ]
    if rng.random() < 0.6:
        scene = scene * (0.8 + 0.22 * shadows[int(rng.integers(2))]())[..., None]
    lighting = Lighting(
        exposure=recipe.exposure * float(rng.uniform(0.9, 1.05)),
        falloff=float(rng.uniform(0.05, 0.45)),
        direction=float(rng.uniform(0, 360)),
        warmth=float(rng.uniform(-0.5, 1.0)),
        vignette=float(rng.uniform(0, 0.35)),
    )
    return light(scene, lighting)


def _encode(pixels: NDArray[np.uint8], recipe: Recipe) -> bytes:
    target = io.BytesIO()
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    if recipe.exif != 1:
        exif[0x0112] = recipe.exif
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[recipe.suffix]
    image.save(target, kind, quality=recipe.quality, exif=exif)
    return target.getvalue()
