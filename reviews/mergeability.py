"""Whether an initiative merges into the default branches as they are now."""

from dataclasses import dataclass, field

from cw_site.foundation.errors import DomainError
from cw_site.git.local_folders import has_checked_out
from cw_site.git.merging import try_merge
from cw_site.git.urls import check_url
from initiatives.models import Project
from reviews.file_diffs import Reviewed
from reviews.heads import default_tip
from reviews.review_page import ReviewPage


@dataclass(frozen=True)
class Mergeability:
    """One project: the default branch's tip, and the files that conflict. `problem`: why it cannot be tried."""

    project: Project
    head: str
    target: str = ""
    conflicts: list[str] = field(default_factory=list)
    problem: str = ""
    local: bool = False
    checked_out: bool = False
    """Its owner works on the default branch in a folder here: the merge is delivered beside it."""

    @property
    def mergeable(self) -> bool:
        return not self.conflicts and not self.problem


def check_mergeability(page: ReviewPage) -> list[Mergeability]:
    """Try each merge in memory; nothing moves. As of the last sync: the merge itself fetches first."""
    return [_check(group.reviewed) for group in page.groups]


def _check(reviewed: Reviewed) -> Mergeability:
    project = reviewed.branch.project
    try:
        address = check_url(project.url)
        local = address.kind == "local"
        target = default_tip(reviewed.branch)
        if target is None:
            missing = f"{project.name} has no branch {project.default_branch} here. Sync the project."
            return Mergeability(project, reviewed.head, problem=missing, local=local)
        merged = try_merge(reviewed.clone, ours=target, theirs=reviewed.head)
    except DomainError as error:
        return Mergeability(project, reviewed.head, problem=error.message)
    checked_out = address.path is not None and has_checked_out(address.path, project.default_branch)
    return Mergeability(
        project, reviewed.head, target=target, conflicts=merged.conflicts, local=local, checked_out=checked_out
    )
