"""What a person decides on a phase: approve exactly these commits, or ask for changes."""

from collections.abc import Mapping

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.reconcile import request_reconcile
from initiatives.models import Phase, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import BranchOwner, PhaseStatus, TaskCategory, TaskPriority
from reviews.actions.rounds import renew_phase_round
from reviews.heads import describe_moves, list_branches, phase_heads, shas_of
from reviews.inputs import describe_review
from reviews.models import ReviewDecision, ReviewRound
from reviews.policies import check_can_decide
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from reviews.states import Decision, ReviewOwner


def approve_review(
    phase_id: str, *, heads: Mapping[str, str], person: AbstractBaseUser | None, person_name: str, note: str = ""
) -> ReviewDecision:
    """Approve the phase at exactly these commits ({project id: head}); the merge follows by itself.

    Raises NotAllowed, naming what moved, where any project's branch is elsewhere than the person saw.
    """
    phase = PhaseRepository().get(phase_id)
    check_can_decide(phase)
    actual = phase_heads(phase)
    moves = describe_moves(heads, shas_of(actual), names=_project_names(phase))
    if moves:
        raise NotAllowed(f"The branch has moved since you looked. Nothing was approved. {' '.join(moves)}")
    round_seen = _round_of(phase)
    if round_seen.heads != actual:
        round_seen = renew_phase_round(phase, actual) or _round_of(phase)
    rounds = ReviewRoundRepository()
    with transaction.atomic():
        InitiativeRepository().lock(phase.initiative_id)
        check_can_decide(PhaseRepository().get(phase_id))
        if rounds.latest_round(ReviewOwner.PHASE, phase_id) != round_seen or round_seen.heads != actual:
            raise NotAllowed("A new round was opened just now. Look at it, then decide.")
        latest = rounds.latest_decision(round_seen.pk)
        if latest is not None and latest.decision == Decision.APPROVED and latest.heads == actual:
            return latest
        decision = rounds.add_decision(
            round_seen.pk,
            decision=Decision.APPROVED,
            heads=actual,
            person=person,
            person_name=person_name,
            note=note,
        )
        PhaseRepository().explain(phase_id, f"Approved by {person_name}. It is being merged.")
        request_reconcile()
    return decision


def request_changes(phase_id: str, *, person: AbstractBaseUser | None, person_name: str, note: str = "") -> Task:
    """Send the phase back: its open threads and the note become one review task, which an agent takes up by itself.

    Raises NotAllowed where there is neither an open thread nor a note.
    """
    phase = PhaseRepository().get(phase_id)
    check_can_decide(phase)
    threads = ReviewCommentRepository().find_open_threads(phase_id)
    if not threads and not note.strip():
        raise NotAllowed("There is nothing to change: comment on a line, or write a note that says what should change.")
    review_round = _round_of(phase)
    description = describe_review(phase, heads=review_round.heads, note=note.strip(), round_number=review_round.number)
    rounds, tasks = ReviewRoundRepository(), TaskRepository()
    with transaction.atomic():
        PhaseRepository().move(
            phase_id,
            to=PhaseStatus.IN_PROGRESS,
            source=PhaseStatus.PENDING_REVIEW,
            reason=f"{person_name} asked for changes in round {review_round.number}.",
        )
        rounds.add_decision(
            review_round.pk,
            decision=Decision.CHANGES_REQUESTED,
            heads=review_round.heads,
            person=person,
            person_name=person_name,
            note=note.strip(),
        )
        present = tasks.find_by_phase_id(phase_id)
        task = tasks.create(
            phase_id=phase_id,
            name=f"Address review, round {review_round.number}",
            description=description,
            category=TaskCategory.REVIEW,
            priority=TaskPriority.HIGH,
            order=max((task.order for task in present), default=0) + 1,
            **_same_worker(present),
        )
        request_reconcile()
    return task


def _round_of(phase: Phase) -> ReviewRound:
    latest = ReviewRoundRepository().latest_round(ReviewOwner.PHASE, phase.pk)
    if latest is None:
        raise NotAllowed("This phase has no review round yet. It opens when every task is completed.")
    return latest


def _project_names(phase: Phase) -> dict[str, str]:
    return {branch.project_id: branch.project.name for branch in list_branches(BranchOwner.PHASE, phase.pk)}


def _same_worker(tasks: list[Task]) -> dict[str, str]:
    """Provider and model of the phase's tasks, where all of them name the same; else the initiative's."""
    workers = {(task.provider, task.model) for task in tasks}
    provider, model = workers.pop() if len(workers) == 1 else ("", "")
    return {"provider": provider, "model": model}
