"""Backends, routes and the rest of the settings as people write them."""

import re

import pytest

from allinone.errors import ConfigurationError
from allinone.gateway.backend_specs import BackendSpec, Kind, parse_backends
from allinone.gateway.backends.failures import Broken, WrongDimension
from allinone.gateway.dimensions import CHINESE_CLIP, check_dimension, expected_dimension, vector_length
from allinone.gateway.routing import parse_routes
from allinone.gateway.settings import GatewaySettings


def test_the_old_variables_alone() -> None:
    settings = GatewaySettings(mt_photos_api="http://nas:8060/", immich_api="http://immich-ml:3003")
    ours, immich = settings.specs
    assert (ours.name, ours.kind, ours.url) == ("photos-ai", Kind.MT_PHOTOS, "http://nas:8060")
    assert ours.headers == {"api-key": "mt_photos_ai_extra"}
    assert (immich.name, immich.kind, immich.url) == ("immich", Kind.PREDICT, "http://immich-ml:3003")
    assert settings.table.rule("clip") == ("photos-ai",)
    assert settings.table.rule("depth") == ("immich",)


def test_backends_in_full() -> None:
    text = (
        "photos-ai=mt-photos+http://nas:8060;key=a%2Cb;weight=2;limit=3\n"
        "photos-ai=predict+https://gpu:8443/t/secret;header.Authorization=Basic%20abc;verify=no, here=in-process"
    )
    first, second, here = parse_backends(text)
    assert (first.headers, first.weight, first.limit) == ({"api-key": "a,b"}, 2, 3)
    assert (second.headers, second.verify) == ({"authorization": "Basic abc"}, False)
    assert second.place == "https://gpu:8443/t/..."
    assert here == BackendSpec("here", Kind.IN_PROCESS)
    assert "secret" not in repr(second)
    assert "abc" not in repr(second)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "does not begin with NAME="),
        ("=predict+http://a", "does not begin with NAME="),
        ("a=ftp+http://b", "one of the kinds"),
        ("a=predict+nas:8060", "must be an address"),
        ("a=predict+http://", "must be an address"),
        ("a=predict+http://a:99999", "must be an address"),
        ("a=predict+http://user:pass@nas", "must not hold a password"),
        ("a=predict+http://nas?key=1", "must be an address"),
        ("a=in-process+http://nas", "has no address"),
        ("a=predict+http://nas;weight=0", "from 1 to 1000"),
        ("a=predict+http://nas;weight", "has no value"),
        ("a=predict+http://nas;key=line%0abreak", "cannot be sent"),
        ("a=predict+http://nas;header.content-length=3", "set by the gateway"),
        ("a=predict+http://nas;ca=/nowhere", "names no file"),
        ("a=predict+http://nas;colour=red", "not known"),
    ],
)
def test_backends_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_backends(text)
    assert "pass" not in str(caught.value).replace("password", "")


def test_routes_over_the_defaults() -> None:
    routes = parse_routes("ocr=photos-ai+gpu, *=gpu", ["photos-ai", "gpu", "immich"])
    shares = routes.split({"ocr": {}, "depth": {}, "clip": {}, "facial-recognition": {}})
    assert [(rule, list(entries)) for rule, entries in shares] == [
        (("photos-ai", "gpu"), ["ocr"]),
        (("gpu",), ["depth"]),
        (("photos-ai",), ["clip"]),
        (("immich",), ["facial-recognition"]),
    ]


@pytest.mark.parametrize("text", ["ocr", "=a", "ocr=", "ocr=a+", "ocr=nobody"])
def test_routes_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLINONE_ROUTES"):
        parse_routes(text, ["photos-ai", "immich"])


@pytest.mark.parametrize("token", ["short", "with blank in it", "slash/slash/slash", "x" * 201, "ümlaut-ümlaut"])
def test_tokens_that_do_not_fit_into_an_address(token: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLINONE_GATEWAY_TOKEN") as caught:
        GatewaySettings(token=token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"deadline": 300}, "ALLINONE_GATEWAY_DEADLINE"),
        ({"deadline": 0}, "ALLINONE_GATEWAY_DEADLINE"),
        ({"memory": 10}, "ALLINONE_GATEWAY_MEMORY"),
        ({"port": 70_000}, "PORT"),
        ({"immich_api": "localhost:3003"}, "IMMICH_API"),
    ],
)
def test_other_values_that_cannot_be(values: dict[str, object], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        GatewaySettings(**values)


@pytest.mark.parametrize(
    ("model", "dimension"),
    [
        ("ViT-B-32__openai", 512),
        ("vit-b-32::openai", 512),
        ("immich-app/XLM-Roberta-Large-Vit-B-16Plus", 640),
        ("ViT-L-14-336__openai", 768),
        ("ViT-H-14__laion2b-s32b-b79k", 1024),
        ("ViT-SO400M-16-SigLIP2-384__webli", 1152),
        ("a-model-of-tomorrow", None),
        ("", None),
        (None, None),
    ],
)
def test_lengths_by_name(model: str | None, dimension: int | None) -> None:
    assert expected_dimension(model) == dimension


@pytest.mark.parametrize("found", [512, 768, 1024])
@pytest.mark.parametrize("model", ["ViT-B-32__openai", "ViT-L-14__openai", "RN50__openai", "ViT-SO400M-14__webli"])
def test_advice_mends_the_lengths(model: str, found: int) -> None:
    """Each setting that is named would really fit."""
    expected = expected_dimension(model)
    if expected == found:
        check_dimension(model, found, "photos-ai")
        return
    with pytest.raises(WrongDimension) as caught:
        check_dimension(model, found, "photos-ai")
    message = str(caught.value)
    suggested = [word.rstrip(",.") for word in message.split() if "__" in word][1:]
    assert [expected_dimension(name) for name in suggested] == [found]
    for length, names in CHINESE_CLIP.items():
        for name in names:
            named = name in re.findall(r"[\w-]+", message.partition("CLIP_MODEL of")[2])
            assert named == (length == expected), (name, message)


def test_vectors_are_counted() -> None:
    assert vector_length("[0.5]") == 1
    assert vector_length("[1,-2.5e-3 , 3]\n") == 3


@pytest.mark.parametrize("vector", ["", "[]", "[ ]", "[NaN]", "[1,null]", '["1"]', "1,2", [1, 2], None, "[１]"])
def test_what_is_no_vector(vector: object) -> None:
    with pytest.raises(Broken):
        vector_length(vector)
