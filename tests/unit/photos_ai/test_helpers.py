"""Idle cores help with one picture, and leave when others need them."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from allinone.photos_ai.helpers import Helpers

PATIENCE = 10.0


class Watch:
    """Work that tells how many were at it at the same time."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.most = self.now = 0
        self.threads: set[str] = set()
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread().name)
        time.sleep(self._seconds)
        with self._lock:
            self.now -= 1
        return item * item


@contextmanager
def helpers(most: int, idle: int | list[int]) -> Iterator[Helpers]:
    made = Helpers(most, lambda: idle if isinstance(idle, int) else idle[0])
    try:
        yield made
    finally:
        made.close()


def test_answers_come_in_the_order_of_the_items_whoever_did_them() -> None:
    work = Watch()
    with helpers(3, 3) as some:
        assert some.each(work, range(40)) == [item * item for item in range(40)]
    assert work.most == 4
    assert len(work.threads) == 4


@pytest.mark.parametrize(("most", "idle"), [(0, 5), (5, 0), (3, -1)])
def test_without_idle_cores_the_caller_works_alone(most: int, idle: int) -> None:
    work = Watch(0)
    with helpers(most, idle) as some:
        assert some.each(work, range(5)) == [0, 1, 4, 9, 16]
        assert some.each(work, []) == []
    assert work.threads == {threading.current_thread().name}


def test_one_item_needs_no_help() -> None:
    work = Watch(0)
    with helpers(3, 3) as some:
        assert some.each(work, [7]) == [49]
    assert work.threads == {threading.current_thread().name}


def test_together_callers_never_use_more_helpers_than_cores_are_idle() -> None:
    work, cores, busy = Watch(0.003), 4, list[None]()

    def call(_: int) -> list[int]:
        busy.append(None)
        try:
            return some.each(work, range(30))
        finally:
            busy.pop()

    some = Helpers(cores - 1, lambda: cores - len(busy))
    with ThreadPoolExecutor(cores) as pool:
        assert list(pool.map(call, range(12))) == [[item * item for item in range(30)]] * 12
    some.close()
    # whoever begins does not wait for a helper to leave: one item each of overlap
    assert work.most <= 2 * cores - 1


def test_a_helper_leaves_after_its_item_when_its_core_is_needed() -> None:
    idle, begun, go_on = [1], threading.Event(), threading.Event()
    caller = threading.current_thread().name
    by: list[str] = []

    def work(item: int) -> int:
        by.append(threading.current_thread().name)
        if item == 0:
            assert begun.wait(PATIENCE)
            idle[0] = 0
            go_on.set()
        elif not begun.is_set():
            begun.set()
            assert go_on.wait(PATIENCE)
        return item

    with helpers(1, idle) as some:
        assert some.each(work, range(20)) == list(range(20))
    assert sum(name != caller for name in by) == 1


def test_a_core_that_falls_idle_half_way_helps() -> None:
    idle, done = [0], Watch()

    def work(item: int) -> int:
        if item == 5:
            idle[0] = 1
        return done(item)

    with helpers(1, idle) as some:
        some.each(work, range(20))
    assert len(done.threads) == 2


@pytest.mark.parametrize("bad", [0, 1, 19])
def test_a_failure_is_raised_when_nobody_is_at_work_any_more(bad: int) -> None:
    watch = Watch()

    def work(item: int) -> int:
        if item == bad:
            message = "no"
            raise ValueError(message)
        return watch(item)

    with helpers(2, 2) as some:
        with pytest.raises(ValueError, match="no"):
            some.each(work, range(20))
        assert watch.now == 0
        assert some.each(watch, range(20)) == [item * item for item in range(20)]
