"""Queues before models: order, batches, bounds, and what nobody waits for any more."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from allinone.errors import Overloaded, UnreadableImage
from allinone.photos_ai.lane import Lane
from allinone.photos_ai.workers import Workers

BAD = 99


class Model:
    """Doubles numbers; waits at the gate first, where it is shut."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[int]] = []

    def double(self, batch: Sequence[int]) -> list[int]:
        assert self.gate.wait(timeout=30)
        self.batches.append(list(batch))
        if BAD in batch:
            message = f"{BAD} cannot be doubled"
            raise UnreadableImage(message)
        return [2 * item for item in batch]


def lane(model: Model, name: str = "doubling", **values: object) -> Lane[int, int]:
    return Lane(name, model.double, **{"most_waiting": 100} | values)  # type: ignore[arg-type]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_each_gets_its_own_answer() -> None:
    model, workers = Model(), Workers("test", 3)
    workers.add(doubling := lane(model))
    assert await asyncio.gather(*(workers.do(doubling, item) for item in range(50))) == [2 * i for i in range(50)]
    await workers.close()


async def test_what_waits_is_done_together_up_to_the_batch() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model, batch=4, patience=0.001))
    model.gate.clear()
    first = asyncio.create_task(workers.do(doubling, 0))
    await asyncio.sleep(0.05)  # alone, it has waited long enough for others
    rest = [asyncio.create_task(workers.do(doubling, item)) for item in range(1, 7)]
    await settled()
    model.gate.set()
    assert await asyncio.gather(first, *rest) == [2 * item for item in range(7)]
    assert model.batches == [[0], [1, 2, 3, 4], [5, 6]]
    await workers.close()


async def test_a_full_batch_does_not_wait() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model, batch=3, patience=60.0))
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(workers.do(doubling, item) for item in range(3))) == [0, 2, 4]
    assert model.batches == [[0, 1, 2]]
    await workers.close()


async def test_one_bad_item_does_not_take_others_with_it() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model, batch=3, patience=60.0))
    found = await asyncio.gather(*(workers.do(doubling, item) for item in (12, BAD, 14)), return_exceptions=True)
    assert (found[0], found[2]) == (24, 28)
    assert isinstance(found[1], UnreadableImage)
    await workers.close()


async def test_lanes_take_turns() -> None:
    done: list[str] = []
    model, workers = Model(), Workers("test", 1)
    many = Lane("many", lambda batch: [done.append("many") or 0 for _ in batch], most_waiting=100)
    few = Lane("few", lambda batch: [done.append("few") or 0 for _ in batch], most_waiting=100)
    for each in (shut := lane(model), many, few):
        workers.add(each)
    model.gate.clear()
    first = asyncio.create_task(workers.do(shut, 0))
    await settled()
    tasks = [asyncio.create_task(workers.do(many, item)) for item in range(8)]
    await settled()
    tasks += [asyncio.create_task(workers.do(few, item)) for item in range(2)]
    await settled()
    model.gate.set()
    await asyncio.gather(first, *tasks)
    assert done[:4].count("few") == 2
    await workers.close()


async def test_what_nobody_waits_for_is_never_computed() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model))
    model.gate.clear()
    tasks = [asyncio.create_task(workers.do(doubling, item)) for item in range(4)]
    await settled()
    assert len(doubling) == 3
    for task in tasks[1:3]:
        task.cancel()
    await settled()
    assert len(doubling) == 1
    model.gate.set()
    assert await asyncio.gather(tasks[0], tasks[3]) == [0, 6]
    assert model.batches == [[0], [3]]
    await workers.close()


async def test_who_leaves_while_it_is_computed_disturbs_nobody() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model))
    model.gate.clear()
    leaving = asyncio.create_task(workers.do(doubling, 1))
    staying = asyncio.create_task(workers.do(doubling, 2))
    await settled()
    leaving.cancel()
    await settled()
    model.gate.set()
    assert await staying == 4
    assert workers.busy == 0
    await workers.close()


async def test_a_full_queue_refuses_and_tells_when_to_come_back() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model, most_waiting=2))
    model.gate.clear()
    inside = [asyncio.create_task(workers.do(doubling, item)) for item in range(3)]
    await settled()
    with pytest.raises(Overloaded, match="waiting for doubling") as refused:
        await workers.do(doubling, 9)
    assert refused.value.retry_after >= 1
    model.gate.set()
    assert await asyncio.gather(*inside) == [0, 2, 4]
    assert await workers.do(doubling, 9) == 18
    await workers.close()


async def test_closing_finishes_what_is_computed_and_drops_what_waits() -> None:
    model, workers = Model(), Workers("test", 1)
    workers.add(doubling := lane(model))
    model.gate.clear()
    inside, waiting = (asyncio.create_task(workers.do(doubling, item)) for item in (1, 2))
    await settled()
    closing = asyncio.create_task(workers.close())
    await settled()
    assert waiting.done()
    model.gate.set()
    await closing
    assert await inside == 2
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Overloaded, match="shut down"):
        await workers.do(doubling, 3)
