"""An end that was interrupted, or decided anew: what was delivered before must not pass for what is asked now."""

from pathlib import Path

import pytest

from cw_site.git.clones import ensure_clone
from cw_site.git.refs import is_ancestor
from initiatives.actions.branches import clone_of, ensure_initiative_branch
from initiatives.actions.phase import create_phase
from initiatives.models import Initiative
from initiatives.repositories import InitiativeRepository, PhaseRepository, ProjectRepository
from reviews import ticks
from reviews.actions.finish import finish_initiative
from reviews.heads import initiative_heads, shas_of
from tests.factories import make_project, run_git
from tests.reviews.conftest import World, commit_on, make_world, replace_line, tip


class Crash(BaseException):
    """The worker is killed here."""


def ready(path: Path) -> World:
    """An initiative whose only phase is merged: it waits for its end."""
    world = make_world(path, execution_mode="yolo")
    world.do_task({"app.py": replace_line(3, "changed")})
    for name in ("merge_tasks", "close_phases", "close_initiatives"):
        assert getattr(ticks, name)() == 1
    return world


def stored(world: World) -> Initiative:
    return InitiativeRepository().get(world.initiative.pk)


def test_work_that_came_after_an_interrupted_end_is_not_called_merged(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merged, then killed before the row said so; a phase is added meanwhile and carried out."""
    world = ready(tmp_path / "source")
    heads = shas_of(initiative_heads(stored(world)))
    finish_initiative(world.initiative.pk, action="merge", heads=heads, person_name="ann")

    def crash(*args: object, **kwargs: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(InitiativeRepository, "move", crash)
        with pytest.raises(Crash):
            ticks.finish_initiatives()
    added = create_phase(world.initiative.pk, name="One more")
    commit_on(world.project, world.initiative_branch.name, {"late.py": "late\n"})
    phases = PhaseRepository()
    phases.move(added.pk, to="approved")
    phases.move(added.pk, to="in_progress")
    phases.move(added.pk, to="completed")
    ticks.close_initiatives()
    ticks.finish_initiatives()
    clone = clone_of(world.project)
    late = tip(world.project, world.initiative_branch.name)
    assert stored(world).status == "pending_review" or is_ancestor(clone, late, tip(world.project, "main"))
    assert stored(world).finish_action is None, "what was decided was decided for other commits"


def test_a_pushed_branch_does_not_pass_for_a_merge(db: None, tmp_path: Path) -> None:
    """Two projects: the push reached one and not the other; then the person chooses to merge."""
    world = ready(tmp_path / "source")
    other = make_project(tmp_path / "other", files={"a": "a\n"}, sync_state="ready")
    ensure_clone(clone_of(other), url=other.url)
    ProjectRepository().set_initiative_projects(world.initiative.pk, [world.project.pk, other.pk])
    branch = ensure_initiative_branch(stored(world), other)
    commit_on(other, branch.name, {"b": "b\n"})
    heads = shas_of(initiative_heads(stored(world)))
    away = tmp_path / "away"
    failing = other if other.name > world.project.name else world.project
    Path(failing.url).rename(away)
    finish_initiative(world.initiative.pk, action="push_branch", heads=heads, person_name="ann")
    ticks.finish_initiatives()
    assert stored(world).status == "pending_review"
    away.rename(failing.url)
    for project in (world.project, other):
        run_git(Path(project.url), "checkout", "--quiet", "--detach")
    finish_initiative(world.initiative.pk, action="merge", heads=heads, person_name="ann")
    ticks.finish_initiatives()
    assert stored(world).status == "completed", stored(world).status_reason
    for project in (world.project, other):
        assert is_ancestor(clone_of(project), heads[project.pk], tip(project, "main")), stored(world).status_reason
