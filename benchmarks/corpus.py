"""Photos' texts for the benchmarks: receipts, tickets, signs, chats, menus and forms, as OCR returns them.

Seeded, so that every run measures the same. Words follow Zipf's law: the commonest stand in almost every
receipt, the rarest in one of ten thousand.
"""

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from opencc import OpenCC

from allinone.wire.ocr import OcrLine

TRADITIONAL, SIMPLIFIED, ENGLISH = "traditional", "simplified", "english"

HEADS = [
    "統一發票",
    "電子發票證明聯",
    "收據",
    "免用統一發票收據",
    "交易明細",
    "銷售憑證",
    "結帳單",
    "取貨憑證",
    "繳費證明單",
]
LABELS = [
    "總計",
    "小計",
    "合計",
    "現金",
    "找零",
    "信用卡",
    "統一編號",
    "賣方",
    "買方",
    "格式",
    "隨機碼",
    "收銀員",
    "機號",
    "序號",
    "桌號",
    "服務費",
]
SHOPS = [
    "全家便利商店",
    "統一超商",
    "家樂福",
    "全聯福利中心",
    "星巴克",
    "麥當勞",
    "鼎泰豐",
    "誠品書店",
    "屈臣氏",
    "寶雅",
    "無印良品",
    "大潤發",
]
PLACES = [
    "台北車站",
    "高雄左營",
    "台中火車站",
    "桃園機場",
    "台南安平",
    "花蓮太魯閣",
    "新竹科學園區",
    "淡水老街",
    "日月潭",
    "阿里山",
]
DISHES = [
    "牛肉麵",
    "滷肉飯",
    "小籠包",
    "珍珠奶茶",
    "蚵仔煎",
    "臭豆腐",
    "炒米粉",
    "酸辣湯",
    "蔥油餅",
    "鹽酥雞",
    "擔仔麵",
    "冬瓜茶",
    "水餃",
    "魚丸湯",
]
SIGNS = [
    "請勿停車",
    "施工中請改道",
    "禁止吸菸",
    "小心地滑",
    "出口",
    "入口",
    "洗手間",
    "服務台",
    "緊急出口",
    "營業時間",
    "公休日",
    "閒人勿進",
]
CHATS = [
    "晚上一起吃飯嗎",
    "我已經到了",
    "明天幾點開會",
    "收到謝謝",
    "照片傳給你了",
    "生日快樂",
    "在路上了",
    "記得帶雨傘",
    "沒問題",
    "等我一下",
]
FIELDS = [
    "姓名",
    "身分證字號",
    "出生日期",
    "聯絡電話",
    "地址",
    "職業",
    "申請日期",
    "簽名",
    "承辦人",
    "保險單號碼",
    "病歷號碼",
    "就診科別",
]
SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐"
COMMON = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道"
    "行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力"
    "它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或"
    "新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平"
)
ENGLISH_WORDS = [
    "total",
    "subtotal",
    "cash",
    "change",
    "tax",
    "invoice",
    "receipt",
    "thank",
    "you",
    "please",
    "visit",
    "again",
    "card",
    "number",
    "date",
    "time",
    "table",
    "server",
    "order",
    "item",
    "price",
    "discount",
    "member",
    "points",
    "balance",
    "approved",
    "signature",
    "customer",
    "copy",
    "merchant",
    "store",
    "street",
    "avenue",
    "phone",
    "open",
    "closed",
    "exit",
    "entrance",
    "parking",
    "ticket",
    "platform",
    "train",
    "departure",
    "arrival",
    "gate",
    "seat",
    "boarding",
    "passenger",
    "flight",
    "museum",
    "adult",
    "child",
    "admission",
    "coffee",
    "latte",
    "espresso",
    "sandwich",
    "burger",
    "salad",
    "chicken",
    "noodle",
    "soup",
    "rice",
    "tea",
    "water",
    "juice",
    "paracetamol",
    "tablets",
    "pharmacy",
    "prescription",
    "hospital",
    "clinic",
    "warranty",
    "serial",
    "model",
    "computer",
    "keyboard",
    "battery",
    "adapter",
    "insurance",
    "policy",
    "application",
    "signature",
    "address",
]

_CONFUSED = dict(zip("發票證總計額統編號現金未日己士人入", "癸栗証縂什頟統編虎現全末曰已土入人", strict=True))


_PAIRS = (
    "発發票栗未末日曰己已土士人入大太天夫千干今令间問貝見鳥烏微徵東束侯候析折戶尸王玉白自目且田由木本力刀牛午免兔治冶"
    "0O1l5S8B2Z"
)
_ALIKE = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)) | dict(zip(_PAIRS[1::2], _PAIRS[::2], strict=True))


def misread(text: str, rate: float, draw: random.Random) -> str:
    """`text` with each character wrong at `rate`: most replaced, by one that looks alike if there is one; some lost."""
    if not rate:
        return text
    read = []
    for character in text:
        if character.isspace() or draw.random() >= rate:
            read.append(character)
        elif draw.random() < 0.9:
            other = draw.choice(string.ascii_letters if character.isascii() else COMMON)
            read.append(_ALIKE.get(character, other))
    return "".join(read)


@dataclass(frozen=True, slots=True)
class Photo:
    """The text of a photo, as read, and as it stands there."""

    kind: str
    language: str
    lines: list[OcrLine]
    truth: list[str]


