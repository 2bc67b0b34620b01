"""Merging one branch into the one above it, in memory, and recording it. Every step may be repeated after a crash."""

from collections.abc import Sequence
from dataclasses import dataclass

from cw_site.foundation.errors import NotAllowed
from cw_site.git import Clone
from cw_site.git.commits import list_commits
from cw_site.git.merging import merge_into
from cw_site.git.refs import is_ancestor, read_ref
from initiatives.actions.branches import clone_of
from initiatives.models import Branch, Initiative, Phase, Task
from initiatives.repositories import BranchRepository
from reviews.heads import HEADS


@dataclass(frozen=True)
class Conflict:
    """Two branches of one project that change the same lines. `ours` is the target's tip, `theirs` the source."""

    project_name: str
    target: str
    source: str
    ours: str
    theirs: str
    files: list[str]

    def as_sentence(self) -> str:
        """What conflicts, for a person."""
        shown = ", ".join(self.files[:5]) + (f" and {len(self.files) - 5} more" if len(self.files) > 5 else "")
        return f"{self.source} and {self.target} change the same lines of {shown} in {self.project_name}."


def merge_branch(branch: Branch, target: Branch, *, source: str, message: str) -> Conflict | None:
    """Merge the commit `source` of `branch` into `target`, record it, or say what conflicts.

    Safe to repeat: a merge that git has and we have not recorded is found by its parents. Raises RefMoved where
    somebody moved the target meanwhile; nothing is changed then.
    """
    if branch.merged_sha == source:
        return None
    clone, ref = clone_of(branch.project), HEADS + target.name
    tip = read_ref(clone, ref)
    if tip is None:
        raise NotAllowed(f"The branch {target.name} is gone from our clone of {branch.project.name}.")
    if is_ancestor(clone, source, tip):
        commit = find_merge(clone, source=source, tip=tip)
    else:
        result = merge_into(clone, ref=ref, expected=tip, source=source, message=message)
        if result.kind == "conflict":
            return Conflict(branch.project.name, target.name, branch.name, tip, source, list(result.conflicts))
        commit = tip = result.commit or tip
    branches = BranchRepository()
    branches.record_merge(branch.pk, merged_sha=source, merge_commit=commit)
    branches.record_head(target.pk, tip)
    return None


def find_merge(clone: Clone, *, source: str, tip: str) -> str:
    """The merge commit that brought `source` into `tip`; empty where it lies in the first line of history."""
    for commit in list_commits(clone, source, tip):
        if source in commit.parents[1:]:
            return commit.sha
    return ""


def task_message(task: Task, phase: Phase, *, agent_name: str, summary: str) -> str:
    """The message of the merge of a task into its phase."""
    subject = f"Merge task “{task.name}” into phase “{phase.name}”"
    return _message(subject, _wrap(summary), {"Codewalkers-Task": task.pk, "Codewalkers-Agent": agent_name})


def phase_message(phase: Phase, *, tasks: list[Task], reviewer: str) -> str:
    """The message of the merge of a phase into its initiative; no reviewer where the initiative asks for none."""
    subject = f"Merge phase “{phase.name}” of “{phase.initiative.name}”"
    return _message(subject, _listed(tasks), {"Codewalkers-Phase": phase.pk, "Reviewed-by": reviewer})


def initiative_message(initiative: Initiative, *, phases: list[Phase], reviewer: str) -> str:
    """The message of the merge of an initiative into the project's default branch."""
    subject = f"Merge initiative “{initiative.name}”"
    return _message(subject, _listed(phases), {"Codewalkers-Initiative": initiative.pk, "Reviewed-by": reviewer})


def _message(subject: str, body: str, trailers: dict[str, str]) -> str:
    """Subject, body and trailers, each a paragraph; what is empty is left out."""
    said = "\n".join(f"{name}: {_line(value)}" for name, value in trailers.items() if value)
    return "\n\n".join(part for part in (_line(subject), body, said) if part) + "\n"


def _listed(rows: Sequence[Task | Phase]) -> str:
    return "\n".join(_line(f"- {row.name}") for row in rows)


def _line(text: str) -> str:
    """One printable line: a name with a line break in it must not add a trailer of its own."""
    return "".join(char if char.isprintable() else " " for char in text)[:200].strip()


def _wrap(text: str) -> str:
    """The first lines of a summary. They are indented, so that none of them reads as a trailer."""
    lines = [_line(line) for line in text.strip().splitlines()[:30]]
    return "\n".join(f"    {line}" if line else "" for line in lines).rstrip()
