import inspect

import httpx
import pytest
from fastapi import FastAPI

from allinone import errors
from allinone.http.correlation import Correlation
from allinone.http.problems import install_problems, status_of


def make(error):
    app = FastAPI()
    install_problems(app)
    app.add_middleware(Correlation)

    @app.get("/fails")
    async def fails():
        raise error

    @app.get("/number/{number}")
    async def number(number: int):
        return number

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequest("odd"), 400),
        (errors.Unauthenticated("who"), 401),
        (errors.Forbidden("no"), 403),
        (errors.NotFound("gone"), 404),
        (errors.UnreadableImage("cut"), 422),
        (errors.UnsupportedImage("psd"), 415),
        (errors.ImageTooLarge("big"), 413),
        (errors.Overloaded("full", retry_after=7), 503),
        (errors.DatabaseUnavailable("down"), 503),
        (errors.ModelMissing("none"), 503),
        (errors.BackendFailed("closed half way"), 502),
    ],
)
async def test_errors_of_ours_get_their_status_and_immichs_shape(error, status):
    async with make(error) as client:
        answer = await client.get("/fails")
    body = answer.json()
    assert answer.status_code == body["statusCode"] == status
    assert body["message"] == str(error)
    assert body["error"]
    assert body["correlationId"] == answer.headers["x-immich-cid"]
    if isinstance(error, errors.Overloaded):
        assert answer.headers["retry-after"] == "7"


def test_every_error_of_ours_has_a_status():
    ours = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.AllInOneError)]
    assert len(ours) > 10
    assert {status_of(cls("x")) for cls in ours} <= {400, 401, 403, 404, 413, 415, 422, 500, 502, 503}


async def test_an_unforeseen_error_tells_nothing_and_is_logged(caplog):
    async with make(RuntimeError("the password is hunter2")) as client:
        answer = await client.get("/fails")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["correlationId"] in caplog.text
    assert "hunter2" in caplog.text


async def test_the_frameworks_own_errors_have_the_same_shape():
    async with make(RuntimeError()) as client:
        missing = await client.get("/nowhere?apiKey=secret")
        method = await client.post("/fails")
        value = await client.get("/number/many")
    assert (missing.status_code, missing.json()["message"]) == (404, "Cannot GET /nowhere")
    assert (method.status_code, method.json()["error"]) == (405, "Method Not Allowed")
    assert value.status_code == 400
    assert value.json()["message"][0].startswith("number: ")
