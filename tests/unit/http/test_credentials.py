import base64
import stat
import threading

import pytest

from allinone.errors import ConfigurationError
from allinone.http.credentials import SESSION_SECONDS, Password, load_secret, password_in

SECRET = bytes(range(32))


def test_only_the_whole_password_matches():
    password = Password("正確的密碼", SECRET)
    assert password.matches("正確的密碼".encode())
    for wrong in ("", "正確的密", "正確的密碼 ", "x"):
        assert not password.matches(wrong.encode())


def test_a_session_is_bound_to_password_and_secret():
    session = Password("one", SECRET).new_session()
    assert Password("one", SECRET).is_session(session)
    assert not Password("two", SECRET).is_session(session)
    assert not Password("one", bytes(32)).is_session(session)


@pytest.mark.parametrize("cookie", ["", ".", "allinone", "allinone.x.y", "\x00", "票", "a" * 10_000])
def test_what_is_not_a_session_is_not_one(cookie):
    assert not Password("one", SECRET).is_session(cookie)


def test_a_session_expires(monkeypatch):
    password = Password("one", SECRET)
    session = password.new_session()
    real = password._signer.get_timestamp()
    monkeypatch.setattr(password._signer, "get_timestamp", lambda: real + SESSION_SECONDS + 1)
    assert not password.is_session(session)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({b"authorization": b"Bearer abc"}, b"abc"),
        ({b"authorization": b"bearer  abc "}, b"abc"),
        ({b"authorization": b"Basic " + base64.b64encode(b"anyone:a:b")}, b"a:b"),
        ({b"authorization": b"Basic !!"}, b""),
        ({b"authorization": b"Digest abc"}, None),
        ({b"x-api-key": b"abc"}, b"abc"),
    ],
)
def test_programs_send_the_password_in_three_ways(headers, found):
    assert password_in(headers) == found


def test_the_secret_is_made_once_and_is_ours_alone(tmp_path):
    path = tmp_path / "data" / "session.secret"
    found = []
    threads = [threading.Thread(target=lambda: found.append(load_secret(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["session.secret"]


def test_a_damaged_secret_is_named(tmp_path):
    path = tmp_path / "session.secret"
    path.write_bytes(b"short")
    with pytest.raises(ConfigurationError, match=r"session\.secret"):
        load_secret(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        load_secret(tmp_path / "file" / "session.secret")
