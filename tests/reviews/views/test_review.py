"""The review page: what it shows, what it costs, and that no text of a repository or a person becomes HTML."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from initiatives.actions.branches import clone_of
from initiatives.repositories import PhaseRepository
from reviews import ticks
from reviews.actions.comment import add_comment
from reviews.file_views import anchor_of
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from tests.factories import make_phase, run_git
from tests.reviews.conftest import FILES, World, commit_on, replace_line

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def waiting(world: World) -> World:
    """A phase in review: one changed, one new, one deleted, one renamed, one lock file, one binary."""
    files: dict[str, str | bytes | None] = {
        "app.py": replace_line(3, "changed"),
        "src/new.py": "import os\n\n\ndef f():\n    return os.sep\n",
        "README.md": None,
        "uv.lock": "x = 1\n",
        "logo.png": b"\x89PNG\0\0",
        f"{HOSTILE}.txt": "x\n",
    }
    world.do_task(files)
    ticks.merge_tasks()
    ticks.close_phases()
    return world


def url(world: World, name: str = "phase-review") -> str:
    return reverse(name, args=[world.phase.pk])


def anchor(world: World, path: str) -> str:
    return anchor_of(world.project.pk, path)


def get(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.content
    return str(response.content.decode())


def test_the_page_lists_every_file_and_shows_the_first(waiting: World, person_client: Client) -> None:
    html = get(person_client, url(waiting))
    assert html.count('<section class="file-diff"') == 6
    assert html.count('hx-trigger="intersect once"') == 2, "a lock file is folded, so it costs nothing"
    for path in ("app.py", "new.py", "README.md", "uv.lock"):
        assert path in html
    assert f'name="head_{waiting.project.pk}" value="{waiting.tip()}"' in html
    assert "Round 1" in html


def test_files_that_were_coloured_before_come_with_the_page(waiting: World, person_client: Client) -> None:
    first = get(person_client, url(waiting))
    for address in re.findall(r'hx-get="([^"]+)" hx-trigger="intersect once"', first):
        get(person_client, unescape(address))
    html = get(person_client, url(waiting))
    assert html.count('<section class="file-diff"') == 6
    assert html.count('hx-trigger="intersect once"') == 1, "the picture has no colours to be kept"
    assert f'id="{anchor(waiting, "src/new.py")}-n4"' in html


def test_one_file_is_shown_without_scripts(waiting: World, person_client: Client) -> None:
    where = anchor(waiting, "src/new.py")
    html = get(person_client, f"{url(waiting)}?file={where}")
    assert f'id="{where}-n4"' in html
    assert re.search(r'<span class="?k"?>def\s*</span>', html)
    assert f'id="{anchor(waiting, "app.py")}-n3"' not in html


def test_a_file_comes_alone_for_htmx(waiting: World, person_client: Client) -> None:
    where = anchor(waiting, "app.py")
    html = get(person_client, f"{url(waiting, 'phase-review-file')}?file={where}")
    assert html.startswith("<section")
    assert 'data-line="3" data-type="added"' in html or 'data-type="added" data-line="3"' in html
    gone = person_client.get(f"{url(waiting, 'phase-review-file')}?file=f0123456789")
    assert gone.status_code == 404


@pytest.mark.parametrize(("path", "reason", "loads"), [("uv.lock", "lock file", True), ("logo.png", "binary", False)])
def test_what_is_folded_says_why(waiting: World, person_client: Client, path: str, reason: str, loads: bool) -> None:
    where = anchor(waiting, path)
    html = get(person_client, f"{url(waiting, 'phase-review-file')}?file={where}")
    assert reason in html
    assert ("Show it anyway" in html) == loads
    if loads:
        assert "x = 1" in re.sub(r"<[^>]+>", "", get(person_client, f"{url(waiting)}?file={where}&full=1"))


def test_lines_are_counted_afterwards(waiting: World, person_client: Client) -> None:
    html = get(person_client, url(waiting, "phase-review-counts"))
    assert '<span class="plus">+1</span><span class="minus">−1</span>' in html
    assert "bin" in html


def test_names_and_comments_are_text(waiting: World, person_client: Client) -> None:
    add_comment(
        waiting.phase.pk, file_path=f"{HOSTILE}.txt", line_number=1, line_type="added", body=HOSTILE, author=HOSTILE
    )
    commit_on(waiting.project, waiting.phase_branch.name, {"x": "x\n"}, message=HOSTILE)
    PhaseRepository().update(waiting.phase.pk, name=HOSTILE)
    for address in (url(waiting), f"{url(waiting)}?file={anchor(waiting, f'{HOSTILE}.txt')}"):
        html = get(person_client, address)
        assert "<img" not in html
        assert "&lt;img" in html


def test_hidden_characters_are_boxes_with_a_banner(world: World, person_client: Client) -> None:
    commit_on(world.project, world.phase_branch.name, {"a.py": "x = 1 # \u202e evil\n", "b\u202ec.py": "x\n"})
    html = get(person_client, url(world))
    assert "Hidden characters" in html
    assert "\u202e" not in html
    assert "&lt;U+202E&gt;" in html


def test_threads_survive_a_reload_on_every_type_of_line(waiting: World, person_client: Client) -> None:
    for number, kind in ((3, "added"), (3, "removed"), (4, "context")):
        add_comment(
            waiting.phase.pk, file_path="app.py", line_number=number, line_type=kind, body=f"On {kind}", author="ann"
        )
    for _ in range(2):
        html = get(person_client, f"{url(waiting)}?file={anchor(waiting, 'app.py')}")
        rows = re.findall(r'<tr class="thread-row" id="[^"]+" data-type="(\w+)" data-line="(\d+)">', html)
        assert sorted(rows) == [("added", "3"), ("context", "4"), ("removed", "3")]
        assert html.count('class="thread" id=') == 3


def test_a_thread_follows_its_line_and_is_kept_when_the_line_is_gone(waiting: World, person_client: Client) -> None:
    comment = add_comment(
        waiting.phase.pk, file_path="app.py", line_number=3, line_type="added", body="Here", author="ann"
    )
    moved = "first\nsecond\n" + replace_line(3, "changed")
    commit_on(waiting.project, waiting.phase_branch.name, {"app.py": moved})
    address = f"{url(waiting)}?file={anchor(waiting, 'app.py')}"
    assert f"{anchor(waiting, 'app.py')}-n5-thread" in get(person_client, address)
    commit_on(waiting.project, waiting.phase_branch.name, {"app.py": replace_line(9, "else")})
    html = get(person_client, address)
    assert "On lines that are not shown here" in html
    assert f"thread-{comment.pk}" in html
    commit_on(waiting.project, waiting.phase_branch.name, {"app.py": FILES["app.py"]})
    html = get(person_client, url(waiting))
    assert "On files that are not in the diff any more" in html
    assert f"thread-{comment.pk}" in html


def test_the_number_of_queries_is_constant(
    waiting: World, person_client: Client, django_assert_max_num_queries: Callable[..., AbstractContextManager[Any]]
) -> None:
    get(person_client, url(waiting))
    for number in range(2, 12):
        add_comment(
            waiting.phase.pk, file_path="app.py", line_number=3, line_type="added", body=f"{number}", author="person"
        )
    for _ in range(4):
        waiting.do_task({}, phase=make_phase(waiting.initiative, status="in_progress"))
    with django_assert_max_num_queries(40):
        get(person_client, url(waiting))


def test_approving_is_bound_to_what_the_page_showed(waiting: World, person_client: Client) -> None:
    html = get(person_client, url(waiting))
    fields = dict(re.findall(r'name="(head_[^"]+)" value="([^"]+)"', html))
    commit_on(waiting.project, waiting.phase_branch.name, {"late.py": "x\n"})
    response = person_client.post(url(waiting, "phase-approve-review"), fields)
    assert response.status_code == 409
    assert "moved since you looked" in response.content.decode()
    assert waiting.project.name in response.content.decode()
    bar = get(person_client, url(waiting, "phase-review-bar") + "?" + "&".join(f"{k}={v}" for k, v in fields.items()))
    assert "The branch has moved since this page was loaded" in bar
    assert "Approve and merge" not in bar
    html = get(person_client, url(waiting))
    fields = dict(re.findall(r'name="(head_[^"]+)" value="([^"]+)"', html))
    assert person_client.post(url(waiting, "phase-approve-review"), fields).status_code == 302
    assert "It is being merged" in get(person_client, url(waiting))
    ticks.merge_phases()
    assert waiting.reload().status == "completed"


def test_the_bar_brings_the_status_and_the_number_of_threads_along(waiting: World, person_client: Client) -> None:
    def bar() -> str:
        return get(person_client, f"{url(waiting, 'phase-review-bar')}?head_{waiting.project.pk}={waiting.tip()}")

    assert 'id="changes-words" hx-swap-oob="true">No thread is open' in bar()
    add_comment(waiting.phase.pk, file_path="app.py", line_number=3, line_type="added", body="Why?", author="person")
    assert 'id="changes-words" hx-swap-oob="true">The 1 open thread and this note' in bar()
    assert 'id="review-status" hx-swap-oob="true"' in bar()
    assert get(person_client, url(waiting)).count('id="changes-words"') == 1


def test_a_merged_phase_stays_readable(waiting: World, person_client: Client) -> None:
    fields = {f"head_{waiting.project.pk}": waiting.tip()}
    person_client.post(url(waiting, "phase-approve-review"), fields)
    ticks.merge_phases()
    before = get(person_client, f"{url(waiting)}?file={anchor(waiting, 'app.py')}")
    run_git(clone_of(waiting.project).git_dir, "update-ref", "-d", f"refs/heads/{waiting.phase_branch.name}")
    html = get(person_client, f"{url(waiting)}?file={anchor(waiting, 'app.py')}")
    assert f'id="{anchor(waiting, "app.py")}-n3"' in before
    assert f'id="{anchor(waiting, "app.py")}-n3"' in html
    assert "comment=added-3" not in html
    assert "Approve and merge" not in html


def test_requesting_changes_needs_something_to_change(waiting: World, person_client: Client) -> None:
    response = person_client.post(url(waiting, "phase-request-changes"), {"note": ""})
    assert response.status_code == 409
    assert "nothing to change" in response.content.decode()
    response = person_client.post(url(waiting, "phase-request-changes"), {"note": "Please tidy"})
    assert response.status_code == 302
    assert waiting.reload().status == "in_progress"
    (decision,) = ReviewRoundRepository().list_decisions("phase", waiting.phase.pk)
    assert (decision.person_name, decision.note) == ("person", "Please tidy")
    assert "Please tidy" in get(person_client, url(waiting))


def test_a_phase_that_has_not_started_says_so(person_client: Client) -> None:
    html = get(person_client, reverse("phase-review", args=[make_phase().pk]))
    assert "has not started" in html


def test_a_missing_branch_is_no_server_error(waiting: World, person_client: Client) -> None:
    run_git(clone_of(waiting.project).git_dir, "update-ref", "-d", f"refs/heads/{waiting.phase_branch.name}")
    assert "is gone from our clone" in get(person_client, url(waiting))


@pytest.mark.parametrize("query", ["file=x", "page=0", "page=999", "first=-1", "comment=added-3", "file=../../etc"])
def test_odd_addresses_are_no_server_errors(waiting: World, person_client: Client, query: str) -> None:
    get(person_client, f"{url(waiting)}?{query}")


def test_strangers_see_nothing(waiting: World, client: Client) -> None:
    names = ("phase-review", "phase-review-file", "phase-review-counts", "phase-review-bar", "comment-form")
    for name in names:
        assert client.get(url(waiting, name)).status_code == 302
    assert client.post(url(waiting, "phase-approve-review")).status_code == 302
    assert ReviewCommentRepository().find_by_phase_id(waiting.phase.pk) == []


def test_only_what_changed_since_a_round(waiting: World, person_client: Client) -> None:
    add_comment(waiting.phase.pk, file_path="src/new.py", line_number=1, line_type="added", body="Old", author="ann")
    commit_on(waiting.project, waiting.phase_branch.name, {"late.py": "late = 1\n"})
    ticks.merge_phases()
    html = get(person_client, url(waiting))
    assert html.count('<section class="file-diff"') == 7
    assert 'href="?since=1"' in html
    html = get(person_client, f"{url(waiting)}?since=1")
    assert html.count('<section class="file-diff"') == 1
    assert f'id="{anchor(waiting, "late.py")}-n1"' in html
    assert "comment=added" not in html
    assert "On files that are not in the diff" not in html
    assert f'name="head_{waiting.project.pk}" value="{waiting.tip()}"' in html
    assert "late.py" in get(person_client, f"{url(waiting, 'phase-review-counts')}?since=1")
