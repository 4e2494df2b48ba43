"""What invented photos show: sheets with random words, numbers and layouts."""

from collections.abc import Callable

import numpy as np

from support.photos import words
from support.photos.sheet import Ink, Sheet, Written
from support.photos.typefaces import CHINESE, LATIN, face
from support.photos.words import LABELS, Script

Draw = Callable[[np.random.Generator, Script], Sheet]
_INK: Ink = (34, 34, 40)
_LETTERS = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ"))


def pick(rng: np.random.Generator, pool: list[dict[str, str]], script: Script, count: int) -> list[str]:
    """`count` different words of a list."""
    return [pool[place][script] for place in rng.choice(len(pool), count, replace=False)]


def digits(rng: np.random.Generator, count: int) -> str:
    """A number of `count` digits, the first of which is not 0."""
    return str(rng.integers(1, 10)) + "".join(map(str, rng.integers(0, 10, count - 1)))


def letters(rng: np.random.Generator, count: int) -> str:
    """Capital letters that are not taken for digits."""
    return "".join(rng.choice(_LETTERS, count))


def plate(rng: np.random.Generator) -> str:
    """A number plate such as RKB-2857 or RE16TGK."""
    if rng.random() < 0.5:
        return f"{letters(rng, 3)}-{digits(rng, 4)}"
    return f"{letters(rng, 2)}{digits(rng, 2)}{letters(rng, 3)}"


def shop(rng: np.random.Generator, script: Script) -> str:
    """A shop's name made of parts."""
    if script == "latin":
        return str(rng.choice(words.ENGLISH_SHOPS))
    return pick(rng, words.SHOP_FIRST, script, 1)[0] + pick(rng, words.SHOP_LAST, script, 1)[0]


def address(rng: np.random.Generator, script: Script) -> str:
    """A street and a number."""
    number = int(rng.integers(2, 298))
    if script == "latin":
        return f"{number} {rng.choice(words.ENGLISH_STREETS)}"
    return pick(rng, words.STREETS, script, 1)[0] + f"{number}" + {"hant": "號", "hans": "号"}[script]


def _any_face(rng: np.random.Generator, script: Script) -> str:
    return str(rng.choice(LATIN if script == "latin" else CHINESE[:3]))


def _date(rng: np.random.Generator) -> str:
    return f"20{rng.integers(12, 26)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"


def receipt(rng: np.random.Generator, script: Script, *, count: int = 0) -> Sheet:
    """A shop's receipt with an invoice number; `count` items."""
    count = count or int(rng.integers(4, 9))
    sheet = Sheet(620, 640 + count * 54, (244, 243, 239))
    name = str(rng.choice(["sans", "bold"])) if script != "latin" else "latin-mono"
    middle, body, small = 310, face(name, script, 36), face(name, script, 31)
    sheet.text(
        (middle, 40),
        shop(rng, script),
        face(name, script, 56 if script != "latin" else 44),
        _INK,
        anchor="ma",
    )
    title = "TAX INVOICE" if script == "latin" else LABELS[str(rng.choice(["invoice", "evidence"]))][script]
    sheet.text((middle, 122), title, face(name, script, 46), _INK, anchor="ma")
    sheet.text((middle, 196), f"{letters(rng, 2)}-{digits(rng, 8)}", face(name, script, 50), _INK, anchor="ma")
    sheet.pair(274, _date(rng), f"{rng.integers(9, 22)}:{rng.integers(10, 60)}", small, _INK)
    label = "Tel" if script == "latin" else LABELS["phone"][script]
    sheet.text((40, 320), f"{label} 0{digits(rng, 1)}-{digits(rng, 4)}-{digits(rng, 4)}", small, _INK)
    sheet.rule(376, _INK, dash=10)
    if script == "latin":
        goods = [str(word) for word in rng.choice(words.ENGLISH_ITEMS, count, replace=False)]
    else:
        goods = pick(rng, words.ITEMS, script, count)
    total = 0
    for row, item in enumerate(goods):
        price = int(rng.integers(15, 480))
        total += price
        sheet.pair(394 + row * 54, item, str(price), body, _INK)
    below = 400 + count * 54
    sheet.rule(below + 6, _INK, dash=10)
    word = "TOTAL" if script == "latin" else LABELS["total"][script]
    sheet.pair(below + 22, word, str(total), face(name, script, 46), _INK)
    sheet.barcode((80, below + 96, 540, below + 160), rng, _INK)
    thanks = "Thank you for your visit" if script == "latin" else LABELS["thanks"][script]
    sheet.text((middle, below + 178), thanks, small, _INK, anchor="ma")
    sheet.fade(rng, amount=float(rng.uniform(0.05, 0.4)))
    return sheet


