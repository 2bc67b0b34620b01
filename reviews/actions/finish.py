"""The end of an initiative: what a person decides, bound to the exact commits. `deliver.py` carries it out."""

from collections.abc import Mapping

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from cw_site.foundation.errors import Invalid, NotAllowed
from cw_site.foundation.reconcile import request_reconcile
from initiatives.models import Initiative, Phase, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import BranchOwner, FinishAction, InitiativeStatus, PhaseStatus, TaskCategory, TaskPriority
from reviews.heads import Heads, describe_moves, initiative_heads, list_branches, shas_of
from reviews.models import ReviewRound
from reviews.policies import check_can_finish
from reviews.repositories import ReviewRoundRepository
from reviews.states import Decision, ReviewOwner

FINALIZATION = "Finalization"


def finish_initiative(
    initiative_id: str,
    *,
    action: FinishAction | str,
    heads: Mapping[str, str],
    person_name: str,
    person: AbstractBaseUser | None = None,
) -> Initiative:
    """Decide how the initiative ends, at exactly these commits ({project id: head}); the rest follows by itself.

    Raises NotAllowed, naming what moved, where any branch is elsewhere than the person saw.
    """
    if action not in FinishAction.values:
        raise Invalid("Choose how to finish.", {"action": [f"One of {', '.join(FinishAction.values)}."]})
    initiatives = InitiativeRepository()
    initiative = initiatives.get(initiative_id)
    check_can_finish(initiative, open_phases=_open_phases(initiative_id))
    actual = initiative_heads(initiative)
    names = {branch.project_id: branch.project.name for branch in list_branches(BranchOwner.INITIATIVE, initiative_id)}
    moves = describe_moves(heads, shas_of(actual), names=names)
    if moves:
        raise NotAllowed(f"The branch has moved since you looked. Nothing was merged or pushed. {' '.join(moves)}")
    with transaction.atomic():
        initiatives.lock(initiative_id)
        check_can_finish(initiatives.get(initiative_id), open_phases=_open_phases(initiative_id))
        ReviewRoundRepository().add_decision(
            _round_for(initiative_id, actual).pk,
            decision=Decision.APPROVED,
            heads=actual,
            person=person,
            person_name=person_name,
            note=FinishAction(action).label,
        )
        initiative = initiatives.update(initiative_id, finish_action=action, finish_heads=actual, finish_by=person_name)
        chosen = FinishAction(action).label.lower()
        initiatives.explain(initiative_id, f"{person_name} chose: {chosen}. It is under way.")
        request_reconcile()
    return initiative


def request_initiative_changes(
    initiative_id: str, *, note: str, person_name: str, person: AbstractBaseUser | None = None
) -> Task:
    """Send the whole initiative back: the note becomes a task of the phase “Finalization”, which starts by itself."""
    initiatives, phases = InitiativeRepository(), PhaseRepository()
    initiative = initiatives.get(initiative_id)
    check_can_finish(initiative, open_phases=_open_phases(initiative_id))
    if not note.strip():
        raise Invalid("Say what should change.", {"note": ["Write what should change."]})
    heads = initiative_heads(initiative)
    with transaction.atomic():
        initiatives.lock(initiative_id)
        initiatives.move(
            initiative_id,
            to=InitiativeStatus.ACTIVE,
            source=InitiativeStatus.PENDING_REVIEW,
            reason=f"{person_name} asked for changes.",
        )
        review_round = _round_for(initiative_id, heads)
        ReviewRoundRepository().add_decision(
            review_round.pk,
            decision=Decision.CHANGES_REQUESTED,
            heads=heads,
            person=person,
            person_name=person_name,
            note=note.strip(),
        )
        phase = phases.create(initiative_id=initiative_id, name=f"{FINALIZATION} {review_round.number}")
        for earlier in phases.find_by_initiative_id(initiative_id):
            if earlier.pk != phase.pk:
                phases.create_dependency(phase.pk, earlier.pk)
        phases.move(
            phase.pk, to=PhaseStatus.APPROVED, reason=f"{person_name} asked for it.", queued_at=phase.created_at
        )
        task = TaskRepository().create(
            phase_id=phase.pk,
            name="Make the requested changes",
            description=f"A person read the whole initiative and asks for changes.\n\n{note.strip()}\n",
            category=TaskCategory.REVIEW,
            priority=TaskPriority.HIGH,
        )
        request_reconcile()
    return task


def _open_phases(initiative_id: str) -> list[Phase]:
    phases = PhaseRepository().find_by_initiative_id(initiative_id)
    return [phase for phase in phases if phase.status != PhaseStatus.COMPLETED]


def _round_for(initiative_id: str, heads: Heads) -> ReviewRound:
    """The latest round where it shows these commits, else a new one: a default branch may have moved."""
    rounds = ReviewRoundRepository()
    latest = rounds.latest_round(ReviewOwner.INITIATIVE, initiative_id)
    if latest is not None and latest.heads == heads:
        return latest
    return rounds.open_round(ReviewOwner.INITIATIVE, initiative_id, heads)
