"""Every setting is documented in all three languages, and everything documented is a setting."""

import re
from pathlib import Path

import pytest

from allinone.extension.settings import ExtensionSettings
from allinone.library.settings import LibrarySettings
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.settings import EngineSettings

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-TW.md", "README.zh-CN.md")


def settings_in_code() -> set[str]:
    found = set()
    for settings in (ExtensionSettings, LibrarySettings, EngineSettings, DownloadSettings):
        for name, field in settings.model_fields.items():
            if not field.is_required():  # required ones are given by the program itself
                found.add(field.alias or f"ALLINONE_{name.upper()}")
    for source in (ROOT / "src").rglob("*.py"):
        found.update(re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"(?!\] =)', source.read_text()))
    return found


@pytest.mark.parametrize("readme", READMES)
def test_settings_and_documentation_agree(readme: str) -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / readme).read_text(), re.MULTILINE))
    assert documented == settings_in_code()


def test_messages_name_settings_that_exist() -> None:
    named = {
        name
        for source in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\b(ALLINONE_[A-Z]+(?:_[A-Z]+)*)\b", source.read_text())
    }
    assert named <= settings_in_code()
