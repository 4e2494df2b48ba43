import pytest

from allinone.errors import ConfigurationError
from allinone.extension.settings import ExtensionSettings


def test_the_environment_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("ALLINONE_PASSWORD", "票 pass\n")
    monkeypatch.setenv("ALLINONE_HOSTS", " Photos.Home. , other ,,")
    monkeypatch.setenv("ALLINONE_HOST", "0.0.0.0")
    monkeypatch.setenv("ALLINONE_PORT", "9000")
    settings = ExtensionSettings(data_directory=tmp_path)
    assert settings.password.get_secret_value() == "票 pass"
    assert settings.hosts == {"photos.home", "other"}
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)


def test_the_password_is_not_shown(tmp_path):
    assert "hunter2" not in repr(ExtensionSettings(data_directory=tmp_path, password="hunter2"))


@pytest.mark.parametrize(("name", "value"), [("PORT", "many"), ("PORT", "70000"), ("MAX_BODY", "0")])
def test_a_wrong_value_is_named_by_its_variable(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(f"ALLINONE_{name}", value)
    with pytest.raises(ConfigurationError, match=f"ALLINONE_{name}"):
        ExtensionSettings(data_directory=tmp_path)


def test_blanks_are_no_password(tmp_path):
    with pytest.raises(ConfigurationError, match="ALLINONE_PASSWORD"):
        ExtensionSettings(data_directory=tmp_path, host="0.0.0.0", password=" \n")
