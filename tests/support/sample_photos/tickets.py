"""Two tickets, a parcel, and a box of tablets."""

import cv2
import numpy as np

from support.photos.camera import Lighting, age, blinds, box_corners, dapple, expose, lay, light
from support.photos.sheet import Sheet
from support.photos.textures import Picture, cloud, concrete, linen, wood
from support.sample_photos import props
from support.sample_photos.shot import Shot
from support.sample_photos.typefaces import face

_INK = (32, 32, 40)


def train() -> Shot:
    """火车票 on a dark jacket; the pixels lie on their side, and no EXIF says so."""
    rng = np.random.default_rng(41)
    sheet = Sheet(1180, 740, (206, 224, 232))
    for row in range(0, sheet.height, 9):
        points = [(x, row + 5 * np.sin(x / 37 + row / 50)) for x in range(0, sheet.width + 20, 20)]
        sheet.draw.line(points, fill=(187, 211, 223), width=2)
    sheet.draw.rectangle((0, 640, 1180, 740), fill=(133, 178, 201))
    sheet.text((60, 44), "E074829", face("inter-bold", 44), (196, 60, 60))
    sheet.text((1120, 44), "检票口 12B", face("sc-medium", 40), _INK, anchor="ra")
    sheet.text((70, 118), "晴川北站", face("sc-bold", 72), _INK)
    sheet.text((590, 130), "G1372", face("inter-bold", 62), _INK, anchor="ma")
    sheet.draw.line((470, 218, 710, 218, 686, 204), fill=_INK, width=4)
    sheet.text((1110, 118), "云湖东站", face("sc-bold", 72), _INK, anchor="ra")
    sheet.text((84, 212), "Qingchuanbei", face("inter", 32), _INK)
    sheet.text((1096, 212), "Yunhudong", face("inter", 32), _INK, anchor="ra")
    sheet.pair(286, "2021年10月02日 09:36开", "06车 11F号", face("sc-medium", 44), _INK, margin=70)
    sheet.pair(352, "￥219.5元", "二等座", face("sc-medium", 44), _INK, margin=70)
    sheet.text((70, 424), "限乘当日当次车", face("sc", 38), _INK)
    sheet.text((70, 482), "4401****2816 林小满", face("sc", 38), _INK)
    sheet.text((74, 562), "请乘客妥善保管车票 祝您旅途愉快", face("sc", 34), _INK)
    sheet.text((74, 664), "26371300821002E074829 晴川北售", face("sc", 34), _INK)
    sheet.matrix_code((900, 424), 190, rng, _INK)
    scene = linen((1200, 1600), rng, dark=(0.1, 0.12, 0.19), light=(0.27, 0.3, 0.4))
    ticket = age(_rounded(sheet.picture(), 34), rng, crumple=0.25)
    lay(scene, ticket, box_corners((800, 610), (1240, 780), degrees=-5, tilt=(0.02, 0.07)), lift=12)
    scene *= (0.85 + 0.18 * blinds((1200, 1600), degrees=-30, bars=3.5, softness=34))[..., None]
    lit = light(scene, Lighting(exposure=1.02, falloff=0.36, direction=225, warmth=0.22))
    pixels = expose(lit, rng, noise=0.005)
    return Shot("train-ticket.jpg", np.ascontiguousarray(np.rot90(pixels)), "2021:10:02 09:11:30", sheet.lines)


def _rounded(sheet: Picture, radius: int) -> Picture:
    mask = np.zeros(sheet.shape[:2], np.float32)
    high, wide = mask.shape
    cv2.rectangle(mask, (radius, radius), (wide - radius, high - radius), 1.0, -1)
    mask = (cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (radius * 2 - 1,) * 2))).astype(np.float32)
    shaped = sheet.copy()
    shaped[..., 3] *= mask
    return shaped


