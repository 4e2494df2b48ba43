"""Who is given work: health, choice, waiting, memory, retries. No network, and a clock of the test's own."""

import asyncio

import pytest

from allinone.errors import Overloaded
from allinone.gateway.admission import Memory
from allinone.gateway.backend_specs import BackendSpec, Kind
from allinone.gateway.backends.failures import Broken, Busy, Refused, ServerFault, Unreachable, WrongDimension
from allinone.gateway.members.health import FAILURES, LONGEST_REST, PINGS, Health, State
from allinone.gateway.members.member import Member
from allinone.gateway.members.pool import Pool, Want
from allinone.gateway.retry import TRIES, pause_after

FAULT = ServerFault("500")


def member(name: str = "a", *, limit: int = 2, weight: int = 1) -> Member:
    spec = BackendSpec(name, Kind.PREDICT, f"http://{name}", limit=limit, weight=weight)
    return Member(spec, None)  # type: ignore[arg-type]


def want(*members: Member, work: str = "") -> Want:
    return Want(members, work)


class TestHealth:
    def test_one_image_sent_fifty_times_is_one_failure(self) -> None:
        health = Health()
        for _ in range(50):
            health.failed(FAULT, b"poison", 0)
        assert health.state is State.UP

    def test_different_requests_in_a_row_are_evidence(self) -> None:
        health = Health()
        for number in range(FAILURES):
            assert health.state is State.UP
            health.failed(FAULT, b"%d" % number, 0)
        assert health.state is State.DOWN
        assert health.reason == "500"

    def test_a_success_between_ends_the_row(self) -> None:
        health = Health()
        for number in range(3 * FAILURES):
            health.failed(FAULT, b"%d" % number, 0)
            if number % FAILURES == FAILURES - 2:
                health.succeeded()
        assert health.state is State.UP

    @pytest.mark.parametrize("failure", [Unreachable("refused"), Refused("wrong key")])
    def test_certain_failures_count_at_once(self, failure: Unreachable) -> None:
        health = Health()
        health.failed(failure, b"", 0)
        assert health.state is State.DOWN

    def test_it_comes_back_by_a_ping_and_one_success(self) -> None:
        health = Health()
        health.failed(Unreachable("refused"), b"", 0)
        health.pinged(0)
        assert health.state is State.TRIAL
        health.succeeded()
        assert health.state is State.UP

    def test_each_failed_trial_makes_the_rest_longer(self) -> None:
        health = Health()
        now, rests = 0.0, []
        for _ in range(12):
            health.state = State.TRIAL
            health.failed(FAULT, b"x", now)
            assert health.state is State.DOWN
            begun = now
            while health.state is State.DOWN:
                now += 0.25
                health.pinged(now)
            rests.append(now - begun)
        assert rests == sorted(rests)
        assert rests[0] < 1
        assert rests[-1] == LONGEST_REST

    def test_silence_must_last(self) -> None:
        health = Health()
        for _ in range(PINGS - 1):
            health.ping_failed(Broken("slow"), 0)
        assert health.state is State.UP
        health.succeeded()  # it works, however busy it is
        for _ in range(PINGS - 1):
            health.ping_failed(Broken("slow"), 0)
        assert health.state is State.UP
        health.ping_failed(Broken("slow"), 0)
        assert health.state is State.DOWN

    def test_patience_and_lengths_are_no_illness(self) -> None:
        health = Health()
        for number in range(20):
            health.failed(Busy("503", retry_after=1), b"%d" % number, 0)
            health.failed(WrongDimension("512"), b"%d" % number, 0)
        assert health.state is State.UP


class TestRetry:
    @pytest.mark.parametrize("failure", [Unreachable(""), Busy("", retry_after=1), Refused("")])
    def test_what_was_never_asked_is_always_tried_again(self, failure: Unreachable) -> None:
        assert pause_after(failure, 0, elsewhere=False) == 0
        assert pause_after(failure, 99, elsewhere=False) == 0

    def test_what_may_be_the_images_fault_ends(self) -> None:
        pauses = [pause_after(FAULT, tries, elsewhere=False) for tries in range(1, TRIES + 1)]
        assert pauses == [0.2, 0.5, 1.5, None]
        assert pause_after(FAULT, 1, elsewhere=True) == 0
        assert pause_after(FAULT, TRIES, elsewhere=True) is None

    def test_another_length_is_asked_elsewhere_only(self) -> None:
        assert pause_after(WrongDimension(""), 0, elsewhere=True) == 0
        assert pause_after(WrongDimension(""), 0, elsewhere=False) is None


