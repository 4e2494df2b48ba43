"""Previews as Immich makes them, of several contents, from one seed."""

from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.photos import maker

SHORTER_SIDE, QUALITY = 1440, 80  # Immich's defaults
PAPERS = ("receipt", "sign", "vertical", "menu", "chat", "neon")


def make_previews(subsampling: str = "4:4:4") -> dict[str, bytes]:
    """JPEGs by what they show; Immich's own have 4:4:4."""
    pictures = {recipe.kind: _photo(recipe) for recipe in maker.RECIPES if recipe.kind in PAPERS}
    pictures["soft scene"] = _scene(1440, 1920, roughness=1.5, seed=1)
    pictures["scene"] = _scene(1440, 2160, roughness=1.35, seed=2)
    pictures["foliage"] = _scene(1920, 1440, roughness=1.2, seed=3)
    return {name: _preview(picture, subsampling) for name, picture in pictures.items()}


def _photo(recipe: maker.Recipe) -> Image.Image:
    made = maker.make_photo(7, replace(recipe, size=2200, turn=0, exif=1, suffix=".jpg", quality=95))
    return Image.open(BytesIO(made.data)).convert("RGB")


def _scene(height: int, width: int, *, roughness: float, seed: int) -> Image.Image:
    """Detail at every scale, as in nature: its spectrum falls with the frequency to the power of `roughness`."""
    random = np.random.default_rng(seed)
    distance = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    distance[0, 0] = 1
    layers = [_layer(random, distance**-roughness, (height, width)) for _ in range(3)]
    light = layers[0]
    colours = np.stack([light + 0.3 * layers[1], light, light + 0.3 * layers[2]], axis=-1)
    return Image.fromarray((120 + 50 * colours).clip(0, 255).astype(np.uint8))


def _layer(random: np.random.Generator, spectrum: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    waves = (random.standard_normal(spectrum.shape) + 1j * random.standard_normal(spectrum.shape)) * spectrum
    layer: NDArray[np.float64] = np.fft.irfft2(waves, size)
    return layer / layer.std()


def _preview(picture: Image.Image, subsampling: str) -> bytes:
    scale = SHORTER_SIDE / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    stream = BytesIO()
    resized = picture.resize(size, Image.Resampling.LANCZOS)
    resized.save(stream, "JPEG", quality=QUALITY, subsampling=subsampling, optimize=True)
    return stream.getvalue()