def cinema() -> Shot:
    """Two 電影票 on concrete."""
    rng = np.random.default_rng(52)
    scene = concrete((1100, 1600), rng, dark=(0.3, 0.32, 0.35), light=(0.56, 0.57, 0.58))
    front = _cinema_ticket(rng, "F排 12號")
    back = _cinema_ticket(rng, "F排 13號")
    lay(scene, back.picture(), box_corners((890, 480), (1210, 500), degrees=17, tilt=(0.02, 0.03)), lift=9)
    lay(
        scene,
        age(front.picture(), rng, crumple=0.2),
        box_corners((780, 650), (1240, 512), degrees=-4),
        lift=15,
    )
    for spot in ((1420, 880), (1340, 960), (1480, 990), (180, 190), (262, 150)):
        _popcorn(scene, spot, rng)
    lit = light(scene, Lighting(exposure=1.06, falloff=0.4, direction=200, warmth=0.3, vignette=0.32))
    return Shot("cinema-ticket.jpg", expose(lit, rng, noise=0.005), "2019:12:21 18:52:10", front.lines)


def _cinema_ticket(rng: np.random.Generator, seat: str) -> Sheet:
    sheet = Sheet(1240, 512, (238, 216, 172))
    red, ink = (168, 44, 38), (58, 30, 24)
    sheet.draw.rectangle((22, 22, 1218, 490), outline=red, width=4)
    sheet.draw.rectangle((34, 34, 1206, 478), outline=red, width=2)
    sheet.text((84, 60), "星河大戲院", face("tc-serif-black", 76), red)
    sheet.text((88, 158), "XINGHE GRAND THEATRE", face("inter-bold", 30), red)
    sheet.text((84, 214), "片名：夏夜的螢火", face("tc-serif-bold", 50), ink)
    sheet.text((84, 290), "2019/12/21（六）19:10", face("tc-serif-bold", 44), ink)
    sheet.text((84, 354), f"3 廳  {seat}", face("tc-serif-bold", 54), ink)
    sheet.text((84, 428), "全票 280 元　逾場作廢", face("tc-serif", 34), ink)
    for y in range(48, 470, 18):
        sheet.draw.line((924, y, 924, y + 9), fill=red, width=3)
    sheet.text((1066, 66), "入場券", face("tc-serif-black", 62), red, anchor="ma")
    sheet.text((1066, 164), seat, face("tc-serif-bold", 44), ink, anchor="ma")
    sheet.text((1066, 228), "No. 048213", face("inter-bold", 36), ink, anchor="ma")
    sheet.matrix_code((974, 284), 176, rng, ink)
    return sheet


def _popcorn(scene: Picture, at: tuple[float, float], rng: np.random.Generator) -> None:
    for _ in range(5):
        spot = (at[0] + rng.normal(0, 15), at[1] + rng.normal(0, 13))
        props.pin(scene, spot, rng.uniform(15, 24), (1.0, 0.94, 0.76))


def parcel() -> Shot:
    """A label on a cardboard box; stored on its side, with an EXIF orientation that says so."""
    rng = np.random.default_rng(63)
    sheet = Sheet(900, 1120, (240, 240, 238))
    sheet.draw.rectangle((0, 0, 900, 150), fill=(28, 28, 30))
    sheet.text((40, 30), "SWIFTLEAF EXPRESS", face("inter-black", 66), (246, 246, 246))
    sheet.text((42, 186), "TO:", face("inter-bold", 36), _INK)
    sheet.text((42, 236), "Ms Eleanor Whitfield", face("inter-bold", 56), _INK)
    sheet.text((42, 312), "27 Maple Crescent, Flat 4", face("inter", 46), _INK)
    sheet.text((42, 374), "Edinburgh EH9 1QT", face("inter", 46), _INK)
    sheet.rule(458, _INK, weight=5)
    sheet.text((42, 484), "FROM: Paper Boat Books, Bristol BS1 5TY", face("inter", 34), _INK)
    sheet.text((42, 540), "Weight 2.4 kg", face("inter", 36), _INK, row=1)
    sheet.text((858, 540), "Parcel 1 of 1", face("inter", 36), _INK, anchor="ra", row=1)
    sheet.rule(608, _INK, weight=5)
    sheet.barcode((70, 648, 830, 850), rng, _INK)
    sheet.text((450, 872), "SL 7740 2913 85 GB", face("inter-bold", 44), _INK, anchor="ma")
    sheet.draw.rectangle((42, 962, 858, 1082), outline=(190, 30, 30), width=8)
    sheet.text((450, 980), "FRAGILE - HANDLE WITH CARE", face("inter-black", 50), (190, 30, 30), anchor="ma")

    scene = concrete((1500, 1150), rng, dark=(0.6, 0.45, 0.3), light=(0.76, 0.6, 0.42))
    ribs = 1 + 0.02 * np.sin(np.arange(1150, dtype=np.float32) / 2.6)
    scene *= ribs[None, :, None]
    strip = np.array([[0, 96], [1150, 60], [1150, 236], [0, 268]], np.float32)
    props.tape(scene, strip, strength=0.3)
    lay(
        scene,
        age(sheet.picture(), rng, crumple=0.35),
        box_corners((560, 850), (830, 1050), degrees=3),
        lift=3,
    )
    scene *= (0.78 + 0.26 * dapple((1500, 1150), rng, leaves=26, softness=30))[..., None]
    lit = light(scene, Lighting(exposure=1.05, falloff=0.3, direction=230, warmth=0.2))
    return Shot("parcel-label.jpg", expose(lit, rng, noise=0.005), "2020:03:17 11:05:59", sheet.lines, orientation=6)


