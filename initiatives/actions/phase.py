"""Phases: planning them, approving them and queueing them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotFound
from cw_site.foundation.reconcile import request_reconcile
from initiatives.actions.checks import checked_name, invalid
from initiatives.actions.initiative import ask_for_first_sync
from initiatives.models import Phase
from initiatives.policies import (
    check_can_approve,
    check_can_change_dependencies,
    check_can_change_plan,
    check_can_delete_phase,
    check_can_edit_phase,
    check_can_queue,
    check_can_withdraw,
)
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from initiatives.richtext import Content, stored
from initiatives.states import BranchOwner, InitiativeStatus, PhaseStatus


def create_phase(initiative_id: str, *, name: str, content: Content = None, depends_on: Sequence[str] = ()) -> Phase:
    """A new pending phase; `content` is Tiptap JSON or Markdown. An initiative that waited for review goes on."""
    initiative = InitiativeRepository().get(initiative_id)
    check_can_change_plan(initiative)
    fields = {"name": checked_name(name), "content": stored(content, field="content")}
    with transaction.atomic():
        phase = PhaseRepository().create(initiative_id=initiative_id, **fields)
        for other_id in dict.fromkeys(depends_on):
            _add_dependency(phase, other_id)
        if initiative.status == InitiativeStatus.PENDING_REVIEW:
            InitiativeRepository().move(
                initiative_id, to=InitiativeStatus.ACTIVE, reason=f"The phase “{phase.name}” was added."
            )
    return PhaseRepository().get(phase.id)


def edit_phase(
    phase_id: str, *, name: str | None = None, content: Content = None, depends_on: Sequence[str] | None = None
) -> Phase:
    """Change what is given; `depends_on` replaces all dependencies."""
    phase = PhaseRepository().get(phase_id)
    check_can_edit_phase(phase)
    fields: dict[str, Any] = {}
    if name is not None:
        fields["name"] = checked_name(name)
    if content is not None:
        fields["content"] = stored(content, field="content")
    with transaction.atomic():
        if depends_on is not None:
            _replace_dependencies(phase, list(dict.fromkeys(depends_on)))
        if fields:
            PhaseRepository().update(phase_id, **fields)
    return PhaseRepository().get(phase_id)


def delete_phase(phase_id: str) -> None:
    """Delete a phase that has not started, with its tasks."""
    phase = PhaseRepository().get(phase_id)
    check_can_delete_phase(phase, TaskRepository().find_by_phase_id(phase_id))
    with transaction.atomic():
        PhaseRepository().delete(phase_id)
        request_reconcile()


def approve_phase(phase_id: str) -> Phase:
    """Say yes to the plan of a pending phase; a blocked phase goes on from where it was."""
    phase = PhaseRepository().get(phase_id)
    check_can_approve(phase)
    target, reason = PhaseStatus.APPROVED, "Approved by a person."
    if phase.status == PhaseStatus.BLOCKED:
        started = bool(BranchRepository().list_for_owner(BranchOwner.PHASE, phase_id))
        target, reason = (PhaseStatus.IN_PROGRESS, "") if started else (target, "Unblocked by a person.")
    with transaction.atomic():
        phase = PhaseRepository().move(phase_id, to=target, source=phase.status, reason=reason)
        request_reconcile()
    return phase


def withdraw_approval(phase_id: str) -> Phase:
    """Take the approval back, and with it the place in the queue."""
    check_can_withdraw(PhaseRepository().get(phase_id))
    return PhaseRepository().move(phase_id, to=PhaseStatus.PENDING, source=PhaseStatus.APPROVED, queued_at=None)


def queue_phase(phase_id: str) -> Phase:
    """Ask that an approved phase starts as soon as its dependencies are completed."""
    phase = PhaseRepository().get(phase_id)
    check_can_queue(phase)
    with transaction.atomic():
        phase = PhaseRepository().update(phase_id, queued_at=now())
        ask_for_first_sync(phase.initiative)
        request_reconcile()
    return phase


def add_dependency(phase_id: str, *, depends_on_phase_id: str) -> Phase:
    """The phase starts after the other one is completed."""
    phase = PhaseRepository().get(phase_id)
    check_can_change_dependencies(phase)
    with transaction.atomic():
        _add_dependency(phase, depends_on_phase_id)
    return PhaseRepository().get(phase_id)


def remove_dependency(phase_id: str, *, depends_on_phase_id: str) -> Phase:
    """The phase no longer waits for the other one."""
    phase = PhaseRepository().get(phase_id)
    check_can_change_dependencies(phase)
    with transaction.atomic():
        PhaseRepository().remove_dependency(phase_id, depends_on_phase_id)
        request_reconcile()
    return PhaseRepository().get(phase_id)


def _add_dependency(phase: Phase, other_id: str) -> None:
    other = PhaseRepository().find_by_id(other_id)
    if other is None or other.initiative_id != phase.initiative_id:
        raise invalid("depends_on", f"There is no phase “{other_id[:40]}” in this initiative.")
    PhaseRepository().create_dependency(phase.id, other_id)


def _replace_dependencies(phase: Phase, wanted: list[str]) -> None:
    present = [other.id for other in PhaseRepository().get_dependencies(phase.id)]
    if set(present) == set(wanted):
        return
    check_can_change_dependencies(phase)
    for other_id in present:
        if other_id not in wanted:
            PhaseRepository().remove_dependency(phase.id, other_id)
    for other_id in wanted:
        if other_id not in present:
            _add_dependency(phase, other_id)
    request_reconcile()


def phase_in(initiative_id: str, phase_id: str) -> Phase:
    """The phase, if it belongs to the initiative; raises NotFound."""
    phase = PhaseRepository().get(phase_id)
    if phase.initiative_id != initiative_id:
        raise NotFound("There is no such phase in this initiative.")
    return phase
