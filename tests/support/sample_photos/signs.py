"""A garage door, a neon sign at night, and a couplet on red paper."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from support.photos.camera import Lighting, age, box_corners, dapple, expose, lay, light
from support.photos.sheet import Sheet
from support.photos.textures import Picture, cloud, concrete, smooth_noise, tiles, wood
from support.sample_photos.shot import Shot
from support.sample_photos.typefaces import face


def garage() -> Shot:
    """A sign on a garage wall, and the plate of the car that stands below it all the same."""
    rng = np.random.default_rng(85)
    size = (1200, 1600)
    scene = tiles(size, rng, base=(0.83, 0.79, 0.7), count=9)
    rows = np.arange(1200, dtype=np.float32)[:, None]
    sign = Sheet(900, 470, (246, 246, 242))
    red = (196, 30, 36)
    sign.draw.rectangle((12, 12, 888, 458), outline=red, width=12)
    sign.draw.ellipse((52, 84, 292, 324), fill=red)
    sign.draw.rectangle((84, 178, 260, 230), fill=(246, 246, 242))
    sign.text((594, 58), "禁止停車", face("tc-black", 128), red, anchor="ma")
    sign.text((594, 222), "車庫出入口 24小時", face("tc-bold", 56), (30, 30, 34), anchor="ma")
    sign.text((594, 298), "違者拖吊 請勿占用", face("tc-bold", 52), (30, 30, 34), anchor="ma")
    sign.text((450, 384), "洽詢電話 02-2765-0183", face("tc-bold", 44), (30, 30, 34), anchor="ma")
    lay(scene, sign.picture(), box_corners((800, 286), (900, 470), degrees=1.5, tilt=(0.06, 0.02)), lift=9)
    _car(scene, rng)
    plate = Sheet(640, 270, (244, 245, 246))
    plate.draw.rounded_rectangle((6, 6, 634, 264), 26, outline=(30, 30, 34), width=7)
    for x in (120, 520):
        plate.draw.ellipse((x - 10, 22, x + 10, 42), fill=(90, 90, 92))
    plate.text((320, 158), "RKB-2857", face("bebas", 196), (24, 24, 28), anchor="mm")
    lay(
        scene,
        age(plate.picture(), rng, crumple=0.0),
        box_corners((800, 950), (430, 186), degrees=-0.6),
        lift=4,
    )
    lit = light(scene, Lighting(exposure=1.0, falloff=0.3, direction=250, warmth=0.25))
    lit *= (0.8 + 0.22 * dapple(size, rng, leaves=50, softness=22))[..., None]
    lit *= (1 - 0.08 * np.clip((rows - 1000) / 200, 0, 1))[..., None]
    return Shot("garage-sign.jpg", expose(lit, rng, noise=0.005), "2018:06:03 16:20:44", sign.lines + plate.lines)


def _car(scene: Picture, rng: np.random.Generator) -> None:
    """The back of a dark green car fills the lower part of the picture."""
    height, width = scene.shape[:2]
    art = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(art)
    draw.rounded_rectangle((120, 640, 1480, 1330), 130, fill=(38, 78, 74, 255))
    draw.polygon([(250, 690), (350, 560), (1250, 560), (1350, 690)], fill=(38, 78, 74, 255))
    draw.polygon([(300, 690), (376, 584), (1224, 584), (1300, 690)], fill=(26, 34, 40, 255))
    for left in (160, 1240):
        draw.rounded_rectangle((left, 742, left + 200, 852), 34, fill=(150, 22, 24, 255))
        draw.rounded_rectangle((left + 24, 766, left + 176, 806), 18, fill=(222, 62, 52, 255))
        draw.rounded_rectangle((left + 24, 814, left + 176, 834), 9, fill=(240, 190, 150, 255))
    draw.rounded_rectangle((520, 826, 1080, 1072), 26, fill=(30, 62, 60, 255))
    draw.rounded_rectangle((120, 1100, 1480, 1330), 60, fill=(30, 38, 42, 255))
    draw.rounded_rectangle((730, 742, 870, 790), 22, fill=(180, 186, 186, 255))
    body = np.asarray(art, np.float32) / 255
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    gloss = 1 + 0.75 * np.exp(-(((rows - 0.575) / 0.02) ** 2)) + 0.3 * np.exp(-(((rows - 0.66) / 0.05) ** 2))
    gloss = gloss * (0.86 + 0.3 * cloud((height, width), rng, cells=2, octaves=2))
    body[..., :3] = np.clip(body[..., :3] * gloss[..., None], 0, 1)
    alpha = cv2.GaussianBlur(body[..., 3], (0, 0), 1.2)
    shade = cv2.GaussianBlur(alpha, (0, 0), 50)
    scene *= (1 - 0.55 * shade)[..., None]
    scene *= (1 - alpha)[..., None]
    scene += cv2.GaussianBlur(body[..., :3], (0, 0), 1.0) * alpha[..., None]


def neon() -> Shot:
    """A noodle shop's neon signs on a rainy night."""
    rng = np.random.default_rng(96)
    height, width = 1500, 1125
    wall = concrete((height, width), rng, dark=(0.05, 0.055, 0.075), light=(0.13, 0.135, 0.16))
    _bokeh(wall, rng)
    signs = Sheet(width, height, (0, 0, 0, 255))
    pink, blue, amber = (255, 84, 120), (92, 214, 255), (255, 190, 84)
    signs.draw.rounded_rectangle((120, 130, 1005, 650), 60, outline=pink, width=11)
    signs.text((562, 168), "老街牛肉麵", face("tc-medium", 150), amber, anchor="ma")
    signs.text((562, 378), "紅燒・清燉・半筋半肉", face("tc-medium", 66), blue, anchor="ma")
    signs.text((562, 498), "BEEF NOODLES", face("inter", 88), pink, anchor="ma")
    signs.vertical((232, 770), "營業中", face("tc-medium", 122), blue, step=1.16)
    signs.text((700, 800), "深夜食堂", face("tc-medium", 104), pink, anchor="ma")
    signs.text((700, 952), "17:00 - 02:30", face("inter", 72), amber, anchor="ma")
    signs.text((700, 1062), "外帶專線 2391-4567", face("tc", 50), blue, anchor="ma")
    core = np.asarray(signs.image.convert("RGB"), np.float32) / 255
    tube = np.clip(core * 0.9 + cv2.GaussianBlur(core, (0, 0), 1.5) * 0.35, 0, 1)
    white = cv2.erode(core, np.ones((3, 3), np.uint8)).max(axis=2, keepdims=True) * 0.35
    scene = wall * (1 + 2.6 * signs.glow(60))
    scene += signs.glow(9, 0.62) + signs.glow(32, 0.62) + signs.glow(110, 0.5) + tube + white
    _wet_floor(scene, rng)
    lit = light(scene, Lighting(exposure=0.96, falloff=0.1, warmth=0.05, vignette=0.35))
    return Shot("neon-noodles.jpg", expose(lit, rng, blur=0.8, noise=0.005), "2023:11:24 21:08:33", signs.lines)


