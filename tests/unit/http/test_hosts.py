import pytest

from allinone.http.hosts import host_policy, is_same_origin


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8070",
        "LOCALHOST:1",
        "localhost.",
        "127.0.0.1:8070",
        "[::1]:8070",
        "photos.home",
    ],
)
def test_this_machine_and_the_configured_names_are_answered(host):
    assert host_policy("127.0.0.1", {"photos.home"}, open_to_others=False).allows(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost:80:80",
        "a b",
        "10.0.0.7",
        "localhost@evil.example",
        "[::1",
        "localhost/",
        "localhost:999999",
    ],
)
def test_other_names_are_refused(host):
    assert not host_policy("127.0.0.1", set(), open_to_others=False).allows(host)


def test_a_server_for_others_answers_to_addresses_but_not_to_strange_names():
    policy = host_policy("0.0.0.0", set(), open_to_others=True)
    assert policy.allows("192.168.1.5:8070")
    assert policy.allows("[fd00::5]:8070")
    assert not policy.allows("evil.example")


def test_the_listening_address_is_answered_to():
    assert host_policy("fd00::5", set(), open_to_others=False).allows("[FD00::5]:80")


def test_a_star_allows_every_name():
    assert host_policy("0.0.0.0", {"*"}, open_to_others=True).allows("anything.example")


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8070", "localhost:8070", True),
        ("https://photos.example", "photos.example", True),
        ("https://photos.example", "photos.example:443", True),
        ("http://[::1]:8070", "[::1]:8070", True),
        ("http://localhost:3000", "localhost:8070", False),
        ("https://evil.example", "localhost:8070", False),
        ("null", "localhost:8070", False),
        ("file://localhost", "localhost", False),
        ("http://localhost:8070.evil.example", "localhost:8070", False),
        ("http://[bad", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_same_origin_compares_name_and_port(origin, host, same):
    assert is_same_origin(origin, host) is same