def medicine() -> Shot:
    """A box of paracetamol on a bedside table."""
    rng = np.random.default_rng(74)
    blue, teal = (22, 74, 140), (32, 150, 160)
    sheet = Sheet(1180, 560, (244, 246, 248))
    sheet.draw.polygon([(760, 0), (1180, 0), (1180, 560), (560, 560)], fill=teal)
    sheet.draw.polygon([(700, 0), (760, 0), (560, 560), (500, 560)], fill=(150, 210, 214))
    sheet.text((56, 62), "Paracetamol", face("inter-black", 98), blue)
    sheet.text((60, 186), "500 mg Tablets", face("inter-bold", 60), blue)
    sheet.text((60, 288), "For relief of headache, fever", face("inter", 36), (50, 60, 70))
    sheet.text((60, 334), "and cold & flu symptoms", face("inter", 36), (50, 60, 70))
    sheet.text((60, 440), "Do not exceed 8 tablets in 24 hours", face("inter-bold", 30), (190, 40, 40))
    sheet.text((1120, 392), "16", face("inter-black", 104), (255, 255, 255), anchor="ra")
    sheet.text((1120, 502), "tablets", face("inter-bold", 34), (255, 255, 255), anchor="ra")
    edge = Sheet(1180, 190, (232, 236, 240))
    edge.text((40, 34), "LOT 7K2419   EXP 09/2026", face("courier-bold", 50), (40, 40, 46))
    edge.text((40, 106), "Keep out of the sight and reach of children", face("inter", 36), (40, 40, 46))
    edge.barcode((1010, 30, 1150, 160), rng)
    scene = wood((1150, 1500), rng, dark=(0.5, 0.36, 0.24), light=(0.82, 0.66, 0.49), planks=2)
    far = cv2.GaussianBlur(scene, (0, 0), 7)
    haze = np.clip(1 - np.arange(1150, dtype=np.float32) / 420, 0, 1)[:, None, None]
    scene = scene * (1 - haze) + far * haze
    top = np.array([[250, 270], [1300, 350], [1262, 800], [120, 690]], np.float32)
    front = np.array([[120, 690], [1262, 800], [1246, 968], [150, 850]], np.float32)
    lay(scene, edge.picture() * np.array([0.82, 0.82, 0.82, 1], np.float32), front, lift=22, shadow=0.6)
    lay(scene, sheet.picture(), top, lift=2, shadow=0.1)
    for spot in ((1240, 1040), (1350, 985), (1150, 1085)):
        props.pin(scene, spot, 40, (0.88, 0.88, 0.87))
    scene *= (0.92 + 0.12 * cloud((1150, 1500), rng, cells=2, octaves=2))[..., None]
    lit = light(scene, Lighting(exposure=1.0, falloff=0.34, direction=205, warmth=0.3))
    lines = sheet.lines + edge.lines
    return Shot("medicine-box.webp", expose(lit, rng, noise=0.005), "2025:01:09 22:14:37", lines)
