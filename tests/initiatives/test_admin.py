"""The tables in Django's admin: every page opens, and no status can be typed."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from initiatives.models import Branch, Initiative, Page, Phase, Project, Task
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.page import PageRepository
from tests.factories import make_initiative, make_phase, make_project, make_task

MODELS = [Project, Initiative, Phase, Task, Page, Branch]


@pytest.fixture
def rows(db: None) -> dict[type[Model], Model]:
    """A row of each table."""
    project = make_project()
    initiative = make_initiative(projects=[project])
    phase = make_phase(initiative)
    page = PageRepository().get_or_create_root_page(initiative.pk)
    branch = BranchRepository().ensure(
        owner_type="phase", owner_id=phase.pk, project_id=project.pk, name="cw-phase/x", base_sha="0" * 40
    )
    return {Project: project, Initiative: initiative, Phase: phase, Task: make_task(phase), Page: page, Branch: branch}


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens(
    model: type[Model], rows: dict[type[Model], Model], administrator_client: Client, person_client: Client
) -> None:
    name = f"admin:initiatives_{model._meta.model_name}"
    assert administrator_client.get(reverse(f"{name}_changelist")).status_code == 200
    assert administrator_client.get(reverse(f"{name}_changelist") + "?q=x").status_code == 200
    page = administrator_client.get(reverse(f"{name}_change", args=[rows[model].pk]))
    assert page.status_code == 200
    assert 'name="status"' not in page.content.decode()
    assert person_client.get(reverse(f"{name}_changelist")).status_code == 302


def test_every_own_table_is_there() -> None:
    assert all(admin.site.is_registered(model) for model in MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_neither_added_nor_deleted(
    model: type[Model], rows: dict[type[Model], Model], administrator_client: Client
) -> None:
    name = f"admin:initiatives_{model._meta.model_name}"
    assert administrator_client.get(reverse(f"{name}_add")).status_code == 403
    url = reverse(f"{name}_delete", args=[rows[model].pk])
    assert administrator_client.post(url, {"post": "yes"}).status_code == 403


def test_words_can_be_mended(rows: dict[type[Model], Model], administrator_client: Client) -> None:
    project = rows[Project]
    url = reverse("admin:initiatives_project_change", args=[project.pk])
    assert administrator_client.post(url, {"name": "renamed", "url": "ext::sh"}).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.url.startswith("https://")) == ("renamed", True)  # type: ignore[attr-defined]
