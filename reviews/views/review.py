"""The page on which a person reads a phase and decides."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cw_site.foundation.access import name_of, person_of
from cw_site.foundation.errors import DomainError, NotFound
from initiatives.models import Phase
from initiatives.repositories import PhaseRepository, TaskRepository
from initiatives.states import BranchOwner, PhaseStatus
from reviews.actions.decision import approve_review, request_changes
from reviews.diffs.limits import MAX_FILES
from reviews.file_views import FileEntry, is_at_hand
from reviews.forms import NoteForm
from reviews.heads import describe_moves, list_branches, phase_ranges, shas_of
from reviews.policies import check_can_decide
from reviews.repositories import ReviewCommentRepository
from reviews.review_page import ReviewPage, read_phase_review, with_counts
from reviews.states import Decision
from reviews.views.parts import (
    files_by_project,
    history_of,
    may_comment,
    page_number,
    read_heads,
    render_thread,
    since_of,
    view_phase_file,
)

INLINE_FILES = 3
"""So many files are in the page itself; the others are loaded when they come into view."""
READY_FILES, READY_CHARS = 20, 400_000
"""Files that were coloured before cost little: so many are in the page too, until it has so many characters."""


@require_GET
def phase_review(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The page: what changed, file by file, with threads and the decision."""
    phase = PhaseRepository().get(phase_id)
    page = read_phase_review(phase, since=since_of(request))
    chosen = request.GET.get("file", "")
    number = page_number(request)
    entries = page.entries
    if chosen:
        at = next((index for index, entry in enumerate(entries) if entry.anchor == chosen), 0)
        number = at // MAX_FILES + 1
    start = (number - 1) * MAX_FILES
    shown = entries[start : start + MAX_FILES]
    context = {
        "phase": phase,
        "page": page,
        "sections": _sections(request, phase, page, shown, chosen),
        "file_list": files_by_project(page, shown),
        "counts_url": _counts_url(phase_id, number, page),
        "chosen": chosen,
        "number": number,
        "previous_page": number - 1,
        "next_page": number + 1 if start + MAX_FILES < len(entries) else 0,
        "total_files": len(entries),
        "lost": [render_thread(request, thread, phase=phase, lost=True) for thread in page.lost_threads],
        "commits": [(group, group.commits) for group in page.groups],
        "tasks": TaskRepository().find_by_phase_id(phase_id),
        "history": history_of(page),
        **_bar(phase, page.shas, page.open_threads, page),
    }
    return render(request, "reviews/review.html", context)


@require_GET
def review_file(request: HttpRequest, phase_id: str) -> HttpResponse:
    """One file of the page."""
    phase = PhaseRepository().get(phase_id)
    page = read_phase_review(phase, since=since_of(request))
    found = page.find(request.GET.get("file", ""))
    if found is None:
        raise NotFound(page.problem or "This file is not in the diff any more. Load the page again.")
    view = view_phase_file(request, phase, *found, can_comment=_open(phase, page))
    return render(request, "reviews/_file.html", _file_context(request, phase, found[1], view, page))