class TestPool:
    def test_the_least_busy_by_weight(self) -> None:
        small, large = member("small", limit=9), member("large", limit=9, weight=3)
        pool = Pool([small, large], most_waiting=0)
        given = [pool.take_now(want(small, large)) for _ in range(8)]
        assert given.count(large) == 6
        assert given.count(small) == 2

    def test_equals_take_turns(self) -> None:
        members = (member("a"), member("b"), member("c"))
        pool = Pool(members, most_waiting=0)
        order = []
        for _ in range(6):
            chosen = pool.take_now(want(*members))
            assert chosen is not None
            order.append(chosen.spec.name)
            pool.give_back(chosen)
        assert order == ["a", "b", "c", "a", "b", "c"]

    def test_one_on_trial_gets_one(self) -> None:
        only = member(limit=8)
        only.health.state = State.TRIAL
        pool = Pool([only], most_waiting=0)
        assert pool.take_now(want(only)) is only
        assert pool.take_now(want(only)) is None

    async def test_those_who_wait_are_served_in_order_and_texts_first(self) -> None:
        only = member(limit=1)
        pool = Pool([only], most_waiting=9)
        order = []

        async def work(name: str, *, urgent: bool = False) -> None:
            taken = await pool.take(want(only), urgent=urgent)
            order.append(name)
            await asyncio.sleep(0)
            pool.give_back(taken)

        first = await pool.take(want(only))
        tasks = [asyncio.create_task(work("photo 1")), asyncio.create_task(work("photo 2"))]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(work("text", urgent=True)))
        await asyncio.sleep(0)
        assert pool.waiting == 3
        pool.give_back(first)
        await asyncio.gather(*tasks)
        assert order == ["text", "photo 1", "photo 2"]
        assert (pool.waiting, only.outstanding) == (0, 0)

    async def test_the_line_is_bounded(self) -> None:
        only = member(limit=1)
        pool = Pool([only], most_waiting=1)
        first = await pool.take(want(only))
        waiting = asyncio.create_task(pool.take(want(only)))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await pool.take(want(only))
        pool.give_back(first)
        assert await waiting is only

    async def test_who_leaves_takes_nothing_along(self) -> None:
        only = member(limit=1)
        pool = Pool([only], most_waiting=9)
        first = await pool.take(want(only))
        leaving = asyncio.create_task(pool.take(want(only)))
        staying = asyncio.create_task(pool.take(want(only)))
        await asyncio.sleep(0)
        pool.give_back(first)  # given to the first in line, which leaves before it notices
        leaving.cancel()
        assert await asyncio.wait_for(staying, 1) is only
        assert (pool.waiting, only.outstanding) == (0, 1)
        late = asyncio.create_task(pool.take(want(only)))
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert pool.waiting == 0

    async def test_a_line_for_one_that_is_down_does_not_hold_up_the_others(self) -> None:
        down, well = member("down"), member("well", limit=1)
        down.health.state = State.DOWN
        pool = Pool([down, well], most_waiting=9)
        first = await pool.take(want(well))
        blocked = asyncio.create_task(pool.take(want(down)))
        await asyncio.sleep(0)
        behind = asyncio.create_task(pool.take(want(well)))
        await asyncio.sleep(0)
        pool.give_back(first)
        assert await asyncio.wait_for(behind, 1) is well
        down.health.pinged(0)
        pool.wake()
        assert await asyncio.wait_for(blocked, 1) is down

    async def test_patience_asked_for_one_kind_of_work_holds_up_no_other(self) -> None:
        only = member()
        pool = Pool([only], most_waiting=9, now=lambda: 100.0)
        only.paused["clip"] = 105.0
        blocked = asyncio.create_task(pool.take(want(only, work="clip")))
        await asyncio.sleep(0)
        assert pool.take_next(want(only, work="ocr")) is only
        pool.give_back(only)
        assert not blocked.done()
        only.paused["clip"] = 99.0
        pool.wake()
        assert await asyncio.wait_for(blocked, 1) is only


class TestMemory:
    async def test_room_is_waited_for_in_order(self) -> None:
        memory = Memory(10, most_waiting=9)
        await memory.take(8)
        large = asyncio.create_task(memory.take(6))
        await asyncio.sleep(0)
        small = asyncio.create_task(memory.take(1))
        await asyncio.sleep(0)
        assert memory.used == 8, "a small one does not overtake"
        memory.give_back(8)
        await asyncio.gather(large, small)
        assert memory.used == 7

    async def test_who_leaves_makes_room_for_those_behind(self) -> None:
        memory = Memory(10, most_waiting=9)
        await memory.take(8)
        large = asyncio.create_task(memory.take(6))
        await asyncio.sleep(0)
        small = asyncio.create_task(memory.take(1))
        await asyncio.sleep(0)
        large.cancel()
        await asyncio.wait_for(small, 1)
        assert memory.used == 9

    async def test_the_line_is_bounded(self) -> None:
        memory = Memory(1, most_waiting=0)
        await memory.take(1)
        with pytest.raises(Overloaded):
            await memory.take(1)
