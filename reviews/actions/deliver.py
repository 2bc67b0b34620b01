"""Carrying out the end of an initiative in each project: merge into the default branch, push, or both.

Nothing is forced. The push goes out before our own ref moves: a refused push leaves every ref as it was. The merge
commit is made with a fixed date, so that repeating it after a crash makes the very same commit.
"""

from dataclasses import dataclass

from cw_site.foundation.errors import NotAllowed
from cw_site.git import Clone
from cw_site.git.clones import fetch, sync_default_branch
from cw_site.git.merging import commit_tree, try_merge
from cw_site.git.pushing import push
from cw_site.git.refs import is_ancestor, keep, move_ref
from cw_site.git.urls import check_url
from initiatives.actions.branches import clone_of
from initiatives.models import Branch, Initiative, Phase
from initiatives.repositories import BranchRepository, PhaseRepository
from initiatives.states import FinishAction
from reviews.actions.merge import find_merge, initiative_message
from reviews.heads import HEADS, branch_tip


@dataclass(frozen=True)
class Delivery:
    """What was done in one project, as a sentence, and the commit that the project now has."""

    project_id: str
    sentence: str
    commit: str


def deliver_branch(initiative: Initiative, branch: Branch) -> Delivery:
    """Do what the person decided for one project. Raises NotAllowed or GitError with what stands in the way.

    May be repeated at any time: what is done already is recognised.
    """
    head = initiative.finish_heads.get(branch.project_id, {}).get("head", "")
    project, clone = branch.project, clone_of(branch.project)
    if head and branch.merged_sha == head and _is_delivered(initiative, branch):
        return Delivery(project.pk, f"{project.name}: done.", branch.merge_commit or head)
    tip = branch_tip(branch)
    if tip != head:
        now_at = tip[:12] if tip else "gone"
        raise NotAllowed(f"{branch.name} in {project.name} moved after the decision ({head[:12]}, now {now_at}).")
    if initiative.finish_action == FinishAction.PUSH_BRANCH:
        delivery = _push_branch(clone, branch, head)
    else:
        delivery = _merge(clone, initiative, branch, head)
    merged = "" if initiative.finish_action == FinishAction.PUSH_BRANCH else delivery.commit
    BranchRepository().record_merge(branch.pk, merged_sha=head, merge_commit=merged)
    return delivery


def _is_delivered(initiative: Initiative, branch: Branch) -> bool:
    """Whether what was done with this head before is what is asked for now: a push is no merge, nor the other way
    round, and what is to be both is looked at again."""
    if initiative.finish_action == FinishAction.MERGE:
        return bool(branch.merge_commit)
    return initiative.finish_action == FinishAction.PUSH_BRANCH and not branch.merge_commit


def _push_branch(clone: Clone, branch: Branch, head: str) -> Delivery:
    result = push(clone, url=branch.project.url, commit=head, ref=branch.name)
    if not result.ok:
        raise NotAllowed(f"{branch.project.name}: {result.reason}")
    return Delivery(branch.project_id, f"{branch.project.name}: {branch.name} pushed at {head[:12]}.", head)


def _merge(clone: Clone, initiative: Initiative, branch: Branch, head: str) -> Delivery:
    """Merge into the newest default branch, publish it where it is to be published, then move our own ref."""
    project = branch.project
    fetch(clone, url=project.url)
    outcome = sync_default_branch(clone, branch=project.default_branch)
    if outcome.local is None or outcome.state in ("missing", "diverged"):
        raise NotAllowed(_cannot_follow(branch, outcome.state))
    tip = outcome.local
    if is_ancestor(clone, head, tip):
        commit = find_merge(clone, source=head, tip=tip) or tip
        publish_at = tip
    else:
        commit = publish_at = _merge_commit(clone, initiative, branch, head=head, tip=tip)
    sentence = f"{project.name}: merged into {project.default_branch} as {commit[:12]}."
    # A local project's default branch lives in its folder: merging there is delivering there.
    local = check_url(project.url).kind == "local"
    if (local or initiative.finish_action == FinishAction.MERGE_AND_PUSH) and publish_at != outcome.remote:
        sentence += " " + _publish(clone, branch, commit=publish_at)
    if publish_at != tip:
        move_ref(clone, HEADS + project.default_branch, new=publish_at, old=tip)
    return Delivery(project.pk, sentence, commit)


def _merge_commit(clone: Clone, initiative: Initiative, branch: Branch, *, head: str, tip: str) -> str:
    """The merge of the initiative into the default branch, as a kept commit that no branch has yet."""
    merged = try_merge(clone, ours=tip, theirs=head)
    if merged.conflicts:
        files = ", ".join(merged.conflicts[:5])
        raise NotAllowed(
            f"{branch.project.name}: {branch.project.default_branch} changed the same lines of {files}. "
            f"Ask for changes: an agent then merges {branch.project.default_branch} into the work."
        )
    phases: list[Phase] = PhaseRepository().find_by_initiative_id(initiative.pk)
    commit = commit_tree(
        clone,
        merged.tree,
        parents=[tip, head],
        message=initiative_message(initiative, phases=phases, reviewer=initiative.finish_by),
        date=f"{int(initiative.status_since.timestamp())} +0000",
    )
    keep(clone, f"finish/{initiative.pk}/{commit[:12]}", commit)
    return commit


def _publish(clone: Clone, branch: Branch, *, commit: str) -> str:
    """Push the default branch; where that folder has it checked out, leave the commit as our branch beside it."""
    project = branch.project
    result = push(clone, url=project.url, commit=commit, ref=project.default_branch)
    if result.ok:
        return f"{project.default_branch} pushed."
    if not result.checked_out:
        raise NotAllowed(f"{project.name}: {result.reason} Nothing was changed.")
    beside = push(clone, url=project.url, commit=commit, ref=branch.name)
    if not beside.ok:
        raise NotAllowed(f"{project.name}: {beside.reason} Nothing was changed.")
    return (
        f"{project.default_branch} is checked out in {project.url}, so the merge lies there as {branch.name}: "
        f"run `git merge --ff-only {branch.name}` there to take it over."
    )


def _cannot_follow(branch: Branch, state: str) -> str:
    project = branch.project
    if state == "missing":
        missing = f"{project.name} has no branch {project.default_branch} at {project.url}."
        return f"{missing} Correct it on the project's page."
    return (
        f"{project.name}: our {project.default_branch} and the one at {project.url} have both moved on. "
        f"Merge them there by hand, sync the project, then finish again."
    )
