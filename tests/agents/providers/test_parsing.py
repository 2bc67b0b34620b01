"""Bytes that nobody should print, and what comes of them."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.providers.parsing import (
    Unreadable,
    as_amount,
    as_count,
    as_time,
    clean_text,
    clean_value,
    parse_object,
)


@given(st.text(st.characters()))
def test_cleaned_text_can_always_be_stored(text: str) -> None:
    cleaned = clean_text(text)
    assert "\0" not in cleaned
    cleaned.encode()
    assert clean_text(cleaned) == cleaned


def test_a_lone_surrogate_is_replaced_and_a_pair_is_joined() -> None:
    assert clean_text("a\ud800b\0") == "a\ufffdb\u2400"
    assert clean_text("\ud83d\ude00") == "😀"
    assert parse_object(b'{"a": "\\ud83d\\ude00\\udc00"}') == {"a": "😀\ufffd"}


@given(st.binary())
def test_any_bytes_are_an_object_or_unreadable(data: bytes) -> None:
    with suppress(Unreadable):
        parse_object(data)


def test_numbers_that_no_database_takes_become_text() -> None:
    parsed = parse_object(b'{"big": 123456789012345678901234567890, "far": 1e999, "fine": 7}')
    assert parsed == {"big": "123456789012345678901234567890", "far": "inf", "fine": 7}
    json.dumps(parsed, allow_nan=False)


def test_depth_is_bounded() -> None:
    value: object = 1
    for _ in range(70):
        value = [value]
    with pytest.raises(Unreadable):
        clean_value(value)


@pytest.mark.parametrize("value", [True, None, "1", -1, float("nan"), float("inf"), 10**40, [], {}])
def test_what_is_no_count_is_none(value: object) -> None:
    assert as_count(value) is None
    assert as_amount(value) is None
    assert as_time(value) is None


def test_a_time_beyond_the_calendar_is_none() -> None:
    assert as_time(2**52) is None
