"""What somebody chose is kept, and what they never chose is as usual."""

from uuid import uuid4

import pytest

from allinone.database.pool import Database
from allinone.errors import InvalidRequest
from allinone.search.hits import RankRequest
from allinone.search.preferences import Preference, Preferences

REQUEST = RankRequest("狗", [])


async def test_choices_are_kept_for_each_person(database: Database):
    preferences = Preferences(database)
    somebody, another = uuid4(), uuid4()
    await preferences.put(somebody, Preference(0.75, "strict"))
    await preferences.put(somebody, Preference(0.25, "off", "reciprocal"))
    assert await preferences.of(somebody) == Preference(0.25, "off", "reciprocal")
    assert await preferences.of(another) == Preference()


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
async def test_a_weight_is_a_share(database: Database, weight: float):
    with pytest.raises(InvalidRequest, match="from 0"):
        await Preferences(database).put(uuid4(), Preference(weight))


def test_choices_take_the_place_of_defaults_only():
    asked = Preference(cutoff="off").applied(REQUEST)
    assert (asked.cutoff, asked.picture_weight, asked.fusion) == ("off", 0.5, "convex")
    assert Preference(0.0).applied(REQUEST).picture_weight == 0.0