def _bokeh(scene: Picture, rng: np.random.Generator) -> None:
    height, width = scene.shape[:2]
    lights = np.zeros_like(scene)
    for _ in range(34):
        spot = (int(rng.uniform(0, width)), int(rng.uniform(0.02, 0.98) * height))
        if 0.08 < spot[1] / height < 0.8 and 0.08 < spot[0] / width < 0.92:
            continue
        colour = np.array([(1, 0.7, 0.35), (1, 0.42, 0.4), (0.45, 0.7, 1), (0.7, 1, 0.85)][rng.integers(4)])
        layer = np.zeros_like(scene)
        cv2.circle(
            layer,
            spot,
            int(rng.uniform(18, 60)),
            (colour * rng.uniform(0.15, 0.45)).tolist(),
            -1,
            cv2.LINE_AA,
        )
        lights += layer
    scene += cv2.GaussianBlur(lights, (0, 0), 2.5)


def _wet_floor(scene: Picture, rng: np.random.Generator) -> None:
    """The lowest part mirrors what is above it, rippled."""
    height, width = scene.shape[:2]
    edge = int(height * 0.84)
    rows, columns = np.mgrid[edge:height, 0:width].astype(np.float32)
    ripple = (smooth_noise((height - edge, width), (46, 9), rng) - 0.5) * (8 + (rows - edge) * 0.28)
    mirrored = cv2.remap(
        scene,
        columns + ripple,
        2 * edge - rows * 1.0 - (rows - edge) * 1.6 + ripple,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    blurred = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=4, sigmaY=16)
    scene[edge:] = blurred * 0.62 + 0.012
    scene[edge - 3 : edge + 3] *= 0.5


