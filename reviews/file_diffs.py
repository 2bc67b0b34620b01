"""Files of a review, read from git: the list at once, the diff of one file when it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cw_site.git import Clone
from cw_site.git.diffs import FileChange, file_patch, list_files
from initiatives.actions.branches import clone_of
from initiatives.models import Branch, Initiative, Phase
from initiatives.states import BranchOwner
from reviews.diffs.model import LINE_TYPES, FileDiff, LineType
from reviews.diffs.parse import parse_patch
from reviews.heads import Heads, list_branches


def as_line_type(text: str) -> LineType:
    """A stored or typed line type; raises ValueError for anything else."""
    for kind in LINE_TYPES:
        if kind == text:
            return kind
    raise ValueError(f"{text!r} is no type of line")


@dataclass(frozen=True)
class Reviewed:
    """One project of a review: our clone of it and the two commits between which the diff lies."""

    branch: Branch
    clone: Clone
    base: str
    head: str

    @property
    def project_id(self) -> str:
        return self.branch.project_id


@dataclass(frozen=True)
class ReviewedFiles:
    """The files of a review in all of its projects. Lists are read once; nothing is read before it is asked for."""

    projects: Mapping[str, Reviewed]
    _lists: dict[str, list[FileChange]] = field(default_factory=dict)

    @classmethod
    def of_phase(cls, phase: Phase, heads: Heads) -> Self:
        """The phase's branches between the commits of `heads`."""
        return cls._of(list_branches(BranchOwner.PHASE, phase.pk), heads)

    @classmethod
    def of_initiative(cls, initiative: Initiative, heads: Heads) -> Self:
        """The initiative's branches between the commits of `heads`."""
        return cls._of(list_branches(BranchOwner.INITIATIVE, initiative.pk), heads)

    @classmethod
    def _of(cls, branches: list[Branch], heads: Heads) -> Self:
        return cls(
            {
                branch.project_id: Reviewed(branch, clone_of(branch.project), seen["base"], seen["head"])
                for branch in branches
                if (seen := heads.get(branch.project_id))
            }
        )

    def list_changes(self, project_id: str) -> list[FileChange]:
        """The changed files of a project; none where the review does not have the project."""
        if project_id not in self._lists:
            reviewed = self.projects.get(project_id)
            self._lists[project_id] = list_files(reviewed.clone, reviewed.base, reviewed.head) if reviewed else []
        return self._lists[project_id]

    def find_change(self, project_id: str, path: str) -> FileChange | None:
        """The change of the file that is called `path` now (or was, where it is deleted)."""
        return next((change for change in self.list_changes(project_id) if change.path == path), None)

    def load(self, project_id: str, path: str) -> FileDiff | None:
        """The parsed diff of one file, None where it is not part of the review."""
        change = self.find_change(project_id, path)
        if change is None:
            return None
        reviewed = self.projects[project_id]
        return parse_patch(file_patch(reviewed.clone, reviewed.base, reviewed.head, change))
