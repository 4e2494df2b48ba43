from allinone.extension.ranking_cache import KEPT_SECONDS, MOST_KEPT, RankingCache


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_what_was_put_is_found_until_it_is_too_old():
    clock = Clock()
    cache = RankingCache(clock)
    cache.put("a", [1])
    clock.now += KEPT_SECONDS - 1
    assert cache.get("a") == [1]
    clock.now += KEPT_SECONDS - 1
    assert cache.get("a") == [1]
    clock.now += KEPT_SECONDS + 1
    assert cache.get("a") is None


def test_the_number_is_bounded_and_what_is_in_use_stays():
    cache = RankingCache()
    for number in range(MOST_KEPT):
        cache.put(number, number)
    cache.get(0)
    cache.put("new", "new")
    assert cache.get(0) == 0
    assert cache.get(1) is None
    assert cache.get("new") == "new"


def test_a_new_ranking_takes_the_place_of_the_old():
    cache = RankingCache()
    cache.put("a", 1)
    cache.put("a", 2)
    assert cache.get("a") == 2
