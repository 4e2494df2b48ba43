"""How common what tokens begin with is, from how common the tokens are."""

import pytest

from allinone.search.commonness import with_beginnings


def test_beginnings_are_as_common_as_any_of_their_tokens():
    shares = with_beginnings([("发票", 0.5), ("发现", 0.2), ("abc", 0.25), ("ab", 0.1), ("票", 1.0)])
    assert {token: shares[token] for token in ("发票", "abc", "ab")} == {"发票": 0.5, "abc": 0.25, "ab": 0.1}
    assert shares["发*"] == pytest.approx(1 - 0.5 * 0.8)
    assert shares["ab*"] == shares["a*"] == pytest.approx(1 - 0.75 * 0.9)
    assert shares["票*"] == 1.0
    assert "b*" not in shares
    assert with_beginnings([]) == {}
