import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.models import Event
from initiatives.models import InitiativeProject
from initiatives.repositories import ProjectRepository
from tests.factories import make_initiative, make_project

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_a_project_is_found_by_name_and_url() -> None:
    project = make_project(name="parser", url="https://git.example.org/parser.git")

    assert ProjectRepository().find_by_name("parser") == project
    assert ProjectRepository().find_by_url("https://git.example.org/parser.git") == project
    assert ProjectRepository().find_by_name("Parser") is None
    assert ProjectRepository().topics(project) == [f"project:{project.pk}"]


def test_names_and_urls_are_taken_once() -> None:
    make_project(name="parser", url="https://git.example.org/parser.git")
    other = make_project()

    with pytest.raises(NotAllowed, match="named “parser”"):
        make_project(name="parser")
    with pytest.raises(NotAllowed, match=r"for https://git\.example\.org/parser\.git"):
        make_project(url="https://git.example.org/parser.git")
    with pytest.raises(NotAllowed, match="named “parser”"):
        ProjectRepository().update(other.pk, name="parser")
    with pytest.raises(IntegrityError):
        ProjectRepository().update(other.pk, sync_state="whatever")


def test_a_page_is_by_name_and_counts_all() -> None:
    b, a, c = make_project(name="b"), make_project(name="a"), make_project(name="c")

    assert ProjectRepository().list_page(limit=2, offset=0) == ([a, b], 3)
    assert ProjectRepository().find_all() == [a, b, c]


def test_sync_requests_come_longest_first() -> None:
    make_project()
    second, first = make_project(), make_project(sync_requested_at=now())
    ProjectRepository().update(second.pk, sync_requested_at=now())

    assert ProjectRepository().list_sync_requested() == [first, second]


def test_setting_projects_writes_only_the_difference() -> None:
    a, b, c = make_project(name="a"), make_project(name="b"), make_project(name="c")
    initiative = make_initiative(projects=[a, b])
    kept = InitiativeProject.objects.get(initiative=initiative, project=b)

    projects = ProjectRepository().set_initiative_projects(initiative.pk, [c.pk, b.pk, b.pk])

    assert projects == ProjectRepository().find_projects_by_initiative_id(initiative.pk) == [b, c]
    assert InitiativeProject.objects.get(initiative=initiative, project=b).created_at == kept.created_at
    Event.objects.all().delete()
    ProjectRepository().set_initiative_projects(initiative.pk, [b.pk, c.pk])
    assert not Event.objects.exists()


def test_setting_projects_that_are_gone_changes_nothing() -> None:
    project = make_project()
    initiative = make_initiative(projects=[project])

    with pytest.raises(NotFound, match="One of these projects is gone"):
        ProjectRepository().set_initiative_projects(initiative.pk, ["gone"])
    with pytest.raises(NotFound):
        ProjectRepository().set_initiative_projects("gone", [project.pk])
    assert ProjectRepository().find_projects_by_initiative_id(initiative.pk) == [project]


def test_projects_of_many_initiatives_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a, b = make_project(name="a"), make_project(name="b")
    first, second, without = make_initiative(projects=[b, a]), make_initiative(projects=[a]), make_initiative()

    with django_assert_num_queries(1):
        found = ProjectRepository().find_projects_by_initiative_ids([first.pk, second.pk, without.pk])
    assert found == {first.pk: [a, b], second.pk: [a]}
