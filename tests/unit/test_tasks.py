"""Tasks end with the code that began them, even those that lose a cancellation."""

import asyncio

import pytest

from allinone import tasks
from allinone.tasks import background, both, end, together


async def deaf(heard: list[int], deafness: int) -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            heard.append(1)
            if len(heard) > deafness:
                raise


async def test_a_task_is_told_to_end_until_it_has_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    heard: list[int] = []
    task = asyncio.create_task(deaf(heard, 2))
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), 5)
    assert task.cancelled()
    assert len(heard) == 3


async def test_what_a_task_raised_stays_in_it() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await end(task)
    assert isinstance(task.exception(), ValueError)
    await end()


async def test_work_in_the_background_ends_with_its_block() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async with background(work(), "work"):
        await asyncio.sleep(0)
        ended.append("block")
    assert ended == ["block", "work"]


async def test_a_failure_in_the_background_comes_out_at_the_end() -> None:
    async def fail() -> None:
        message = "the disk is full"
        raise OSError(message)

    with pytest.raises(OSError, match="the disk is full"):
        async with background(fail(), "work"):
            await asyncio.sleep(0)


async def test_works_done_together_answer_in_order() -> None:
    async def work(seconds: float, answer: str) -> str:
        await asyncio.sleep(seconds)
        return answer

    assert await together([work(0.02, "slow"), work(0, "quick")]) == ["slow", "quick"]
    assert await both(work(0.02, "slow"), work(0, "quick")) == ("slow", "quick")


async def test_the_first_failure_ends_the_others() -> None:
    heard: list[int] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError

    with pytest.raises(ValueError):
        await asyncio.wait_for(both(deaf(heard, 0), fail()), 5)
    assert heard == [1]
