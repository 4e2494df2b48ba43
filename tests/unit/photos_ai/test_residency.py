"""When a model leaves memory."""

from allinone.photos_ai.residency import Resident


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_model_leaves_when_it_has_been_idle_for_long_enough() -> None:
    clock, loads = Clock(), []
    resident = Resident(lambda: loads.append(1) or object(), clock=clock)
    assert not resident.drop_idle(0)  # nothing to drop
    with resident.use():
        clock.now = 1000
        assert not resident.drop_idle(10)  # in use, however long
    clock.now = 1009
    assert not resident.drop_idle(10)
    assert resident.loaded
    clock.now = 1010
    assert resident.drop_idle(10)
    assert not resident.loaded
    with resident.use():
        assert resident.loaded
    assert len(loads) == 2


def test_who_computes_keeps_a_model_that_was_dropped() -> None:
    resident = Resident(lambda: ["weights"])
    with resident.use() as model:
        assert resident.drop()
        assert model == ["weights"]
    assert not resident.drop()
