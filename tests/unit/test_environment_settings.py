"""Settings from the environment: wrong values are named, wherever they come from."""

from pathlib import Path

import pytest

from allinone.errors import ConfigurationError
from allinone.extension.settings import ExtensionSettings
from allinone.gateway.settings import GatewaySettings
from allinone.immich.settings import ImmichSettings
from allinone.library.settings import LibrarySettings
from allinone.photos_ai.settings import EngineSettings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALLINONE_PORT", "eighty"),
        ("ALLINONE_MAX_BODY", "0"),
        ("ALLINONE_WORKERS", "-1"),
        ("ALLINONE_RESCAN_MINUTES", "never"),
        ("ALLINONE_THREADS", "0"),
        ("ALLINONE_OCR_MIN_SCORE", "2"),
        ("DEVICE", "tpu"),
    ],
)
def test_wrong_value_names_its_variable_and_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=f"{variable} cannot be '{value}'"):
        _ = ExtensionSettings(data_directory=tmp_path), LibrarySettings(), EngineSettings(models=tmp_path)


def test_values_of_the_environment_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALLINONE_PORT", "8100")
    monkeypatch.setenv("CLIP_MODEL", "ViT-L-14")
    monkeypatch.setenv("ALLINONE_WORKERS", "3")
    assert ExtensionSettings(data_directory=tmp_path).port == 8100
    assert ExtensionSettings(data_directory=tmp_path, port=1).port == 1
    assert EngineSettings(models=tmp_path).clip_model == "ViT-L-14"
    assert LibrarySettings().workers == 3


def test_a_setting_with_a_name_of_its_own_is_read_by_that_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's PORT is not the extension's ALLINONE_PORT, nor Immich's DB_URL our own database."""
    monkeypatch.setenv("ALLINONE_PORT", "8071")
    monkeypatch.setenv("ALLINONE_HOST", "127.0.0.9")
    monkeypatch.setenv("ALLINONE_DATABASE_URL", "dbname=ours")
    gateway, immich = GatewaySettings(), ImmichSettings()
    assert (gateway.port, gateway.host) == (8080, "0.0.0.0")
    assert immich.database_url is None
    monkeypatch.setenv("PORT", "8099")
    assert GatewaySettings().port == 8099
    assert GatewaySettings(port=8100).port == 8100