def tall(rng: np.random.Generator, script: Script) -> Sheet:
    """A receipt four times as high as wide."""
    return receipt(rng, script, count=34)


def sign(rng: np.random.Generator, script: Script) -> Sheet:
    """A sign with one large line, a smaller one, and a telephone number."""
    paper, ink = _colours(rng)
    sheet = Sheet(1200, 680, paper)
    sheet.draw.rectangle((18, 18, 1181, 661), outline=ink, width=int(rng.integers(6, 16)))
    name = str(rng.choice(["bold", "serif"])) if script != "latin" else "latin-bold"
    if script == "latin":
        first, second = (str(word) for word in rng.choice(words.ENGLISH_SIGNS, 2, replace=False))
    else:
        first, second = pick(rng, words.NOTICES, script, 2)
    size = min(170, int(1080 / max(len(first), 4) * (1.0 if script != "latin" else 1.6)))
    sheet.text((600, 190), first, face(name, script, size), ink, anchor="mm")
    size = min(92, int(1020 / max(len(second), 4) * (1.0 if script != "latin" else 1.6)))
    sheet.text((600, 380), second, face(name, script, size), ink, anchor="mm")
    sheet.text((600, 550), f"0{digits(rng, 3)}-{digits(rng, 6)}", face(name, script, 96), ink, anchor="mm")
    return sheet


def _colours(rng: np.random.Generator) -> tuple[Ink, Ink]:
    """Paper and ink with enough contrast to be read."""
    return [
        ((246, 246, 240), (186, 28, 34)),
        ((24, 84, 60), (244, 244, 236)),
        ((236, 190, 40), (26, 26, 28)),
        ((28, 72, 150), (250, 250, 250)),
        ((178, 30, 36), (252, 226, 140)),
        ((232, 226, 208), (42, 60, 44)),
        ((40, 40, 44), (246, 240, 226)),
    ][int(rng.integers(7))]


def number_plate(rng: np.random.Generator, script: Script) -> Sheet:
    """A number plate, and below it where it was seen."""
    sheet = Sheet(1000, 520, [(246, 246, 248), (250, 220, 90), (26, 82, 60)][int(rng.integers(3))])
    ink = (24, 24, 28) if sheet.colour[0] > 100 else (246, 246, 246)
    sheet.draw.rounded_rectangle((14, 14, 985, 505), 40, outline=ink, width=10)
    sheet.text((500, 210), plate(rng), face("latin-bold", "latin", 180), ink, anchor="mm")
    name = "bold" if script != "latin" else "latin-bold"
    sheet.text((500, 410), address(rng, script), face(name, script, 84), ink, anchor="mm")
    return sheet


def vertical(rng: np.random.Generator, script: Script) -> Sheet:
    """Columns written from top to bottom."""
    paper, ink = _colours(rng)
    columns = pick(rng, words.VERTICAL, script, int(rng.integers(1, 3)))
    sheet = Sheet(60 + 260 * len(columns), 1500, paper)
    name = str(rng.choice(["bold", "serif", "hand"]))
    for place, text in enumerate(columns):
        size = min(150, int(1380 / (len(text) * 1.12)))
        x = sheet.width - 160 - place * 260
        sheet.vertical((x, 70), text, face(name, script, size), ink, step=1.1)
    return sheet


