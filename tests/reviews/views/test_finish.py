"""The page that ends an initiative."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from initiatives.actions.project import carry_out_sync
from initiatives.repositories import InitiativeRepository
from reviews import ticks
from reviews.file_views import anchor_of
from tests.factories import commit_files, run_git
from tests.reviews.conftest import World, commit_on, make_world, replace_line


@pytest.fixture
def done(db: None, tmp_path: Path) -> World:
    """An initiative that waits for its end."""
    world = make_world(tmp_path / "source", execution_mode="yolo")
    world.do_task({"app.py": replace_line(3, "changed"), "b.py": "b = 1\n", "c.py": "c = 1\n"})
    for name in ("merge_tasks", "close_phases", "close_initiatives"):
        getattr(ticks, name)()
    return world


def page(client: Client, world: World, name: str = "initiative-finish", query: str = "") -> str:
    response = client.get(reverse(name, args=[world.initiative.pk]) + query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_it_shows_the_whole_change_and_whether_it_merges(done: World, person_client: Client) -> None:
    html = page(person_client, done)
    assert "merges cleanly" in html
    assert html.count('<section class="file-diff"') == 3
    assert "comment=" not in html
    where = anchor_of(done.project.pk, "b.py")
    assert f'id="{where}-n1"' in page(person_client, done, "initiative-finish-file", f"?file={where}")
    assert "+1" in page(person_client, done, "initiative-finish-counts")


def test_the_buttons_are_bound_to_what_the_page_showed(done: World, person_client: Client) -> None:
    address = reverse("initiative-finish", args=[done.initiative.pk])
    fields = dict(re.findall(r'name="(head_[^"]+)" value="([^"]+)"', page(person_client, done)))
    commit_on(done.project, done.initiative_branch.name, {"late": "x\n"})
    response = person_client.post(address, {**fields, "action": "merge_and_push"})
    assert response.status_code == 409
    assert "moved since you looked" in response.content.decode()
    fields = dict(re.findall(r'name="(head_[^"]+)" value="([^"]+)"', page(person_client, done)))
    assert person_client.post(address, {**fields, "action": "nothing"}).status_code == 422
    assert person_client.post(address, {**fields, "action": "merge_and_push"}).status_code == 302
    assert "being finished right now" in page(person_client, done)
    ticks.finish_initiatives()
    assert InitiativeRepository().get(done.initiative.pk).status == "completed"
    assert "merged into main as" in page(person_client, done)


def test_a_conflict_is_shown_before_and_an_agent_can_take_it(done: World, person_client: Client) -> None:
    run_git(done.source, "checkout", "--quiet", "main")
    commit_files(done.source, {"app.py": replace_line(3, "otherwise")})
    run_git(done.source, "checkout", "--quiet", "--detach")
    carry_out_sync(done.project.pk)
    html = page(person_client, done)
    assert "conflicts" in html
    assert 'value="merge"' not in html
    assert 'value="push_branch"' in html
    assert "git merge --no-ff" in html
    response = person_client.post(
        reverse("initiative-changes", args=[done.initiative.pk]), {"note": "Resolve the conflicts"}
    )
    assert response.status_code == 302
    assert InitiativeRepository().get(done.initiative.pk).status == "active"


def test_an_initiative_with_open_phases_says_which(world: World, person_client: Client) -> None:
    html = page(person_client, world)
    assert "Not every phase is completed" in html
    assert world.phase.name in html