@require_GET
def review_counts(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The file list again, with lines counted."""
    page = read_phase_review(PhaseRepository().get(phase_id), since=since_of(request))
    entries = [entry for group in page.groups for entry in with_counts(group).entries]
    number = page_number(request)
    start = (number - 1) * MAX_FILES
    shown = files_by_project(page, entries[start : start + MAX_FILES])
    context = {"file_list": shown, "counted": True, "counts_url": _counts_url(phase_id, number, page)}
    return render(request, "reviews/_file_list.html", context)


@require_GET
def review_bar(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The decision bar, for the commits that the page shows: live, and never bound to others."""
    phase = PhaseRepository().get(phase_id)
    opened = ReviewCommentRepository().find_open_threads(phase_id)
    context = {"phase": phase, "live": True, **_bar(phase, read_heads(request.GET), len(opened))}
    return render(request, "reviews/_bar.html", context)


@require_POST
def approve(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Approve exactly the commits that the page showed."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    approve_review(
        phase_id, heads=read_heads(request.POST), person=person_of(request), person_name=name_of(request), note=note
    )
    messages.success(request, "Approved. It is merged within seconds.")
    return redirect("phase-review", phase_id)


@require_POST
def changes(request: HttpRequest, phase_id: str) -> HttpResponse:
    """Send the phase back."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else str(request.POST.get("note", ""))
    task = request_changes(phase_id, person=person_of(request), person_name=name_of(request), note=note)
    messages.success(request, f"Sent back. An agent takes up “{task.name}”.")
    return redirect("phase-review", phase_id)


def _sections(
    request: HttpRequest, phase: Phase, page: ReviewPage, shown: list[FileEntry], chosen: str
) -> list[dict[str, Any]]:
    """What is on the page of each file: the first ones and the chosen one whole, of the others only the name."""
    sections = []
    size = 0
    for number, entry in enumerate(shown):
        if chosen:
            inline = entry.anchor == chosen
        else:
            ready = number < READY_FILES and size < READY_CHARS
            inline = number < INLINE_FILES or (ready and is_at_hand(entry.change))
        found = page.find(entry.anchor) if inline else None
        view = view_phase_file(request, phase, *found, can_comment=_open(phase, page)) if found else None
        size += len(view.html) if view else 0
        sections.append(_file_context(request, phase, entry, view, page))
    return sections


def _open(phase: Phase, page: ReviewPage) -> bool:
    """Whether lines can be commented: only in the whole diff, whose lines a comment is filed under."""
    return may_comment(phase) and not page.since


def _counts_url(phase_id: str, number: int, page: ReviewPage) -> str:
    return f"{reverse('phase-review-counts', args=[phase_id])}?page={number}{_since(page)}"


def _since(page: ReviewPage, *, after: bool = False) -> str:
    """The part of an address that keeps to what changed since a round."""
    if not page.since:
        return ""
    return f"since={page.since}&" if after else f"&since={page.since}"


def _file_context(request: HttpRequest, phase: Phase, entry: FileEntry, view: Any, page: ReviewPage) -> dict[str, Any]:
    return {
        "phase": phase,
        "entry": entry,
        "view": view,
        "project": page.project_name(entry),
        "can_comment": _open(phase, page),
        "lost": [render_thread(request, thread, phase=phase, lost=True) for thread in view.lost] if view else [],
        "file_url": f"{reverse('phase-review-file', args=[phase.pk])}?{_since(page, after=True)}",
        "page_url": f"{reverse('phase-review', args=[phase.pk])}?{_since(page, after=True)}",
        "continued": bool(request.GET.get("first")) and view is not None,
    }


def _bar(phase: Phase, seen: dict[str, str], open_threads: int, page: ReviewPage | None = None) -> dict[str, Any]:
    """The decision and why it cannot be taken now, for the commits in `seen`."""
    refusal, moves, approved_by = "", [], ""
    try:
        check_can_decide(phase)
        names = {branch.project_id: branch.project.name for branch in list_branches(BranchOwner.PHASE, phase.pk)}
        actual = page.shas if page is not None and page.shas else shas_of(phase_ranges(phase))
        moves = describe_moves(seen, actual, names=names)
    except DomainError as error:
        refusal = error.message
    if page is not None and page.latest_round is not None and phase.status == PhaseStatus.PENDING_REVIEW:
        latest = [row for row in page.decisions if row.round_id == page.latest_round.pk]
        if latest and latest[-1].decision == Decision.APPROVED and shas_of(latest[-1].heads) == seen:
            approved_by = latest[-1].person_name
    return {
        "seen": seen,
        "open_threads": open_threads,
        "refusal": refusal,
        "moves": moves,
        "approved_by": approved_by,
        "decidable": not refusal and not moves and not approved_by,
    }
