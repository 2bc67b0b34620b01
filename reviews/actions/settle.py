"""The steps that the review ticks take with one row each. Git first, then the rows: what git has and the rows do not is
recognised at the next run, so a crash at any line costs a repetition and never work."""

import json
import logging
from pathlib import Path

from django.db import transaction

from agents.models import Agent
from agents.runtime.cw_files import CommentResponse, read_comment_responses
from cw_site.foundation.errors import DomainError, LostRace, NotAllowed
from cw_site.git.diffs import diff_hash
from initiatives.actions.branches import clone_of
from initiatives.models import Branch, Initiative, Phase, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import (
    BranchOwner,
    ExecutionMode,
    FinishAction,
    InitiativeStatus,
    PhaseStatus,
    TaskCategory,
    TaskStatus,
)
from reviews.actions.conflict import resolve_phase_conflict, resolve_task_conflict
from reviews.actions.deliver import deliver_branch
from reviews.actions.merge import Conflict, merge_branch, phase_message, task_message
from reviews.actions.rounds import open_initiative_round, open_phase_round, renew_phase_round
from reviews.heads import Heads, branch_tip, initiative_heads, list_branches, phase_heads, shas_of, tips_of
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from reviews.states import Decision, ReviewOwner

logger = logging.getLogger(__name__)


def merge_task(agent: Agent) -> bool:
    """Merge what the agent made for its task into the phase, then complete the task with the agent's summary."""
    task = TaskRepository().get(agent.task_id or "")
    if task.status != TaskStatus.IN_PROGRESS:
        return False
    summary = summary_of(agent)
    phase = PhaseRepository().get(task.phase_id) if task.phase_id else None
    evidence: dict[str, str] = {}
    if phase is not None:
        if phase.status != PhaseStatus.IN_PROGRESS:
            raise NotAllowed(
                f"The work is done, but its phase is {phase.get_status_display().lower()}. It is merged when the phase "
                "is in progress again."
            )
        message = task_message(task, phase, agent_name=agent.name, summary=summary)
        sources = list_branches(BranchOwner.TASK, task.pk)
        conflicts = _merge_all(sources, list_branches(BranchOwner.PHASE, phase.pk), message=message)
        if conflicts:
            return resolve_task_conflict(task, conflicts)
        evidence = {branch.project_id: tip for branch in sources if (tip := branch_tip(branch))}
    responses = _responses(agent, task)
    with transaction.atomic():
        TaskRepository().complete(
            task.pk, summary=summary, source=TaskStatus.IN_PROGRESS, since=task.status_since, evidence=evidence
        )
        _store_responses(task, agent, responses)
    return True


def close_phase(phase: Phase) -> bool:
    """Ask for a review of a phase whose tasks are all completed; in yolo merge it at once."""
    tasks = TaskRepository().find_by_phase_id(phase.pk)
    if not tasks:
        PhaseRepository().explain(phase.pk, "This phase has no tasks yet. Add one, and it goes on by itself.")
        return False
    if any(task.status != TaskStatus.COMPLETED for task in tasks):
        return False
    heads = phase_heads(phase)
    if phase.initiative.execution_mode != ExecutionMode.YOLO:
        open_phase_round(phase, heads)
        return True
    return _merge_phase(phase, shas_of(heads), reviewer="")


def merge_phase(phase: Phase) -> bool:
    """Merge a phase that a person approved, at exactly those commits; open a new round where others came after."""
    if late := next((t for t in TaskRepository().find_by_phase_id(phase.pk) if t.status != TaskStatus.COMPLETED), None):
        # it was added while the round was opened: only a phase in progress starts tasks
        PhaseRepository().move(
            phase.pk,
            to=PhaseStatus.IN_PROGRESS,
            source=PhaseStatus.PENDING_REVIEW,
            since=phase.status_since,
            reason=f"“{late.name}” was added just before the review; the phase comes back when that is completed.",
        )
        return True
    rounds = ReviewRoundRepository()
    review_round = rounds.latest_round(ReviewOwner.PHASE, phase.pk)
    decision = rounds.latest_decision(review_round.pk) if review_round else None
    sources = list_branches(BranchOwner.PHASE, phase.pk)
    tips = tips_of(sources)
    if decision is not None and decision.decision == Decision.APPROVED:
        if shas_of(decision.heads) == tips and _same_diffs(sources, decision.heads):
            return _merge_phase(phase, tips, reviewer=decision.person_name)
    elif review_round is not None and shas_of(review_round.heads) == tips:
        return False
    return renew_phase_round(phase, phase_heads(phase)) is not None


def close_initiative(initiative: Initiative) -> bool:
    """Ask a person to finish an initiative whose phases are all completed."""
    phases = PhaseRepository().find_by_initiative_id(initiative.pk)
    if not phases or any(phase.status != PhaseStatus.COMPLETED for phase in phases):
        return False
    open_initiative_round(initiative, initiative_heads(initiative))
    return True


def reopen_initiative(initiative: Initiative) -> bool:
    """An initiative that waited for its end is active again when it got another phase."""
    phases = PhaseRepository().find_by_initiative_id(initiative.pk)
    if initiative.finish_action or all(phase.status == PhaseStatus.COMPLETED for phase in phases):
        return False
    InitiativeRepository().move(
        initiative.pk,
        to=InitiativeStatus.ACTIVE,
        source=InitiativeStatus.PENDING_REVIEW,
        reason="A phase was added after all others were completed.",
    )
    return True


