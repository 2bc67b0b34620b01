"""The pages of projects."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from initiatives.models import Project
from initiatives.repositories.project import ProjectRepository
from tests.factories import make_git_repo, make_initiative, make_project
from tests.initiatives.views.conftest import Look

LIST_QUERIES = 5
PAGE_QUERIES = 5


def test_the_empty_list_says_what_to_do(look: Look) -> None:
    page = look(reverse("projects"))
    assert "No projects yet" in page
    assert "Add a project" in page


def test_the_list_shows_state_and_reason(look: Look) -> None:
    make_project(name="fine", sync_state="ready", default_branch="trunk")
    make_project(name="bad", sync_state="failed", sync_reason="The host name cannot be found.")
    page = look(reverse("projects"))
    for words in ("fine", "Ready", "trunk", "bad", "Failed", "The host name cannot be found."):
        assert words in page


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.usefixtures("alone")
def test_the_list_costs_the_same_for_any_number(
    count: int, person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_project()
    with django_assert_num_queries(LIST_QUERIES):
        person_client.get(reverse("projects"))


def test_a_long_list_has_pages(look: Look) -> None:
    for number in range(51):
        make_project(name=f"project-{number:03}")
    assert "Page 1 of 2" in look(reverse("projects"))
    second = look(reverse("projects") + "?page=2")
    assert "project-050" in second
    assert "project-000" not in second
    assert "project-000" in look(reverse("projects") + "?page=nonsense")


def test_adding_leads_to_the_project(person_client: Client, repository: Path) -> None:
    make_git_repo(repository)
    response = person_client.post(reverse("projects"), {"name": "site", "url": str(repository)}, follow=True)
    project = ProjectRepository().find_by_name("site")
    assert project is not None
    assert response.redirect_chain == [(reverse("project", args=[project.pk]), 303)]
    page = response.content.decode()
    assert "site is added and is being cloned." in page
    assert "Syncing" in page
    assert "is being synced already" in page


def test_a_refused_form_keeps_what_was_typed_and_says_why(person_client: Client) -> None:
    response = person_client.post(reverse("projects"), {"name": "site", "url": "ext::sh -c id"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="site"' in page
    assert "ext::sh -c id" in page
    assert "can start programs and are not allowed" in page


def test_a_page_and_its_live_part(look: Look, project: Project) -> None:
    initiative = make_initiative(projects=[project], name="Use it")
    url = reverse("project", args=[project.pk])
    page, part = look(url), look(url, htmx=True)
    for words in (project.url, "main", "Use it", f'data-live="project:{project.pk}"'):
        assert words in page
        assert words in part
    assert "<html" not in part
    assert f"is used by “{initiative.name}”" in part


@pytest.mark.usefixtures("alone")
def test_a_page_costs_a_constant(
    person_client: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_initiative(projects=[project])
    with django_assert_num_queries(PAGE_QUERIES):
        person_client.get(reverse("project", args=[project.pk]))


def test_a_row_alone(look: Look, project: Project) -> None:
    row = look(reverse("project-row", args=[project.pk]))
    assert row.strip().startswith("<li")
    assert project.name in row


def test_sync_as_a_form_and_as_htmx(person_client: Client) -> None:
    one, two = make_project(), make_project()
    response = person_client.post(reverse("project-sync", args=[one.pk]))
    assert (response.status_code, response["Location"]) == (303, reverse("project", args=[one.pk]))
    part = person_client.post(reverse("project-sync", args=[two.pk]), headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "Syncing" in part.content.decode()
    again = person_client.post(reverse("project-sync", args=[two.pk]), headers={"HX-Request": "true"})
    assert (again.status_code, again["HX-Reswap"]) == (409, "none")
    assert "being synced already" in again.content.decode()


def test_edit_and_delete(person_client: Client, project: Project) -> None:
    url = reverse("project-edit", args=[project.pk])
    assert f'value="{project.url}"' in person_client.get(url).content.decode()
    fields = {"name": "renamed", "url": project.url, "default_branch": "main"}
    assert person_client.post(url, fields).status_code == 303
    assert ProjectRepository().get(project.pk).name == "renamed"
    assert person_client.post(url, fields | {"name": " "}).status_code == 422
    assert person_client.post(reverse("project-delete", args=[project.pk])).status_code == 303
    assert ProjectRepository().find_by_id(project.pk) is None


def test_what_people_wrote_is_escaped(look: Look) -> None:
    make_project(name="<script>alert(1)</script>")
    assert "<script>alert(1)</script>" not in look(reverse("projects"))
