import pytest

from allinone.http.language import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("en-GB,zh-TW;q=0.9", "en"),
        ("fr,zh-Hans;q=0.5,en;q=0.4", "zh-Hans"),
        ("fr,de", "en"),
        ("zh-TW;q=rubbish,en;q=0.1", "en"),
        (";;,,q=,=", "en"),
    ],
)
def test_the_first_wish_we_have(header, language):
    assert preferred_language(header) == language