def finish(initiative: Initiative) -> bool:
    """Carry out what the person decided in every project; what stands in the way is written down and asked again."""
    initiatives = InitiativeRepository()
    try:
        done = [deliver_branch(initiative, branch) for branch in list_branches(BranchOwner.INITIATIVE, initiative.pk)]
    except DomainError as error:
        with transaction.atomic():
            initiatives.lock(initiative.pk)
            if initiatives.get(initiative.pk).status == InitiativeStatus.PENDING_REVIEW:
                initiatives.update(initiative.pk, finish_action=None)
                initiatives.explain(initiative.pk, f"It could not be finished. {error.message}")
        return False
    sentences = [delivery.sentence for delivery in done]
    initiatives.move(
        initiative.pk,
        to=InitiativeStatus.COMPLETED,
        source=InitiativeStatus.PENDING_REVIEW,
        since=initiative.status_since,
        reason=" ".join(sentences) or "There was nothing to merge: the initiative has no project.",
        evidence={
            "action": str(initiative.finish_action or FinishAction.MERGE),
            "by": initiative.finish_by,
            "commits": {delivery.project_id: delivery.commit for delivery in done},
            "sentences": sentences,
        },
    )
    return True


def summary_of(agent: Agent) -> str:
    """The summary in an agent's result, "" where it has none."""
    try:
        result = json.loads(agent.result or "null")
    except ValueError:
        return ""
    return str(result.get("summary") or "") if isinstance(result, dict) else ""


def _merge_phase(phase: Phase, heads: dict[str, str], *, reviewer: str) -> bool:
    message = phase_message(phase, tasks=TaskRepository().find_by_phase_id(phase.pk), reviewer=reviewer)
    targets = list_branches(BranchOwner.INITIATIVE, phase.initiative_id)
    sources = list_branches(BranchOwner.PHASE, phase.pk)
    conflicts = _merge_all(sources, targets, message=message, heads=heads)
    if conflicts:
        return resolve_phase_conflict(phase, conflicts)
    by = f"Approved by {reviewer}" if reviewer else "Every task is completed"
    with transaction.atomic():
        InitiativeRepository().lock(phase.initiative_id)
        if any(task.status != TaskStatus.COMPLETED for task in TaskRepository().find_by_phase_id(phase.pk)):
            raise LostRace("A task was added to this phase just now.")
        PhaseRepository().move(
            phase.pk,
            to=PhaseStatus.COMPLETED,
            source=phase.status,
            since=phase.status_since,
            reason=f"{by} and merged into {phase.initiative.branch or 'the initiative'}.",
            evidence={"heads": heads, "reviewer": reviewer},
        )
    return True


def _merge_all(
    sources: list[Branch], targets: list[Branch], *, message: str, heads: dict[str, str] | None = None
) -> list[Conflict]:
    """Merge each source into the target of the same project; what conflicts is returned, the others are merged.

    With `heads` exactly those commits are merged, wherever the branches are by now.
    """
    by_project = {branch.project_id: branch for branch in targets}
    conflicts = []
    for source in sources:
        target = by_project.get(source.project_id)
        commit = branch_tip(source) if heads is None else heads.get(source.project_id)
        if target is None or commit is None:
            raise NotAllowed(f"The branch {source.name} cannot be merged: it or the branch above it is gone.")
        conflict = merge_branch(source, target, source=commit, message=message)
        if conflict is not None:
            conflicts.append(conflict)
    return conflicts


def _same_diffs(branches: list[Branch], heads: Heads) -> bool:
    """Whether each approved pair of commits still gives the very diff that was approved."""
    return all(
        diff_hash(clone_of(branch.project), seen["base"], seen["head"]) == seen["diff"]
        for branch in branches
        if (seen := heads.get(branch.project_id))
    )


def _responses(agent: Agent, task: Task) -> list[CommentResponse]:
    if task.category != TaskCategory.REVIEW or not agent.worktree_id:
        return []
    folder = Path(agent.worktree_id)
    if not folder.is_dir():
        return []
    try:
        return read_comment_responses(folder)
    except DomainError as error:
        logger.warning("the answers of %s cannot be read: %s", agent.name, error.message)
        return []


def _store_responses(task: Task, agent: Agent, responses: list[CommentResponse]) -> None:
    """The agent's answers as replies. Called in the transaction that completes the task, hence exactly once."""
    comments = ReviewCommentRepository()
    for response in responses:
        thread = comments.find_by_id(response.comment_id)
        if thread is None or thread.phase_id != task.phase_id:
            continue
        comments.create(
            phase_id=thread.phase_id,
            project_id=thread.project_id,
            file_path=thread.file_path,
            line_number=thread.line_number,
            line_type=thread.line_type,
            line_text=thread.line_text,
            round_number=thread.round_number,
            head_sha=thread.head_sha,
            body=response.body,
            author=agent.name,
            author_agent_id=agent.pk,
            parent_comment_id=thread.pk,
            fixed_in=response.commit,
        )
