"""Nothing lost: a request goes where it can be done, waits where nobody can, and ends where it is itself at fault."""

import asyncio
import json
import time

import pytest

from allinone.gateway.members.health import State
from allinone.gateway.retry import TRIES
from support import immich_requests as immich
from support.gateway_site import running_gateway
from support.scripted_backend import Reply, Request, ScriptedBackend, immich_ml

ROUTES = "ocr=work,clip=work,facial-recognition=work,*=work"
IMAGE = b"\xff\xd8 not looked at \xff\xd9"
FORM = immich.form(immich.OCR, image=IMAGE)
POISON = b"\xff\xd8 poison \xff\xd9"


def line(*backends: ScriptedBackend, options: str = "") -> list[str]:
    return [f"work=predict+{backend.url}{options}" for backend in backends]


def failing_at(fault: Reply, *, needle: bytes = b"", times: int = 10**9):
    """Good answers, but for requests with `needle` in them."""
    left = times

    def script(request: Request) -> Reply:
        nonlocal left
        if request.path.endswith("/predict") and needle in request.body and left > 0:
            left -= 1
            return fault
        return immich_ml(request)

    return script


async def test_tasks_go_where_their_rules_say() -> None:
    async with ScriptedBackend() as one, ScriptedBackend() as two:
        backends = [f"photos-ai=predict+{one.url}", f"immich=predict+{two.url}"]
        async with running_gateway(*backends) as site:
            entries = json.loads(immich.OCR) | json.loads(immich.FACES) | {"depth": {"x": {}}}
            answer = await site.ask(immich.form(json.dumps(entries), image=IMAGE))
            assert set(answer.json()) == {"ocr", "facial-recognition", "depth", "imageHeight", "imageWidth"}
        (to_one,), (to_two,) = one.predictions, two.predictions
        assert b'"ocr"' in to_one.body
        assert b"facial" not in to_one.body
        assert b'"facial-recognition"' in to_two.body
        assert b'"depth"' in to_two.body
        assert IMAGE in to_one.body
        assert IMAGE in to_two.body


async def test_a_whole_request_is_passed_on_as_the_bytes_that_came() -> None:
    async with ScriptedBackend() as backend, running_gateway(*line(backend), routes=ROUTES) as site:
        await site.ask(FORM)
        (request,) = backend.predictions
        assert request.body == FORM
        assert request.headers["content-type"] == f"multipart/form-data; boundary={immich.BOUNDARY}"


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500, {"detail": "CUDA out of memory"}),
        Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{", close=True),
        Reply(raw=b"", close=True),
        Reply(raw=b"\x16\x03\x01 not HTTP at all\r\n\r\n", close=True),
        Reply(body=b"<html><body>It works!</body></html>"),
        Reply(body=b'{"ocr": NaN}'),
        Reply(document=[1, 2]),
        Reply(document={}),
        Reply(document={"ocr": {"text": ["a"], "box": [0.1], "boxScore": [1], "textScore": [1]}}),
        Reply(302, {}, headers="location: http://169.254.169.254/latest/meta-data\r\n"),
        Reply(401, {"detail": "Invalid API key"}),
        Reply(404, {"detail": "Not Found"}),
        Reply(503, {"detail": "busy"}, headers="retry-after: 1\r\n"),
        Reply(429, {"detail": "busy"}),
    ],
    ids=lambda fault: f"{fault.status}-{(fault.raw or fault.body or b'')[:12]!r}",
)
async def test_what_one_backend_cannot_another_does(fault: Reply) -> None:
    async with (
        ScriptedBackend(failing_at(fault)) as bad,
        ScriptedBackend() as good,
        running_gateway(*line(bad, good), routes=ROUTES) as site,
    ):
        for _ in range(4):
            answer = await site.ask(FORM, seconds=5)
            assert answer.status == 200, answer
        assert len(good.predictions) == 4
        assert all(request.path in ("/predict", "/ping") for request in bad.requests), "redirects are not followed"


async def test_a_client_fault_is_not_tried_elsewhere() -> None:
    refuse = failing_at(Reply(422, {"detail": "cannot identify image"}))
    async with (
        ScriptedBackend(refuse) as one,
        ScriptedBackend(refuse) as two,
        running_gateway(*line(one, two), routes=ROUTES) as site,
    ):
        for _ in range(20):
            answer = await site.ask(FORM)
            assert (answer.status, answer.json()) == (422, {"detail": "cannot identify image"})
            assert "cannot identify image" in answer.reason
        assert all(member.health.state is State.UP for member in site.gateway.members)
        assert len(one.predictions) + len(two.predictions) == 20


async def test_a_backend_that_hangs_is_left_after_its_time() -> None:
    async with (
        ScriptedBackend(failing_at(Reply(delay=60))) as hung,
        ScriptedBackend() as good,
        running_gateway(*line(hung, good), routes=ROUTES, attempt_seconds=0.3) as site,
    ):
        answers = await asyncio.gather(*(site.ask(FORM, seconds=10) for _ in range(6)))
        assert [answer.status for answer in answers] == [200] * 6


