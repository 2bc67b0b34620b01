"""Comments: on lines that are there, by people who may."""

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed, NotFound
from initiatives.repositories import PhaseRepository
from reviews.actions.comment import (
    LONGEST_BODY,
    add_comment,
    delete_comment,
    edit_comment,
    reply,
    resolve_thread,
    unresolve_thread,
)
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository
from tests.factories import make_phase
from tests.reviews.conftest import FILES, World, commit_on, make_world, replace_line


@pytest.fixture
def commented(world: World) -> World:
    """A phase with a changed line 3 of app.py, a new file with CRLF, and a deleted one."""
    files = {"app.py": replace_line(3, "changed"), "new.txt": b"one\r\ntwo\r\n", "README.md": None}
    commit_on(world.project, world.phase_branch.name, files)
    return world


def comment(world: World, **fields: object) -> ReviewComment:
    defaults = {"file_path": "app.py", "line_number": 3, "line_type": "added", "body": "Why?", "author": "ann"}
    return add_comment(world.phase.pk, **{**defaults, **fields})  # type: ignore[arg-type]


def test_a_comment_keeps_its_line_round_and_commit(commented: World) -> None:
    row = comment(commented)
    assert (row.line_text, row.round_number, row.head_sha) == ("changed", 1, commented.tip())
    assert row.project_id == commented.project.pk


@pytest.mark.parametrize(
    ("path", "number", "kind", "text"),
    [
        ("app.py", 3, "removed", "line 3"),
        ("app.py", 4, "context", "line 4"),
        ("new.txt", 2, "added", "two"),
        ("README.md", 1, "removed", FILES["README.md"].strip()),
    ],
)
def test_every_type_of_line_can_be_commented(commented: World, path: str, number: int, kind: str, text: str) -> None:
    assert comment(commented, file_path=path, line_number=number, line_type=kind).line_text == text


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"file_path": "none.py"}, "file_path"),
        ({"line_number": 15}, "line_number"),
        ({"line_type": "context"}, "line_number"),
        ({"line_type": "moved"}, "line_type"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * (LONGEST_BODY + 1)}, "body"),
        ({"project_id": "other"}, "project_id"),
    ],
)
def test_what_is_not_in_the_diff_is_refused_by_field(commented: World, fields: dict[str, object], name: str) -> None:
    with pytest.raises(Invalid) as caught:
        comment(commented, **fields)
    assert list(caught.value.fields) == [name]
    assert ReviewCommentRepository().find_by_phase_id(commented.phase.pk) == []


def test_comments_need_a_diff_that_can_change(commented: World) -> None:
    with pytest.raises(NotAllowed, match="not started"):
        add_comment(make_phase().pk, file_path="a", line_number=1, line_type="added", body="x", author="ann")
    row = comment(commented)
    PhaseRepository().move(commented.phase.pk, to="completed")
    with pytest.raises(NotAllowed, match="merged"):
        comment(commented)
    with pytest.raises(NotAllowed, match="merged"):
        reply(row.pk, body="x", author="ann")
    with pytest.raises(NotAllowed, match="merged"):
        resolve_thread(row.pk)


def test_replies_join_the_thread_and_open_it_again(commented: World) -> None:
    row = comment(commented)
    resolve_thread(row.pk)
    first = comment(commented, parent_comment_id=row.pk, file_path="", line_number=0, body="No.")
    second = reply(first.pk, body="Yes.", author="bob")
    assert {first.parent_comment_id, second.parent_comment_id} == {row.pk}
    assert (second.file_path, second.line_number, second.line_type) == ("app.py", 3, "added")
    assert not ReviewCommentRepository().get(row.pk).resolved
    assert resolve_thread(second.pk).resolved
    assert not unresolve_thread(second.pk).resolved


def test_a_thread_of_another_phase_is_not_found(commented: World) -> None:
    row = comment(commented)
    other, _ = commented.add_phase()
    with pytest.raises(NotFound):
        add_comment(
            other.pk, parent_comment_id=row.pk, file_path="", line_number=1, line_type="added", body="x", author="a"
        )


def test_only_the_author_edits_and_deletes(commented: World) -> None:
    row = comment(commented)
    assert edit_comment(row.pk, body=" How? ", author="ann").body == "How?"
    with pytest.raises(NotAllowed, match="written by ann"):
        edit_comment(row.pk, body="x", author="bob")
    with pytest.raises(NotAllowed, match="written by ann"):
        delete_comment(row.pk, author="bob")
    answer = reply(row.pk, body="Because", author="bob")
    with pytest.raises(Invalid, match="bob answered"):
        delete_comment(row.pk, author="ann")
    delete_comment(answer.pk, author="bob")
    delete_comment(row.pk, author="ann")
    assert ReviewCommentRepository().find_by_phase_id(commented.phase.pk) == []


def test_two_projects_need_a_name(db: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    from initiatives.actions.branches import ensure_phase_branch
    from initiatives.actions.project import carry_out_sync
    from initiatives.repositories import ProjectRepository
    from tests.factories import make_project

    world = make_world(tmp_path_factory.mktemp("a") / "source")
    second = make_project(tmp_path_factory.mktemp("b") / "source")
    carry_out_sync(second.pk)
    ProjectRepository().set_initiative_projects(world.initiative.pk, [world.project.pk, second.pk])
    ensure_phase_branch(world.phase, second)
    commit_on(world.project, world.phase_branch.name, {"app.py": replace_line(3, "changed")})
    with pytest.raises(Invalid, match="which project"):
        comment(world)
    assert comment(world, project_id=world.project.pk).project_id == world.project.pk
