"""Parts of the service that need no HTTP: places for pictures, room for bodies, the key, the device."""

import asyncio

import onnxruntime
import pytest

from allinone.errors import ConfigurationError, Overloaded, Unauthenticated
from allinone.photos_ai import devices
from allinone.photos_ai.devices import choose_device
from allinone.photos_ai.picture_room import PictureRoom
from allinone.photos_ai.service.admission import Budget
from allinone.photos_ai.service.api_key import ApiKey
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.photos_ai.settings import EngineSettings


async def test_places_for_pictures_are_bounded_and_given_back() -> None:
    room = PictureRoom(2, most_waiting=1)
    inside, most = 0, 0

    async def look(*, fail: bool = False) -> None:
        nonlocal inside, most
        async with room.place():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            if fail:
                raise ValueError

    first = [asyncio.create_task(look(fail=True)), asyncio.create_task(look()), asyncio.create_task(look())]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="waiting"):
        await look()
    await asyncio.gather(*first, return_exceptions=True)
    assert (most, inside, room.waiting) == (2, 0, 0)
    leaving = [asyncio.create_task(look()) for _ in range(3)]
    await asyncio.sleep(0)
    leaving[2].cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    assert room.waiting == 0
    await asyncio.gather(look(), look())


def test_a_budget_is_never_exceeded() -> None:
    budget = Budget(100)
    budget.take(60)
    with pytest.raises(Overloaded):
        budget.take(41)
    assert budget.held == 60
    budget.take(40)
    budget.give(100)
    assert budget.held == 0


@pytest.mark.parametrize("attempt", ["", "k", "ke", "Key", "key ", "keyé", "é", "\xff" * 1000])
def test_only_the_key_opens(attempt: str) -> None:
    with pytest.raises(Unauthenticated, match="Invalid API key"):
        ApiKey("key").check(attempt)
    ApiKey("key").check("key")


def test_a_key_may_have_any_letters() -> None:
    ApiKey("密鑰").check("密鑰".encode().decode("latin-1"))  # as headers arrive


def test_a_device_that_was_not_asked_for_is_not_missed() -> None:
    assert choose_device("cpu") == devices.Device("cpu")
    assert choose_device("auto") == devices.Device("cpu")  # no machine that runs this has CUDA
    notice = choose_device("cuda").notice
    assert choose_device("cuda").name == "cpu"
    assert notice is not None
    assert "computing on the CPU" in notice


def test_a_provider_that_is_listed_must_also_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[str] = []

    def preload(*, directory: str) -> None:
        # "": among Python's packages first, where the extra `cuda` puts them
        steps.append(f"libraries from {directory!r}")
        print("Failed to load libcuda.so.1")  # as it does

    session = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", preload)
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *of, **how: (steps.append("session"), session(*of, **how))[1]
    )
    devices._cuda_fault.cache_clear()
    try:
        assert choose_device("auto").name == "cpu"
        assert "onnxruntime-gpu is installed, but" in str(choose_device("auto").notice)
        assert "missing" in str(choose_device("cuda").notice)
        assert steps == ["libraries from ''", "session"]
        assert capsys.readouterr().out == ""
    finally:
        monkeypatch.undo()
        devices._cuda_fault.cache_clear()


def test_settings_keep_their_old_names(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    assert EngineSettings(models=tmp_path).idle_seconds == 300
    monkeypatch.setenv("SERVER_RESTART_TIME", "60")
    assert EngineSettings(models=tmp_path).idle_seconds == 60
    monkeypatch.setenv("ALLINONE_MODEL_TTL", "0")
    assert EngineSettings(models=tmp_path).idle_seconds == 0
    monkeypatch.setenv("RECOGNITION_MODEL", "../../etc")
    with pytest.raises(ConfigurationError, match="RECOGNITION_MODEL"):
        EngineSettings(models=tmp_path)
    for key in ("", " \n"):
        monkeypatch.setenv("API_AUTH_KEY", key)  # nothing is not a key
        assert ServiceSettings().key.get_secret_value() == "mt_photos_ai_extra"
    monkeypatch.setenv("API_AUTH_KEY", "secret\n")
    assert ServiceSettings().key.get_secret_value() == "secret"
    monkeypatch.setenv("HTTP_PORT", "eighty")
    with pytest.raises(ConfigurationError, match="HTTP_PORT"):
        ServiceSettings()