class Corpus:
    """Photos by number; the same seed gives the same ones."""

    def __init__(self, seed: int = 1, *, error_rate: float = 0.01) -> None:
        self._random = random.Random(seed)
        self._error_rate = error_rate
        self._to_simplified = OpenCC("t2s").convert
        self._names = self._made_up_names(6000)
        self._name_weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._names))))
        self._latin = ENGLISH_WORDS + self._made_up_words(6000)
        self._latin_weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._latin))))
        self._kinds: list[Callable[[], list[str]]] = [
            self._receipt, self._receipt, self._receipt, self._ticket, self._sign, self._chat, self._menu, self._form,
        ]  # fmt: skip

    def photos(self, count: int) -> Iterator[Photo]:
        """The next `count` photos."""
        for _ in range(count):
            language = self._random.choices((TRADITIONAL, SIMPLIFIED, ENGLISH), (5, 3, 2))[0]
            make = self._english if language == ENGLISH else self._random.choice(self._kinds)
            truth = make()
            if language == SIMPLIFIED:
                truth = [self._to_simplified(line) for line in truth]
            yield Photo(make.__name__.strip("_"), language, self._read(truth), truth)

    def _made_up_names(self, count: int) -> list[str]:
        draw = self._random
        return ["".join(draw.choices(COMMON, k=draw.choice((2, 2, 2, 3, 3, 4)))) for _ in range(count)]

    def _made_up_words(self, count: int) -> list[str]:
        draw = self._random
        syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "ing")]
        return ["".join(draw.choices(syllables, k=draw.choice((2, 2, 3, 3, 4)))) for _ in range(count)]

    def _name(self) -> str:
        return self._random.choices(self._names, cum_weights=self._name_weights)[0]

    def _digits(self, count: int) -> str:
        return "".join(self._random.choices(string.digits, k=count))

    def _amount(self) -> str:
        return f"{int(self._random.paretovariate(0.8) * 30) % 90000 + 5:,}"

    def _date(self) -> str:
        draw = self._random
        mark = draw.choice("/-.")
        return f"{draw.randint(2015, 2025)}{mark}{draw.randint(1, 12):02}{mark}{draw.randint(1, 28):02}"

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(string.ascii_uppercase, k=count))

    def _receipt(self) -> list[str]:
        draw = self._random
        lines = [draw.choice(SHOPS) + self._name() + "店", draw.choice(HEADS)]
        lines += [
            f"{self._letters(2)}-{self._digits(8)}",
            f"{self._date()} {self._digits(2)}:{self._digits(2)}",
        ]
        lines += [f"{self._name()}{self._name()} {self._amount()}" for _ in range(draw.randint(1, 7))]
        lines += [f"{label}：{self._amount()}" for label in draw.sample(LABELS, 3)]
        return [*lines, f"總計 NT$ {self._amount()}"]

    def _ticket(self) -> list[str]:
        draw = self._random
        start, end = draw.sample(PLACES, 2)
        seat = f"{draw.randint(1, 12)}車{draw.randint(1, 20)}{draw.choice('ABCDE')}"
        return [
            "高鐵車票",
            f"{start} → {end}",
            self._date(),
            f"車次 {self._digits(4)}",
            seat,
            f"票價 {self._amount()}元",
        ]

    def _sign(self) -> list[str]:
        return [*self._random.sample(SIGNS, self._random.randint(1, 3)), self._name() + self._name()]

    def _chat(self) -> list[str]:
        draw = self._random
        return [
            draw.choice([draw.choice(CHATS), f"{self._name()}{self._name()}，{self._name()}{self._name()}"])
            for _ in range(draw.randint(4, 14))
        ]

    def _menu(self) -> list[str]:
        draw = self._random
        return [
            f"{self._name()}食堂",
            *(f"{dish} {draw.randint(3, 40) * 5}" for dish in draw.sample(DISHES, 9)),
        ]

    def _form(self) -> list[str]:
        draw = self._random
        values = [draw.choice(SURNAMES) + self._name(), self._letters(1) + self._digits(9), self._date()]
        values += [f"09{self._digits(2)}-{self._digits(3)}-{self._digits(3)}"]
        return [f"{field}：{draw.choice(values)}" for field in draw.sample(FIELDS, draw.randint(5, 9))]

    def _english(self) -> list[str]:
        draw = self._random
        lines = [
            " ".join(draw.choices(self._latin, cum_weights=self._latin_weights, k=draw.randint(2, 6))).title()
            for _ in range(draw.randint(4, 10))
        ]
        return [*lines, self._date(), f"TOTAL ${draw.randint(1, 999)}.{self._digits(2)}"]

    def _read(self, truth: list[str]) -> list[OcrLine]:
        """As a recogniser returns it: some lines cut in two, some characters wrong, blanks at will."""
        draw = self._random
        lines = []
        height = 0.8 / max(len(truth), 8)
        for row, text in enumerate(truth):
            pieces = [text]
            if len(text) > 5 and draw.random() < 0.1:
                cut = draw.randint(2, len(text) - 2)
                pieces = [text[:cut], text[cut:]]
            left, top = 0.1, 0.1 + row * height
            for piece in pieces:
                right = min(left + len(piece) * 0.03, 1.0)
                bottom = top + height * 0.7
                box = (left, top, right, top, right, bottom, left, bottom)
                score = round(draw.uniform(0.86, 0.999), 4)
                lines.append(OcrLine(self._misread(piece), box, 0.9, score))
                left = right + 0.01
        return lines

    def _misread(self, text: str) -> str:
        draw = self._random
        if draw.random() < 0.05:
            text = " ".join(text)
        if self._error_rate and draw.random() < self._error_rate * len(text):
            at = draw.randrange(len(text))
            wrong = _CONFUSED.get(text[at]) or (draw.choice(COMMON) if not text[at].isascii() else text[at])
            text = text[:at] + wrong + text[at + 1 :]
        return text
