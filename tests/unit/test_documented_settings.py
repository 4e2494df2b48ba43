"""Every setting stands in docs/settings.md, and everything documented anywhere is a setting."""

import re
from pathlib import Path

import pytest

from allinone.extension.front_door import CADDYFILE, FrontDoorSettings
from allinone.extension.settings import ExtensionSettings
from allinone.gateway.settings import GatewaySettings
from allinone.immich.settings import ImmichSettings
from allinone.library.settings import LibrarySettings
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.photos_ai.settings import EngineSettings
from allinone.scaleout.settings import ScaleoutSettings

ROOT = Path(__file__).parents[2]
IMMICHS = ("DB_", "IMMICH_VERSION", "UPLOAD_LOCATION", "TZ")
READMES = ("README.md", "README.zh-TW.md", "README.zh-CN.md")


SETTINGS = (
    ExtensionSettings,
    FrontDoorSettings,
    ImmichSettings,
    LibrarySettings,
    EngineSettings,
    DownloadSettings,
    ServiceSettings,
    GatewaySettings,
    ScaleoutSettings,
)


def settings_in_code() -> set[str]:
    found = set()
    for settings in SETTINGS:
        for name, field in settings.model_fields.items():
            if not field.is_required():  # required ones are given by the program itself
                found.add(field.alias or f"ALLINONE_{name.upper()}")
    found.update(re.findall(r"\{\$([A-Z_]+)", CADDYFILE.read_text()))
    for source in (ROOT / "src").rglob("*.py"):
        found.update(re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"(?!\] =)', source.read_text()))
    return found


def variables_of_compose_files() -> set[str]:
    """Names that only the compose files read; Immich's own and those of our programs are theirs."""
    named = {
        name
        for file in (ROOT / "deploy").glob("*.yaml")
        for name in re.findall(r"\$\{([A-Z0-9_]+)", file.read_text())
        if not name.startswith(IMMICHS)
    }
    return named - settings_in_code()


def documented(page: str) -> set[str]:
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / page).read_text(), re.MULTILINE))


def test_every_setting_is_documented_and_everything_documented_is_a_setting() -> None:
    assert documented("docs/settings.md") == settings_in_code() | variables_of_compose_files()


@pytest.mark.parametrize("readme", READMES)
def test_readmes_show_settings_that_exist(readme: str) -> None:
    assert documented(readme) <= settings_in_code()


def test_readmes_show_the_same_settings_in_every_language() -> None:
    assert len({frozenset(documented(readme)) for readme in READMES}) == 1


def test_messages_name_settings_that_exist() -> None:
    named = {
        name
        for source in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\b(ALLINONE_[A-Z]+(?:_[A-Z]+)*)\b", source.read_text())
    }
    assert named <= settings_in_code()


OF_THE_SYSTEM = {"TZ", "HOME", "PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}
OF_PYTHON = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
OF_OTHERS = ("GF_", "NVIDIA_", "PIP_")
OF_JUICEFS = {"ACCESS_KEY", "SECRET_KEY", "META_PASSWORD"}


def given_to_containers() -> set[str]:
    """Variables that compose files, images and units set for our programs."""
    found = set()
    for name in ("compose.yaml", "immich.yaml"):
        for line in re.findall(r"^ {4,6}([A-Z][A-Z0-9_]+): ", (ROOT / "deploy" / name).read_text(), re.MULTILINE):
            found.add(line)
    dockerfile = re.sub(r"\\\n\s*", "", (ROOT / "deploy/Dockerfile").read_text())
    for line in re.findall(r"^ENV (.+)$", dockerfile, re.MULTILINE):
        found.update(re.findall(r"([A-Z][A-Z0-9_]+)=", line))
    for unit in (ROOT / "deploy/systemd").glob("*.service"):
        found.update(re.findall(r"^Environment=([A-Z0-9_]+)", unit.read_text(), re.MULTILINE))
    found.update(
        re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / "deploy/systemd/environment.example").read_text(), re.MULTILINE)
    )
    return found


def test_containers_and_units_are_given_variables_that_exist() -> None:
    ours = {name for name in given_to_containers() if not name.startswith(OF_OTHERS)}
    of_immich = {
        "IMMICH_MACHINE_LEARNING_URL",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
        "POSTGRES_DB",
        "POSTGRES_INITDB_ARGS",
    }
    of_the_unit = {"ALLINONE_UP"}
    known = settings_in_code() | OF_THE_SYSTEM | OF_PYTHON | OF_JUICEFS | of_immich | of_the_unit
    assert ours - known == set()
    assert {"API_AUTH_KEY", "PORT", "ALLINONE_DATA_DIR", "ALLINONE_IMMICH_URL"} <= ours


def test_no_setting_is_documented_twice() -> None:
    names = re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert len(names) == len(set(names))


def test_readmes_show_every_setting_of_the_original() -> None:
    photos_ai = "API_AUTH_KEY HTTP_PORT CLIP_MODEL CLIP_DOWNLOAD_ROOT DEVICE RECOGNITION_MODEL DETECTION_THRESH"
    gateway = "IMMICH_API MT_PHOTOS_API MT_PHOTOS_API_KEY PORT"
    original = {*photos_ai.split(), *gateway.split(), "SERVER_RESTART_TIME"}
    assert original <= documented("README.md")