async def test_all_down_is_waited_for() -> None:
    backend = ScriptedBackend()
    await backend.start()
    async with running_gateway(*line(backend), routes=ROUTES) as site:
        assert (await site.ask(FORM)).status == 200
        await backend.kill()
        asked = [asyncio.create_task(site.ask(FORM)) for _ in range(20)]
        await asyncio.sleep(1.0)
        assert not any(task.done() for task in asked)
        assert (await site.get("/ping")).status_code == 503
        assert (await site.get("/readyz")).status_code == 503
        await backend.start()
        assert {answer.status for answer in await asyncio.gather(*asked)} == {200}
        assert (await site.get("/ping")).status_code == 200
    await backend.kill()


async def test_waiting_ends_in_time_with_the_reason() -> None:
    async with running_gateway("work=predict+http://127.0.0.1:9", routes=ROUTES, deadline=0.7) as site:
        begun = time.monotonic()
        answer = await site.ask(FORM)
        assert answer.status == 502
        assert 0.5 < time.monotonic() - begun < 2
        assert "cannot be reached" in str(answer.json()["message"])
        assert site.gateway.memory.used == 0


async def test_the_line_is_bounded() -> None:
    async with (
        ScriptedBackend(failing_at(Reply(delay=60))) as hung,
        running_gateway(*line(hung, options=";limit=1"), routes=ROUTES, waiting=2) as site,
    ):
        asked = [asyncio.create_task(site.ask(FORM)) for _ in range(3)]
        await asyncio.sleep(0.3)
        refused = await site.ask(FORM)
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await until(lambda: site.gateway.pool.waiting == 0 and site.gateway.members[0].outstanding == 0)
        assert site.gateway.memory.used == 0


async def until(question) -> None:
    for _ in range(1000):
        if question():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


async def test_a_text_does_not_queue_behind_photos() -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.05 if request.path == "/predict" else 0)
        return immich_ml(request)

    async with (
        ScriptedBackend(slow) as backend,
        running_gateway(*line(backend, options=";limit=1"), routes=ROUTES) as site,
    ):
        photos = [asyncio.create_task(site.ask(FORM)) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert (await site.ask(immich.form(immich.CLIP_TEXTUAL, text="海"))).status == 200
        assert sum(task.done() for task in photos) < 6
        assert {answer.status for answer in await asyncio.gather(*photos)} == {200}


async def test_a_poison_image_harms_itself_only() -> None:
    poison = failing_at(Reply(500, {"detail": "boom"}), needle=b"poison")
    async with (
        ScriptedBackend(poison) as one,
        ScriptedBackend(poison) as two,
        running_gateway(*line(one, two), routes=ROUTES) as site,
    ):

        async def client(body: bytes, times: int) -> list[int]:
            return [(await site.ask(body)).status for _ in range(times)]

        bad = [client(immich.form(immich.OCR, image=POISON), 2) for _ in range(25)]
        good = [client(FORM, 40) for _ in range(3)]
        statuses = await asyncio.gather(*bad, *good)
        assert all(set(each) == {502} for each in statuses[:25])
        assert all(set(each) == {200} for each in statuses[25:])
        assert all(member.health.state is State.UP for member in site.gateway.members)
        asked = sum(b"poison" in request.body for request in one.requests + two.requests)
        assert asked == 50 * TRIES


async def test_a_poison_image_alone_before_one_backend_does_not_end_it() -> None:
    async with (
        ScriptedBackend(failing_at(Reply(500, {}), needle=b"poison")) as backend,
        running_gateway(*line(backend), routes=ROUTES) as site,
    ):
        for _ in range(2):
            assert (await site.ask(immich.form(immich.OCR, image=POISON))).status == 502
        assert site.gateway.members[0].health.state is State.UP
        assert (await site.ask(FORM)).status == 200


async def test_a_poison_image_that_kills_its_backend_gets_its_answer() -> None:
    backend = ScriptedBackend()

    deaths = set()

    async def die() -> None:
        await backend.kill()
        await asyncio.sleep(0.3)
        await backend.start()

    async def deadly(request: Request) -> Reply:
        if b"poison" in request.body:
            deaths.add(asyncio.create_task(die()))
            await asyncio.sleep(30)
        return immich_ml(request)

    backend.script = deadly
    await backend.start()
    async with running_gateway(*line(backend), routes=ROUTES) as site:
        assert (await site.ask(FORM)).status == 200  # so that a connection is kept
        assert (await site.ask(immich.form(immich.OCR, image=POISON))).status == 502
        assert len(deaths) == TRIES
        assert (await site.ask(FORM)).status == 200
    await backend.kill()


async def test_one_that_fails_at_everything_is_left_and_taken_back() -> None:
    backend = ScriptedBackend(failing_at(Reply(500, {}), times=8))
    async with backend, ScriptedBackend() as good, running_gateway(*line(backend, good), routes=ROUTES) as site:
        sick = site.gateway.members[0]
        for number in range(12):
            image = b"photo %d" % number
            assert (await site.ask(immich.form(immich.OCR, image=image))).status == 200
        assert sick.health.state is not State.UP
        await until(lambda: sick.health.state is State.TRIAL)
        while sick.health.state is not State.UP:
            assert (await site.ask(FORM)).status == 200


async def test_a_missing_model_holds_up_only_what_needs_it() -> None:
    missing = Reply(503, {"message": "No CLIP model is here."}, headers="retry-after: 5\r\n")
    async with (
        ScriptedBackend(failing_at(missing, needle=b'"clip"')) as backend,
        running_gateway(*line(backend), routes=ROUTES, deadline=3) as site,
    ):
        clip = immich.form(immich.CLIP_VISUAL, image=IMAGE)
        waiting = [asyncio.create_task(site.ask(clip)) for _ in range(4)]
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        for _ in range(10):
            assert (await site.ask(FORM)).status == 200
        assert time.monotonic() - begun < 2
        for answer in await asyncio.gather(*waiting):
            assert answer.status == 502
            assert "No CLIP model is here" in str(answer.json()["message"])


async def test_nobody_waits_at_a_search_field_for_a_missing_model() -> None:
    missing = Reply(
        503, {"message": "No CLIP model."}, headers="retry-after: 5\r\nx-allinone-reason: model-missing\r\n"
    )
    async with (
        ScriptedBackend(failing_at(missing, needle=b'"clip"')) as backend,
        running_gateway(*line(backend), routes=ROUTES, deadline=2) as site,
    ):
        photo = asyncio.create_task(site.ask(immich.form(immich.CLIP_VISUAL, image=IMAGE)))
        await asyncio.sleep(0.1)
        for _ in range(3):
            begun = time.monotonic()
            answer = await site.ask(immich.form(immich.CLIP_TEXTUAL, text="海"))
            assert answer.status == 502
            assert "No CLIP model" in answer.reason
            assert time.monotonic() - begun < 1
        assert not photo.done(), "its data would be lost"
        assert (await photo).status == 502


async def test_weights_share_the_work() -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.02 if request.path == "/predict" else 0)
        return immich_ml(request)

    async with ScriptedBackend(slow) as small, ScriptedBackend(slow) as large:
        backends = [*line(small), *line(large, options=";weight=3")]
        async with running_gateway(*backends, routes=ROUTES) as site:

            async def client() -> None:
                for _ in range(15):
                    assert (await site.ask(FORM)).status == 200

            await asyncio.gather(*(client() for _ in range(8)))
        share = len(large.predictions) / (len(large.predictions) + len(small.predictions))
        assert 0.65 < share < 0.85


