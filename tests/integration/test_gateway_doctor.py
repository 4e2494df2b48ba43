"""What `doctor` finds out about backends, asked over the network."""

import pytest

from allinone.cli.checks import Check, Status
from allinone.cli.gateway_checks import VARIABLES, gateway_checks
from support.scripted_backend import Reply, ScriptedBackend, mt_photos


async def checks(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[Check]:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    return [check async for check in gateway_checks()]


async def test_nothing_is_said_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await checks(monkeypatch) == []


async def test_backends_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedBackend(mt_photos) as ours, ScriptedBackend() as immich:
        found = await checks(
            monkeypatch,
            MT_PHOTOS_API=ours.url,
            IMMICH_API=immich.url,
            ALLINONE_IMMICH_CLIP_MODEL="ViT-B-32__openai",
        )
    assert [(check.name, check.status) for check in found] == [
        ("backend photos-ai", Status.OK),
        ("backend immich", Status.OK),
    ]
    assert "512 numbers" in found[0].found


async def test_another_length_a_wrong_key_and_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedBackend(mt_photos) as ours:
        lines = (
            f"photos-ai=mt-photos+{ours.url};key=mt_photos_ai_extra,other=mt-photos+{ours.url};key=wrong,"
            "immich=predict+http://127.0.0.1:9"
        )
        found = await checks(
            monkeypatch,
            ALLINONE_BACKENDS=lines,
            ALLINONE_ROUTES="ocr=other",
            ALLINONE_IMMICH_CLIP_MODEL="ViT-L-14__openai",
        )
    assert [check.status for check in found] == [Status.FAILED] * 3
    said = " ".join(check.found for check in found)
    assert "needs vectors of 768 numbers" in said
    assert "refuses our key (401)" in said
    assert "cannot be reached" in said
    assert all(check.advice for check in found)
    assert "wrong" not in said


async def test_a_backend_without_a_clip_model(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Reply(503, {"message": "No CLIP model is here."})
    async with ScriptedBackend(lambda request: missing if request.path == "/clip/txt" else mt_photos(request)) as ours:
        found = await checks(
            monkeypatch, MT_PHOTOS_API=ours.url, ALLINONE_ROUTES="*=photos-ai,facial-recognition=photos-ai"
        )
    assert [check.status for check in found] == [Status.NOTE]
    assert "No CLIP model is here" in found[0].found


async def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = await checks(monkeypatch, ALLINONE_BACKENDS="nonsense")
    assert check.status is Status.FAILED
    assert "ALLINONE_BACKENDS" in check.found
