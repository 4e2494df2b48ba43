"""Which language a browser gets."""

import pytest

from allinone.extension.pages.languages import Language, choose_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", Language.TRADITIONAL),
        ("zh-HK", Language.TRADITIONAL),
        ("zh-MO", Language.TRADITIONAL),
        ("zh-Hant-CN", Language.TRADITIONAL),
        ("yue-HK", Language.TRADITIONAL),
        ("zh-CN,zh;q=0.9", Language.SIMPLIFIED),
        ("zh-SG", Language.SIMPLIFIED),
        ("zh", Language.SIMPLIFIED),
        ("zh-Hans-HK", Language.SIMPLIFIED),
        ("en-GB,zh-TW;q=0.5", Language.ENGLISH),
        ("en;q=0.3, zh-TW;q=0.8", Language.TRADITIONAL),
        ("ja,zh-TW;q=0.5", Language.TRADITIONAL),
        ("fr-FR", Language.ENGLISH),
        ("zh-TW;q=0", Language.ENGLISH),
        ("zh-TW;q=nonsense,zh-CN;q=0.1", Language.SIMPLIFIED),
        (";;;,,q=1", Language.ENGLISH),
        ("*", Language.ENGLISH),
        ("", Language.ENGLISH),
    ],
)
def test_the_best_of_what_the_browser_asks_for(header: str, language: Language) -> None:
    assert choose_language(header) is language