def ticket(rng: np.random.Generator, script: Script) -> Sheet:
    """A train ticket."""
    sheet = Sheet(1160, 640, [(206, 224, 232), (246, 226, 204), (228, 236, 214)][int(rng.integers(3))])
    name = _any_face(rng, script)
    start, end = pick(rng, words.STATIONS, script, 2)
    sheet.pair(
        40,
        f"{letters(rng, 1)}{digits(rng, 6)}",
        f"{LABELS['platform'][script]} {rng.integers(1, 19)}",
        face(name, script, 42),
        _INK,
    )
    station = LABELS["station"][script]
    sheet.text((70, 120), start + station, face(name, script, 76), _INK)
    sheet.text((1090, 120), end + station, face(name, script, 76), _INK, anchor="ra")
    sheet.text(
        (580, 146),
        f"{rng.choice(list('GDKT'))}{digits(rng, 4)}",
        face("latin-bold", "latin", 52),
        _INK,
        anchor="ma",
    )
    sheet.text(
        (70, 260),
        f"{_date(rng)} {rng.integers(6, 23):02}:{rng.integers(10, 60)}",
        face(name, script, 46),
        _INK,
    )
    carriage = f"{LABELS['carriage'][script]} {rng.integers(1, 17)} {LABELS['seat'][script]} {rng.integers(1, 20)}A"
    sheet.text((70, 346), carriage, face(name, script, 46), _INK)
    sheet.text(
        (70, 432),
        f"{LABELS['full'][script]} {rng.integers(40, 1900)} {LABELS['yuan'][script]}",
        face(name, script, 46),
        _INK,
    )
    sheet.text((70, 530), digits(rng, 16), face(name, script, 40), _INK)
    sheet.matrix_code((900, 330), 220, rng, _INK)
    return sheet


def menu(rng: np.random.Generator, script: Script) -> Sheet:
    """A menu in one or two columns."""
    paper, ink = _colours(rng)
    count = int(rng.integers(6, 11))
    sheet = Sheet(900, 330 + count * 88, paper)
    name = str(rng.choice(["serif", "hand", "sans"]))
    sheet.text((450, 50), shop(rng, script), face(name, script, 92), ink, anchor="ma")
    sheet.text((450, 180), LABELS["menu"][script], face(name, script, 52), ink, anchor="ma")
    for row, item in enumerate(pick(rng, words.ITEMS, script, count)):
        sheet.pair(280 + row * 88, item, str(rng.integers(4, 80) * 5), face(name, script, 58), ink, margin=90)
    return sheet


def chat(rng: np.random.Generator, script: Script) -> Sheet:
    """A screenshot of a chat, light or dark."""
    dark = rng.random() < 0.6
    count = int(rng.integers(5, 8))
    sheet = Sheet(1080, 240 + count * 190, (18, 18, 20) if dark else (236, 236, 238))
    ink: Ink = (232, 232, 234) if dark else (24, 24, 26)
    sheet.text((540, 60), pick(rng, words.PEOPLE, script, 1)[0], face("bold", script, 52), ink, anchor="ma")
    for row, text in enumerate(pick(rng, words.TALK, script, count)):
        font = face("sans", script, 42)
        wide = sheet.draw.textlength(text, font=font) + 64
        mine, y = rng.random() < 0.5, 200 + row * 190
        left = 1040 - wide if mine else 40
        bubble = ((36, 96, 62) if mine else (46, 46, 50)) if dark else ((150, 226, 116) if mine else (255, 255, 255))
        sheet.draw.rounded_rectangle((left, y, left + wide, y + 96), 28, fill=bubble)
        sheet.text((left + 32, y + 20), text, font, ink)
    return sheet


def note(rng: np.random.Generator, script: Script) -> Sheet:
    """A notice as if written by hand."""
    sheet = Sheet(1000, 900, [(252, 244, 208), (250, 250, 248), (214, 232, 244)][int(rng.integers(3))])
    ink: Ink = [(36, 50, 110), (40, 40, 44), (150, 30, 36)][int(rng.integers(3))]
    lines = [*pick(rng, words.NOTICES, script, 2), *pick(rng, words.TALK, script, 2)]
    lines += [pick(rng, words.PEOPLE, script, 1)[0] + f" 09{digits(rng, 2)}-{digits(rng, 6)}"]
    for row, text in enumerate(lines):
        size = min(76, int(880 / max(len(text), 8)))
        sheet.text((60 + rng.uniform(-10, 10), 80 + row * 156), text, face("hand", script, size), ink)
    return sheet