async def test_a_client_that_leaves_ends_the_work_for_it() -> None:
    gone = asyncio.Event()

    async def slow(request: Request) -> Reply:
        if request.path == "/predict":
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                gone.set()
                raise
        return immich_ml(request)

    async with ScriptedBackend(slow) as backend, running_gateway(*line(backend), routes=ROUTES) as site:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(immich.request(site.port, FORM))
        await until(lambda: backend.predictions)
        writer.close()
        await asyncio.wait_for(gone.wait(), 5)
        await until(lambda: site.gateway.members[0].outstanding == 0 and site.gateway.memory.used == 0)
        backend.script = immich_ml
        assert (await site.ask(FORM)).status == 200


async def test_another_length_is_asked_elsewhere() -> None:
    wrong = failing_at(Reply(document={"clip": json.dumps([0.5] * 768)}))
    body = immich.form(immich.CLIP_VISUAL, image=IMAGE)
    async with (
        ScriptedBackend(wrong) as bad,
        ScriptedBackend() as good,
        running_gateway(*line(bad, good), routes=ROUTES, deadline=2) as site,
    ):
        for _ in range(4):
            assert (await site.ask(body)).status == 200
        await good.kill()
        answer = await site.ask(body)  # the other one may come back, and is waited for
        assert answer.status == 502
        assert "gives 768" in str(answer.json()["message"])


async def test_dimensions_are_checked_at_the_start() -> None:
    async with (
        ScriptedBackend() as backend,
        running_gateway(*line(backend), routes=ROUTES, immich_clip_model="ViT-L-14__openai") as site,
    ):
        await until(lambda: site.gateway.members[0].notice)
        assert "needs vectors of 768 numbers" in site.gateway.members[0].notice
        assert "set CLIP_MODEL of photos-ai to ViT-L-14" in (await site.get("/status")).text


async def test_the_same_question_twice_costs_nothing() -> None:
    async with ScriptedBackend() as backend, running_gateway(*line(backend), routes=ROUTES, cache=100_000) as site:
        first = await site.ask(FORM)
        assert (await site.ask(FORM)).body == first.body
        assert len(backend.predictions) == 1
        other = immich.OCR.replace("0.8", "0.7")
        await site.ask(immich.form(other, image=IMAGE))
        await site.ask(immich.form(immich.OCR, image=IMAGE + b"2"))
        assert len(backend.predictions) == 3
