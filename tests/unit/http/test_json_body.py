import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from allinone.http.json_body import MAX_DEPTH, InvalidBody, check, parse


class Example(BaseModel):
    size: int
    name: str = ""


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_parse_reads_what_json_writes(document):
    assert parse(json.dumps(document, ensure_ascii=False).encode()) == document


@given(st.binary(max_size=200))
def test_parse_agrees_with_json_on_what_it_takes_and_fails_only_by_its_own_error(body):
    try:
        document = parse(body)
    except InvalidBody:
        return
    assert document == json.loads(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b'{"size": NaN}', "NaN is not a JSON number"),
        (b'{"size": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"size": ' + b"9" * 5000 + b"}", "digits"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"size": 1', "not JSON"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "nested"),
    ],
)
def test_parse_says_what_is_wrong(body, words):
    with pytest.raises(InvalidBody, match=words):
        parse(body)


def test_brackets_in_strings_are_not_depth():
    text = "[{" * 1000 + '"\\'
    assert parse(json.dumps({"query": text}).encode()) == {"query": text}


def test_the_allowed_depth_is_allowed():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "The body must be a JSON object, and it is a list."),
        (3, "The body must be a JSON object, and it is a single value."),
        ({}, "size is missing"),
        ({"size": "many"}, "size must be a whole number"),
        ({"size": 1, "name": 7}, "name must be a string"),
    ],
)
def test_check_names_the_field_and_what_it_must_be(document, message):
    with pytest.raises(InvalidBody) as caught:
        check(Example, document)
    assert caught.value.messages == [message]