def label(rng: np.random.Generator, script: Script) -> Sheet:
    """A medicine's label in English."""
    paper, ink = _colours(rng)
    sheet = Sheet(1100, 720, paper)
    sheet.text((60, 60), str(rng.choice(words.ENGLISH_MEDICINE)), face("latin-bold", "latin", 120), ink)
    sheet.text((60, 220), f"{rng.integers(1, 20) * 50} mg tablets", face("latin", "latin", 64), ink)
    for row, text in enumerate(rng.choice(words.ENGLISH_NOTES, 3, replace=False)):
        sheet.text((60, 340 + row * 70), str(text), face("latin", "latin", 46), ink)
    sheet.text((60, 610), f"LOT {letters(rng, 1)}{digits(rng, 6)}", face("latin-mono", "latin", 52), ink)
    return sheet


def banner(rng: np.random.Generator, script: Script) -> Sheet:
    """A banner six times as wide as high."""
    paper, ink = _colours(rng)
    first, second = pick(rng, words.NOTICES, script, 2)
    text = first + " " + second
    size = min(180, int(1680 / len(text)))
    sheet = Sheet(1860, 310, paper)
    sheet.text((930, 155), text, face("bold", script, size), ink, anchor="mm")
    return sheet


def neon(rng: np.random.Generator, script: Script) -> Sheet:
    """Letters of light on black."""
    sheet = Sheet(1100, 900, (0, 0, 0))
    tones = [(255, 90, 130), (96, 216, 255), (255, 196, 90), (130, 255, 170)]
    lines = [shop(rng, script), pick(rng, words.NOTICES, script, 1)[0], f"{digits(rng, 4)}-{digits(rng, 4)}"]
    for row, text in enumerate(lines):
        size = min(170, int(960 / max(len(text), 4)))
        ink = tones[int(rng.integers(4))]
        sheet.text((550, 170 + row * 270), text, face("sans", script, size), ink, anchor="mm")
    return sheet


def form(rng: np.random.Generator, script: Script) -> Sheet:
    """A filled-in form whose labels stand beside what was filled in."""
    sheet = Sheet(1100, 1000, (250, 250, 248))
    name = _any_face(rng, script)
    title = LABELS["form"][script]
    for place, character in enumerate(title):
        sheet.text((290 + place * 130, 60), character, face(name, script, 70), _INK, anchor="ma", note=False)
    sheet.lines.append(Written(title))
    rows = [
        (LABELS["name"][script], pick(rng, words.PEOPLE, script, 1)[0]),
        (LABELS["unit"][script], pick(rng, words.UNITS, script, 1)[0]),
        (LABELS["number"][script], f"{letters(rng, 2)}{digits(rng, 7)}"),
        (LABELS["purpose"][script], pick(rng, words.REASONS, script, 1)[0]),
        (LABELS["date"][script], _date(rng)),
        (LABELS["sign"][script], pick(rng, words.PEOPLE, script, 1)[0]),
    ]
    for place, (left, right) in enumerate(rows):
        y = 190 + place * 125
        sheet.rows += 1
        sheet.draw.rectangle((60, y, 1040, y + 125), outline=(90, 90, 96), width=3)
        sheet.draw.line((340, y, 340, y + 125), fill=(90, 90, 96), width=3)
        sheet.text((90, y + 36), left, face(name, script, 46), _INK, row=sheet.rows)
        sheet.text((370, y + 36), right, face("hand", script, 50), (36, 50, 110), row=sheet.rows)
    return sheet


def poster(rng: np.random.Generator, script: Script) -> Sheet:
    """Three short words, large enough for the smallest photo."""
    paper, ink = _colours(rng)
    sheet = Sheet(800, 640, paper)
    for row, text in enumerate([shop(rng, script), pick(rng, words.STREETS, script, 1)[0], plate(rng)]):
        font = face("latin-bold", "latin", 110) if row == 2 else face("bold", script, 120)
        sheet.text((400, 120 + row * 200), text, font, ink, anchor="mm")
    return sheet


def blank(rng: np.random.Generator, script: Script) -> Sheet:
    """Nothing to read."""
    return Sheet(900, 700, tuple(int(part) for part in rng.integers(40, 230, 3)))
