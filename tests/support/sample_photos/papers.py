"""A menu, a notice written by hand, and a chat."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from support.photos.camera import Lighting, age, box_corners, curl, dapple, expose, lay, light
from support.photos.sheet import Sheet, Written
from support.photos.textures import cork, linen
from support.sample_photos import props
from support.sample_photos.shot import Shot
from support.sample_photos.typefaces import face


def menu() -> Shot:
    """今日菜單 on kraft paper."""
    rng = np.random.default_rng(118)
    ink, green = (62, 44, 30), (62, 92, 60)
    sheet = Sheet(1000, 1330, (214, 186, 146))
    sheet.draw.rectangle((34, 34, 966, 1296), outline=ink, width=4)
    sheet.draw.rectangle((48, 48, 952, 1282), outline=ink, width=2)
    sheet.text((500, 84), "小滿食堂", face("kai-bold", 128), ink, anchor="ma")
    sheet.text((500, 246), "— 今日菜單 —", face("tc-serif-bold", 52), green, anchor="ma")
    dishes = {
        "主食": [("滷肉飯", "45"), ("麻油雞麵線", "120"), ("番茄牛肉麵", "180")],
        "小菜": [("涼拌小黃瓜", "50"), ("皮蛋豆腐", "60"), ("燙地瓜葉", "50")],
        "飲品": [("冬瓜檸檬", "55"), ("鮮榨柳橙汁", "70"), ("桂花烏龍茶", "40")],
    }
    y = 330
    for course, items in dishes.items():
        sheet.text((110, y), course, face("tc-serif-black", 54), green)
        y += 78
        for name, price in items:
            font = face("kai-bold", 56)
            sheet.pair(y, name, price, font, ink, margin=140)
            start = 160 + sheet.draw.textlength(name, font=font)
            for x in range(int(start), 740, 20):
                sheet.draw.ellipse((x, y + 36, x + 5, y + 41), fill=ink)
            y += 67
        y += 10
    sheet.text((500, 1222), "每人低消 60 元・自備環保杯折 5 元", face("tc-serif", 38), ink, anchor="ma")

    scene = linen((1550, 1200), rng, dark=(0.68, 0.65, 0.58), light=(0.92, 0.9, 0.85))
    paper = curl(age(sheet.picture(), rng, crumple=0.28, fibres=0.07), rng, amount=0.005)
    lay(scene, paper, box_corners((610, 800), (1010, 1340), degrees=-3, tilt=(0.01, 0.05)), lift=13)
    for start, length, turn in (((1170, 40), 260, 200), ((1190, 60), 300, 235), ((1060, 20), 200, 215)):
        props.leaf(scene, start, length, turn, 0.36)
    scene *= (0.76 + 0.3 * dapple((1550, 1200), rng, leaves=40, softness=26))[..., None]
    lit = light(scene, Lighting(exposure=1.0, falloff=0.26, direction=220, warmth=0.3))
    return Shot("menu.heic", expose(lit, rng, noise=0.005), "2024:09:07 12:20:15", sheet.lines)


def notice() -> Shot:
    """A notice written by hand, pinned to a board."""
    rng = np.random.default_rng(129)
    blue, red = (38, 52, 112), (186, 42, 38)
    sheet = Sheet(1060, 1080, (246, 240, 216))
    for y in range(150, 1080, 92):
        sheet.rule(y, (206, 212, 214), margin=0)
    sheet.text((530, 40), "尋貓啟事", face("kai-bold", 108), red, anchor="ma", note=False)
    lines = [
        "三花貓，名叫麻糬，三歲半，",
        "左耳有缺角，戴藍色項圈。",
        "十月九日晚上在河堤公園走失，",
        "膽小怕生，請勿追趕。",
        "若看見牠，請聯絡周小姐",
        "0912-480-736",
        "尋獲者酬謝三千元，感激不盡！",
    ]
    for row, line in enumerate(lines):
        _scribble(sheet, (66, 238 + row * 92), line, face("kai-bold", 60 if row != 5 else 74), blue, rng)
    _cat(sheet.draw, (860, 990), red)
    scene = cork((1150, 1500), rng)
    spare = Sheet(420, 420, (250, 214, 108))
    _scribble(spare, (50, 110), "垃圾請分類", face("kai-bold", 64), (60, 50, 40), rng)
    _scribble(spare, (50, 220), "週三不收", face("kai-bold", 64), (60, 50, 40), rng)
    lay(scene, curl(spare.picture(), rng), box_corners((1310, 300), (330, 330), degrees=8), lift=12)
    lay(
        scene,
        age(curl(sheet.picture(), rng), rng, crumple=0.35),
        box_corners((620, 590), (1010, 1030), degrees=-4),
        lift=14,
    )
    for at, colour in (
        ((600, 108), (0.84, 0.2, 0.18)),
        ((1300, 175), (0.16, 0.42, 0.78)),
        ((1400, 900), (0.2, 0.6, 0.32)),
    ):
        props.pin(scene, at, 25, colour)
    lit = light(scene, Lighting(exposure=1.0, falloff=0.32, direction=210, warmth=0.18, vignette=0.28))
    written = [Written("尋貓啟事"), *sheet.lines, *spare.lines]
    return Shot("lost-cat-notice.jpg", expose(lit, rng, noise=0.005), "2017:10:11 08:05:26", written)


def _scribble(
    sheet: Sheet,
    at: tuple[float, float],
    text: str,
    font: ImageFont.FreeTypeFont,
    ink: tuple[int, int, int],
    rng: np.random.Generator,
) -> None:
    """Write with a hand that shakes a little."""
    x, y = at
    drift = rng.uniform(-0.012, 0.012)
    for character in text:
        big = Image.new("RGBA", (int(font.size * 1.6),) * 2, (*ink, 0))
        middle = big.width / 2
        ImageDraw.Draw(big).text((middle, middle), character, font=font, fill=(*ink, 235), anchor="mm")
        big = big.rotate(rng.normal(0, 2.4), Image.Resampling.BICUBIC)
        wide = sheet.draw.textlength(character, font=font)
        spot = (
            int(x + wide / 2 - middle),
            int(y + font.size / 2 - middle + rng.normal(0, font.size * 0.025)),
        )
        sheet.image.alpha_composite(big, (max(spot[0], 0), max(spot[1], 0)))
        x += wide * rng.uniform(0.98, 1.05)
        y += wide * drift
    sheet.lines.append(Written(text))


def _cat(draw: ImageDraw.ImageDraw, at: tuple[int, int], ink: tuple[int, int, int]) -> None:
    x, y = at
    draw.ellipse((x - 80, y - 66, x + 80, y + 66), outline=ink, width=6)
    for side in (-1, 1):
        draw.line(
            (x + side * 72, y - 30, x + side * 74, y - 108, x + side * 26, y - 62),
            fill=ink,
            width=6,
            joint="curve",
        )
        draw.ellipse((x + side * 34 - 8, y - 18, x + side * 34 + 8, y - 2), fill=ink)
        for lean in (-12, 6):
            draw.line((x + side * 30, y + 24, x + side * 112, y + 20 + lean), fill=ink, width=4)
    draw.arc((x - 26, y + 8, x, y + 32), 0, 180, fill=ink, width=5)
    draw.arc((x, y + 8, x + 26, y + 32), 0, 180, fill=ink, width=5)


def chat() -> Shot:
    """A screenshot of a chat (simplified)."""
    sheet = Sheet(1080, 1560, (237, 238, 241))
    draw = sheet.draw
    draw.rectangle((0, 0, 1080, 190), fill=(250, 250, 251))
    sheet.text((60, 24), "9:41", face("inter-bold", 38), (20, 20, 24), note=False)
    draw.rounded_rectangle((946, 30, 1014, 60), 9, outline=(20, 20, 24), width=3)
    draw.rounded_rectangle((951, 35, 996, 55), 5, fill=(20, 20, 24))
    sheet.text((540, 104), "周末爬山小队（5）", face("sc-bold", 50), (20, 20, 24), anchor="ma")
    draw.line((70, 112, 48, 136, 70, 160), fill=(20, 20, 24), width=6, joint="curve")
    talk = [
        ("theirs", "阿哲", "大家明天早上七点半在地铁站集合"),
        ("theirs", "苏苏", "天气预报说下午可能有雨，记得带伞"),
        ("mine", "", "好的，我带了面包和保温杯"),
        ("theirs", "老马", "门票我已经订好了，每人35元"),
        ("mine", "", "转账给你啦，辛苦！"),
        ("theirs", "苏苏", "回来一起去吃火锅怎么样？"),
        ("mine", "", "必须的！上次那家毛肚特别好吃"),
    ]
    sheet.text((540, 222), "昨天 20:16", face("sc", 32), (150, 150, 156), anchor="ma")
    y = 290
    tones = {"阿哲": (245, 148, 94), "苏苏": (124, 140, 236), "老马": (84, 178, 150), "": (60, 70, 88)}
    for side, who, text in talk:
        y = _bubble(sheet, y, mine=side == "mine", who=who, text=text, tone=tones[who])
    draw.rectangle((0, 1450, 1080, 1560), fill=(250, 250, 251))
    draw.rounded_rectangle((110, 1470, 880, 1540), 35, fill=(236, 237, 240))
    sheet.text((150, 1484), "输入消息", face("sc", 38), (160, 160, 166))
    for x in (60, 940, 1026):
        draw.ellipse((x - 28, 1477, x + 28, 1533), outline=(60, 60, 66), width=5)
    pixels = np.asarray(sheet.image.convert("RGB"))
    return Shot("chat-screenshot.png", pixels, None, sheet.lines)


def _bubble(sheet: Sheet, y: int, *, mine: bool, who: str, text: str, tone: tuple[int, int, int]) -> int:
    font = face("sc", 42)
    wide = int(sheet.draw.textlength(text, font=font)) + 64
    side = 1080 - 40 - 88 if mine else 40
    sheet.draw.rounded_rectangle((side, y, side + 88, y + 88), 22, fill=tone)
    sheet.text((side + 44, y + 44), who[:1] or "我", face("sc-bold", 42), (255, 255, 255), anchor="mm", note=False)
    top = y
    if who:
        sheet.text((152, y - 4), who, face("sc", 30), (140, 140, 146))
        top = y + 38
    left = side - 24 - wide if mine else 152
    paint = (149, 226, 116) if mine else (255, 255, 255)
    sheet.draw.rounded_rectangle((left, top, left + wide, top + 92), 26, fill=paint)
    sheet.text((left + 32, top + 18), text, font, (24, 26, 30))
    return top + 92 + 46
