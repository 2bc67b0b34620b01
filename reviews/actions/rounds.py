"""Rounds of review: each entry into pending_review, and each time the commits change while somebody may decide."""

from django.db import transaction

from cw_site.foundation.errors import LostRace
from initiatives.models import Initiative, Phase
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import InitiativeStatus, PhaseStatus, TaskStatus
from reviews.heads import Heads
from reviews.models import ReviewRound
from reviews.repositories import ReviewRoundRepository
from reviews.states import ReviewOwner


def open_phase_round(phase: Phase, heads: Heads) -> ReviewRound:
    """Ask a person to review the phase: the status moves and the round opens together, or neither does.

    Raises LostRace where a task came meanwhile, or the phase was reviewed and sent back since `phase` was read.
    """
    with transaction.atomic():
        InitiativeRepository().lock(phase.initiative_id)
        if any(task.status != TaskStatus.COMPLETED for task in TaskRepository().find_by_phase_id(phase.pk)):
            raise LostRace("A task was added to this phase just now.")
        PhaseRepository().move(
            phase.pk,
            to=PhaseStatus.PENDING_REVIEW,
            source=PhaseStatus.IN_PROGRESS,
            since=phase.status_since,
            reason="Every task is completed. Read the changes, then approve them or ask for others.",
            evidence={"heads": heads},
        )
        return ReviewRoundRepository().open_round(ReviewOwner.PHASE, phase.pk, heads)


def open_initiative_round(initiative: Initiative, heads: Heads) -> ReviewRound:
    """Ask a person to finish the initiative."""
    with transaction.atomic():
        InitiativeRepository().move(
            initiative.pk,
            to=InitiativeStatus.PENDING_REVIEW,
            source=InitiativeStatus.ACTIVE,
            since=initiative.status_since,
            reason="Every phase is completed. Merge the initiative or push its branch.",
            evidence={"heads": heads},
            # what was decided in an earlier round was decided for the commits of that round
            finish_action=None,
            finish_heads={},
        )
        return ReviewRoundRepository().open_round(ReviewOwner.INITIATIVE, initiative.pk, heads)


def renew_phase_round(phase: Phase, heads: Heads) -> ReviewRound | None:
    """A new round where the commits are not those of the latest one; None where another worker was faster."""
    rounds = ReviewRoundRepository()
    with transaction.atomic():
        InitiativeRepository().lock(phase.initiative_id)
        current = PhaseRepository().get(phase.pk)
        latest = rounds.latest_round(ReviewOwner.PHASE, phase.pk)
        if current.status != PhaseStatus.PENDING_REVIEW or (latest is not None and latest.heads == heads):
            return None
        opened = rounds.open_round(ReviewOwner.PHASE, phase.pk, heads)
        PhaseRepository().explain(
            phase.pk, f"Commits came after the last round: round {opened.number} shows them. Review it again."
        )
        return opened
