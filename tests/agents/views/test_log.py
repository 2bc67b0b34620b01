"""What a page that is watched gets: only what is new, read with as little as will do."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent
from agents.views.log import LOOK_BACK_CHUNKS, read_news

pytestmark = pytest.mark.django_db
type Talker = Callable[..., Agent]


def text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def call(call_id: str) -> dict[str, object]:
    return {"type": "tool", "id": call_id, "name": "run", "input": {"command": f"make {call_id}"}}


def result(call_id: str) -> dict[str, object]:
    return {"type": "tool_result", "id": call_id, "output": "fine\n"}


@pytest.mark.parametrize("between", [0, 5, 25])
def test_a_result_is_shown_with_its_call_however_far_back(talker: Talker, between: int) -> None:
    agent = talker(call("a"), *[text(f"meanwhile {number}") for number in range(between)], result("a"))
    page = read_news(agent, after=between + 1)
    assert "make a" in page.html
    assert page.html.count("<li") == 1
    assert (page.first, page.last) == (between + 2, between + 2)


def test_the_call_of_a_result_is_not_searched_for_ever(talker: Talker) -> None:
    agent = talker(call("a"), *[text("meanwhile")] * (LOOK_BACK_CHUNKS + 20), result("a"))
    page = read_news(agent, after=LOOK_BACK_CHUNKS + 21)
    assert "make a" not in page.html
    assert "fine" in page.html


def test_text_alone_needs_no_look_back(talker: Talker, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    agent = talker(*[text(f"line {number}") for number in range(40)])
    with django_assert_num_queries(3):
        page = read_news(agent, after=38)
    assert page.html.count("<li") == 2
    assert "log-session" not in page.html


def test_the_first_entries_begin_with_their_session(talker: Talker) -> None:
    assert "log-session" in read_news(talker(text("hello")), after=0).html


def test_nothing_new_is_nothing(talker: Talker) -> None:
    page = read_news(talker(text("hello")), after=1)
    assert (page.html, page.last) == ("", 1)


def test_a_commit_shows_its_message(talker: Talker) -> None:
    commit = {"type": "tool", "id": "c", "name": "commit", "input": {"message": "Say hello\n\nAt length."}}
    assert '<span class="tool-input">Say hello</span>' in read_news(talker(commit), after=0).html
