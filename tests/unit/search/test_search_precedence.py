"""What is indexed in the background gives way to searches, and yet goes on."""

import pytest

from allinone.search.precedence import MOST_SECONDS, QUIET_SECONDS, Precedence


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def spent(self, precedence: Precedence) -> float:
        began = self.now
        await precedence.give_way()
        return self.now - began


async def test_without_searches_nothing_waits():
    time = Time()
    assert await time.spent(Precedence(time.clock, time.sleep)) == 0


async def test_behind_a_search_it_waits_for_the_next():
    time = Time()
    precedence = Precedence(time.clock, time.sleep)
    with precedence.search():
        pass
    assert await time.spent(precedence) == pytest.approx(QUIET_SECONDS, abs=0.011)
    assert await time.spent(precedence) == 0


async def test_under_searches_without_end_it_goes_on():
    time = Time()
    precedence = Precedence(time.clock, time.sleep)
    with precedence.search(), precedence.search():
        assert await time.spent(precedence) == pytest.approx(MOST_SECONDS, abs=0.011)


async def test_a_search_that_fails_has_ended():
    time = Time()
    precedence = Precedence(time.clock, time.sleep)
    with pytest.raises(KeyError), precedence.search():
        raise KeyError
    time.now += QUIET_SECONDS
    assert await time.spent(precedence) == 0
