"""What there is to review: for each project two commits and the hash of the diff between them.

`Heads` is the JSON that review rounds, decisions and finish intents keep: {project id: {"base", "head", "diff"}}.
"""

from collections.abc import Iterable, Mapping

from cw_site.foundation.errors import NotAllowed
from cw_site.git import Clone
from cw_site.git.diffs import diff_hash
from cw_site.git.refs import merge_base, read_ref
from initiatives.actions.branches import clone_of
from initiatives.models import Branch, Initiative, Phase
from initiatives.repositories import BranchRepository
from initiatives.states import BranchOwner

type Heads = dict[str, dict[str, str]]

HEADS = "refs/heads/"


def branch_tip(branch: Branch) -> str | None:
    """The commit the branch points to now, None where the ref is gone."""
    return read_ref(clone_of(branch.project), HEADS + branch.name)


def default_tip(branch: Branch) -> str | None:
    """The tip of the default branch in our clone of the branch's project."""
    return read_ref(clone_of(branch.project), HEADS + branch.project.default_branch)


def phase_heads(phase: Phase) -> Heads:
    """What a reviewer of the phase sees now: each phase branch against what the initiative has of it."""
    return _with_hashes(list_branches(BranchOwner.PHASE, phase.pk), phase_ranges(phase))


def phase_ranges(phase: Phase) -> Heads:
    """As `phase_heads`, without the hash of the diff: for looking, not for deciding."""
    targets = {branch.project_id: branch for branch in list_branches(BranchOwner.INITIATIVE, phase.initiative_id)}
    ranges: Heads = {}
    for branch in list_branches(BranchOwner.PHASE, phase.pk):
        target = targets.get(branch.project_id)
        ranges[branch.project_id] = _range(branch, branch_tip(target) if target else None)
    return ranges


def initiative_heads(initiative: Initiative) -> Heads:
    """What a reviewer of the whole initiative sees now: its branches against the default branches."""
    return _with_hashes(list_branches(BranchOwner.INITIATIVE, initiative.pk), initiative_ranges(initiative))


def initiative_ranges(initiative: Initiative) -> Heads:
    """As `initiative_heads`, without the hash of the diff."""
    branches = list_branches(BranchOwner.INITIATIVE, initiative.pk)
    return {branch.project_id: _range(branch, default_tip(branch)) for branch in branches}


def list_branches(owner_type: BranchOwner, owner_id: str) -> list[Branch]:
    """The owner's branches with their projects, by project name."""
    return BranchRepository().list_for_owner(owner_type, owner_id)


def tips_of(branches: Iterable[Branch]) -> dict[str, str]:
    """Where each branch points now, by project id; a ref that is gone is left out."""
    return {branch.project_id: tip for branch in branches if (tip := branch_tip(branch))}


def shas_of(heads: Heads) -> dict[str, str]:
    """Only the head commits, by project id."""
    return {project_id: seen["head"] for project_id, seen in heads.items()}


def between(first: Heads, last: Heads) -> Heads:
    """What changed from the heads of one round to those of another; a project that joined later is whole."""
    return {
        project_id: {"base": first[project_id]["head"] if project_id in first else seen["base"], "head": seen["head"]}
        for project_id, seen in last.items()
    }


def describe_moves(seen: Mapping[str, str], actual: Mapping[str, str], *, names: Mapping[str, str]) -> list[str]:
    """A sentence for each project whose head is not what the person saw; empty where all is as seen."""
    sentences = []
    for project_id, head in actual.items():
        name, given = names.get(project_id, project_id), seen.get(project_id, "")
        if not given:
            sentences.append(f"{name}: no commit was named; its head is {head[:12]}.")
        elif given != head:
            sentences.append(f"{name}: you saw {given[:12]}, the branch is at {head[:12]} now.")
    unknown = seen.keys() - actual.keys()
    return sentences + [
        f"{names.get(project_id, project_id)}: this project has no branch here." for project_id in unknown
    ]


def review_base(clone: Clone, branch: Branch, *, target: str | None, head: str) -> str:
    """The commit a diff starts from: the last one of the target that the branch holds.

    Once the branch is merged that would be its own head, so the recorded fork is taken instead.
    """
    base = merge_base(clone, target, head) if target else None
    return branch.base_sha if base is None or base == head else base


def _range(branch: Branch, target: str | None) -> dict[str, str]:
    clone, head = clone_of(branch.project), branch_tip(branch)
    if head is None:
        raise NotAllowed(
            f"The branch {branch.name} is gone from our clone of {branch.project.name}. "
            f"Its last known commit is {branch.head_sha[:12] or branch.base_sha[:12]}: make the branch again from it."
        )
    return {"base": review_base(clone, branch, target=target, head=head), "head": head}


def _with_hashes(branches: list[Branch], ranges: Heads) -> Heads:
    return {
        branch.project_id: {**seen, "diff": diff_hash(clone_of(branch.project), seen["base"], seen["head"])}
        for branch in branches
        if (seen := ranges.get(branch.project_id))
    }
