"""Phases: their forms, and the buttons on the initiative's page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from initiatives import policies
from initiatives.actions.phase import (
    approve_phase,
    create_phase,
    delete_phase,
    edit_phase,
    queue_phase,
    remove_dependency,
    withdraw_approval,
)
from initiatives.forms import PhaseForm
from initiatives.models import Phase
from initiatives.policies import why_not
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.richtext import markdown_of
from initiatives.states import PhaseStatus
from initiatives.views.initiative import render_plan
from initiatives.views.shared import go_to, is_htmx, status_of, submit


@require_safe
def phase(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Where a phase is looked at: its review where there is something to review, else its place in the plan."""
    row = PhaseRepository().get(phase_id)
    if row.status in {PhaseStatus.PENDING_REVIEW, PhaseStatus.COMPLETED}:
        try:
            return HttpResponseRedirect(reverse("phase-review", args=[phase_id]))
        except NoReverseMatch:
            pass
    return HttpResponseRedirect(f"{reverse('initiative', args=[row.initiative_id])}#phase-{phase_id}")


@require_http_methods(["GET", "HEAD", "POST"])
def phase_create(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The form for a new phase."""
    initiative = InitiativeRepository().get(initiative_id)
    others = PhaseRepository().find_by_initiative_id(initiative_id)
    initial = {"depends_on": [others[-1].id] if others else []}
    form = PhaseForm(request.POST or None, others=others, initial=initial, draft_key=f"phase-new:{initiative_id}")
    if request.method == "POST":
        row = submit(form, create_phase, initiative_id)
        if row is not None:
            return _to_plan(request, row, say=f"“{row.name}” is added. Give it tasks, then approve it.")
    refusal = why_not(lambda: policies.check_can_change_plan(initiative))
    context = {"form": form, "initiative": initiative, "refusal": refusal}
    return render(request, "initiatives/phase_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
def phase_edit(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The form that changes a phase and what it waits for."""
    row = PhaseRepository().get(phase_id)
    others = [other for other in PhaseRepository().find_by_initiative_id(row.initiative_id) if other.id != row.id]
    fixed = why_not(lambda: policies.check_can_change_dependencies(row))
    initial = {
        "name": row.name,
        "content": markdown_of(row.content),
        "depends_on": [other.id for other in PhaseRepository().get_dependencies(phase_id)],
    }
    form = PhaseForm(request.POST or None, others=others, fixed=fixed, initial=initial, draft_key=f"phase:{phase_id}")
    if request.method == "POST" and submit(form, edit_phase, phase_id) is not None:
        return _to_plan(request, row, say="Saved.")
    refusal = why_not(lambda: policies.check_can_edit_phase(row))
    context = {"form": form, "initiative": row.initiative, "phase": row, "fixed": fixed, "refusal": refusal}
    return render(request, "initiatives/phase_form.html", context, status=status_of(form))


@require_POST
def phase_approve(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Approve, or unblock."""
    return _act(request, approve_phase, phase_id, "“{name}” is approved.")


@require_POST
def phase_withdraw(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Take the approval back."""
    return _act(request, withdraw_approval, phase_id, "The approval of “{name}” is withdrawn.")


@require_POST
def phase_queue(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Let it start when its turn comes."""
    return _act(request, queue_phase, phase_id, "“{name}” is queued.")


@require_POST
def phase_dependency_remove(request: HttpRequest, phase_id: str, depends_on_id: str) -> HttpResponse:
    """It waits for that phase no longer."""

    def remove(row_id: str) -> Phase:
        return remove_dependency(row_id, depends_on_phase_id=depends_on_id)

    return _act(request, remove, phase_id, "“{name}” no longer waits for it.")


@require_POST
def phase_delete(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Delete a phase that has not started."""
    row = PhaseRepository().get(phase_id)
    delete_phase(phase_id)
    return go_to(request, "initiative", row.initiative_id, say=f"“{row.name}” is deleted.")


def _act(request: HttpRequest, action: Callable[[str], Phase], phase_id: str, say: str) -> HttpResponse:
    row = action(phase_id)
    if is_htmx(request):
        return render_plan(request, row.initiative_id)
    return _to_plan(request, row, say=say.format(name=row.name))


def _to_plan(request: HttpRequest, row: Phase, *, say: str) -> HttpResponse:
    return go_to(request, "initiative", row.initiative_id, fragment=f"phase-{row.id}", say=say)