def couplet() -> Shot:
    """春聯 beside a wooden door: vertical text on red paper."""
    rng = np.random.default_rng(107)
    height, width = 1600, 1200
    scene = concrete((height, width), rng, dark=(0.62, 0.57, 0.5), light=(0.8, 0.76, 0.69))
    door = np.rot90(wood((640, 1300), rng, dark=(0.24, 0.11, 0.07), light=(0.45, 0.23, 0.13), planks=4)).copy()
    frame = np.rot90(wood((780, 1370), rng, dark=(0.17, 0.08, 0.05), light=(0.31, 0.16, 0.1), planks=1)).copy()
    _panel(scene, frame, (210, 290))
    _panel(scene, door, (280, 360))
    for x in (562, 638):
        cv2.circle(scene, (x, 980), 34, (0.2, 0.15, 0.08), 9, cv2.LINE_AA)
        cv2.circle(scene, (x, 976), 34, (0.72, 0.57, 0.27), 8, cv2.LINE_AA)
        cv2.circle(scene, (x, 940), 15, (0.66, 0.52, 0.25), -1, cv2.LINE_AA)
    lines = []
    for x, text in ((1082, "天增歲月人增壽"), (118, "春滿乾坤福滿門")):
        strip = _red_paper(176, 1180, rng)
        strip.vertical((88, 52), text, face("kai-bold", 132), (250, 205, 96), step=1.16)
        lines += strip.lines
        lay(scene, age(strip.picture(), rng, crumple=0.25), box_corners((x, 930), (178, 1190)), lift=6)
    across = _red_paper(660, 190, rng)
    across.text((330, 95), "四季平安", face("kai-bold", 146), (250, 205, 96), anchor="mm")
    lay(scene, age(across.picture(), rng, crumple=0.25), box_corners((600, 186), (670, 192)), lift=6)
    fortune = _red_paper(250, 250, rng)
    fortune.text((125, 125), "福", face("kai-bold", 190), (250, 205, 96), anchor="mm")
    lay(scene, fortune.picture(), box_corners((600, 640), (250, 250), degrees=45), lift=6)
    scene *= (0.72 + 0.34 * dapple((height, width), rng, leaves=46, softness=24))[..., None]
    lit = light(scene, Lighting(exposure=1.08, falloff=0.28, direction=230, warmth=0.35))
    written = lines + across.lines + fortune.lines
    return Shot("couplet-door.jpg", expose(lit, rng, noise=0.005), "2022:02:01 10:02:18", written)


def _panel(scene: Picture, panel: Picture, at: tuple[int, int]) -> None:
    sheet = np.concatenate([panel, np.ones((*panel.shape[:2], 1), np.float32)], axis=2)
    high, wide = panel.shape[:2]
    x, y = at
    corners = np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]], np.float32)
    lay(scene, sheet, corners, lift=7, shadow=0.5)


def _red_paper(width: int, height: int, rng: np.random.Generator) -> Sheet:
    sheet = Sheet(width, height, (188, 28, 32))
    for _ in range(width * height // 2600):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        size = rng.uniform(0.6, 2.4)
        sheet.draw.ellipse((x, y, x + size, y + size), fill=(214, 142, 62))
    sheet.draw.rectangle((10, 10, width - 11, height - 11), outline=(224, 162, 74), width=3)
    return sheet
