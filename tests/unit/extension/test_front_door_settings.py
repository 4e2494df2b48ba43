"""Which addresses of Immich the front door can stand before."""

import pytest

from allinone.errors import ConfigurationError
from allinone.extension.front_door import FrontDoorSettings, host_and_port


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:2283", "127.0.0.1:2283"),
        ("http://immich-server:2283/", "immich-server:2283"),
        ("http://immich", "immich:80"),
        ("http://[fd00::5]:2283", "[fd00::5]:2283"),
    ],
)
def test_addresses_of_immich(url: str, address: str) -> None:
    assert host_and_port(url) == address


@pytest.mark.parametrize(
    "url",
    ["", "immich:2283", "https://photos.example", "http://immich:2283/api", "http://immich:99999", "http://a@b:1", "x"],
)
def test_addresses_that_cannot_be_are_explained(url: str) -> None:
    with pytest.raises(ConfigurationError, match="http://immich-server:2283"):
        FrontDoorSettings(immich_url=url)


def test_what_caddy_is_told() -> None:
    settings = FrontDoorSettings(immich_url="http://immich-server:2283", front_door_port=8443)
    assert settings.environment("127.0.0.1:8070") == {
        "ALLINONE_FRONT_DOOR_HOST": "0.0.0.0",
        "ALLINONE_FRONT_DOOR_PORT": "8443",
        "ALLINONE_IMMICH_ADDRESS": "immich-server:2283",
        "ALLINONE_EXTENSION_ADDRESS": "127.0.0.1:8070",
        "ALLINONE_TRUSTED_PROXIES": "private_ranges",
    }


@pytest.mark.parametrize("ranges", ["", "10.0.0.0/8 }", "a\nb", "{$HOME}"])
def test_ranges_cannot_write_into_the_configuration(ranges: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLINONE_TRUSTED_PROXIES"):
        FrontDoorSettings(immich_url="http://immich:2283", trusted_proxies=ranges)
