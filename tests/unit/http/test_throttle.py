from allinone.http.throttle import FREE_TRIES, LONGEST_PAUSE, MAX_CLIENTS, Throttle


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def fail(throttle, client, times):
    for _ in range(times):
        throttle.failed(client)


def test_a_few_typing_errors_cost_nothing():
    throttle = Throttle(Clock())
    fail(throttle, "10.0.0.1", FREE_TRIES - 1)
    assert throttle.wait("10.0.0.1") == 0


def test_each_further_wrong_try_doubles_the_pause_up_to_a_limit():
    throttle = Throttle(Clock())
    fail(throttle, "10.0.0.1", FREE_TRIES)
    assert throttle.wait("10.0.0.1") == 1
    fail(throttle, "10.0.0.1", 2)
    assert throttle.wait("10.0.0.1") == 4
    fail(throttle, "10.0.0.1", 5000)
    assert throttle.wait("10.0.0.1") == LONGEST_PAUSE


def test_the_pause_ends_with_time_and_with_success():
    clock = Clock()
    throttle = Throttle(clock)
    fail(throttle, "10.0.0.1", FREE_TRIES)
    clock.now += 1.1
    assert throttle.wait("10.0.0.1") == 0
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") == 2
    throttle.succeeded("10.0.0.1")
    assert throttle.wait("10.0.0.1") == 0


def test_wrong_tries_are_forgotten():
    clock = Clock()
    throttle = Throttle(clock)
    fail(throttle, "10.0.0.1", FREE_TRIES + 3)
    clock.now += 1000
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") == 0


def test_clients_are_apart_but_one_home_is_one_client():
    throttle = Throttle(Clock())
    fail(throttle, "2001:db8::1", FREE_TRIES)
    assert throttle.wait("2001:db8::2") > 0
    assert throttle.wait("2001:db8:0:1::2") == 0
    fail(throttle, "::ffff:10.0.0.1", FREE_TRIES)
    assert throttle.wait("10.0.0.1") > 0
    assert throttle.wait("::ffff:10.0.0.2") == 0


def test_memory_is_bounded():
    throttle = Throttle(Clock())
    for number in range(MAX_CLIENTS + 500):
        throttle.failed(f"client {number}")
    assert len(throttle._records) == MAX_CLIENTS
