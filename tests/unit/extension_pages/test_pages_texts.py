"""The table of texts: whole in each language, and nothing in it that no page says."""

import dataclasses
import re
import string
from pathlib import Path

import pytest

from allinone.extension import pages
from allinone.extension.pages.languages import Language
from allinone.extension.pages.texts.languages import TEXTS
from allinone.extension.pages.texts.table import Texts

NAMES = [field.name for field in dataclasses.fields(Texts) if field.name != "language"]
SOURCES = "\n".join(path.read_text("utf-8") for path in Path(pages.__path__[0]).glob("*.py"))
TABLE = (Path(pages.__path__[0]) / "texts" / "table.py").read_text("utf-8")
HALF_WIDTH_BESIDE_HAN = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", NAMES)
def test_every_text_exists_in_every_language_with_the_same_placeholders(name: str) -> None:
    said = {language: getattr(texts, name) for language, texts in TEXTS.items()}
    assert set(said) == set(Language)
    assert all(text.strip() for text in said.values())
    assert len({frozenset(placeholders(text)) for text in said.values()}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_used(name: str) -> None:
    assert f"texts.{name}" in SOURCES or f"self.{name}" in TABLE


@pytest.mark.parametrize("language", [Language.TRADITIONAL, Language.SIMPLIFIED])
def test_chinese_uses_full_width_punctuation(language: Language) -> None:
    texts = TEXTS[language]
    for name in NAMES:
        if not name.endswith("_example"):
            assert not HALF_WIDTH_BESIDE_HAN.search(getattr(texts, name)), name


def test_the_two_scripts_do_not_mix() -> None:
    every = {language: "".join(getattr(texts, name) for name in NAMES) for language, texts in TEXTS.items()}
    assert not set("档无读显复这张为么载个讯传") & set(every[Language.TRADITIONAL])
    assert not set("檔無讀顯複這張為麼載個訊傳") & set(every[Language.SIMPLIFIED])
    assert every[Language.ENGLISH].isascii() or set(every[Language.ENGLISH]) - set(map(chr, range(128))) <= set("“”…")


@pytest.mark.parametrize(
    ("count", "more", "said"),
    [
        (0, False, "No photos found"),
        (1, False, "1 photo found"),
        (2, False, "2 photos found"),
        (60, True, "The best 60 photos"),
    ],
)
def test_counts_are_said_in_words(count: int, said: str, *, more: bool) -> None:
    assert TEXTS[Language.ENGLISH].found(count, more=more) == said


def test_one_unreadable_file_is_not_many() -> None:
    assert TEXTS[Language.ENGLISH].unreadable(1) == "1 file could not be read"
    assert TEXTS[Language.TRADITIONAL].unreadable(12) == "12 個檔案無法讀取"
