"""The page on which a person ends an initiative."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cw_site.foundation.access import name_of, person_of
from cw_site.foundation.errors import DomainError, Invalid, NotFound
from initiatives.models import Initiative
from initiatives.repositories import InitiativeRepository, PhaseRepository
from initiatives.states import FinishAction, PhaseStatus
from reviews.actions.finish import finish_initiative, request_initiative_changes
from reviews.diffs.limits import MAX_FILES
from reviews.file_views import FileEntry, FileView, Show, view_file
from reviews.forms import FinishForm, NoteForm
from reviews.mergeability import Mergeability, check_mergeability
from reviews.policies import check_can_finish
from reviews.review_page import ReviewPage, read_initiative_review, with_counts
from reviews.views.parts import files_by_project, history_of, page_number, read_heads

INLINE_FILES = 1


@require_http_methods(["GET", "HEAD", "POST"])
def initiative_finish(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """What the initiative changed in all, and the buttons that merge or push exactly that."""
    initiative = InitiativeRepository().get(initiative_id)
    if request.method == "POST":
        return _finish(request, initiative)
    page = read_initiative_review(initiative)
    chosen, number = request.GET.get("file", ""), page_number(request)
    entries = page.entries
    if chosen:
        number = next((at for at, entry in enumerate(entries) if entry.anchor == chosen), 0) // MAX_FILES + 1
    start = (number - 1) * MAX_FILES
    shown = entries[start : start + MAX_FILES]
    mergeability = check_mergeability(page) if not page.problem else []
    context = {
        "initiative": initiative,
        "page": page,
        "sections": [_section(request, initiative, page, entry, chosen, shown) for entry in shown],
        "file_list": files_by_project(page, shown),
        "counts_url": f"{reverse('initiative-finish-counts', args=[initiative_id])}?page={number}",
        "number": number,
        "previous_page": number - 1,
        "next_page": number + 1 if start + MAX_FILES < len(entries) else 0,
        "total_files": len(entries),
        "commits": [(group, group.commits) for group in page.groups],
        "history": history_of(page),
        "mergeability": mergeability,
        "actions": _actions(mergeability),
        "refusal": _refusal(initiative),
        "suggestion": _suggest(mergeability),
    }
    return render(request, "reviews/finish.html", context)


@require_GET
def finish_file(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """One file of the page."""
    initiative = InitiativeRepository().get(initiative_id)
    page = read_initiative_review(initiative)
    anchor = request.GET.get("file", "")
    found = page.find(anchor)
    if found is None:
        raise NotFound(page.problem or "This file is not in the diff any more. Load the page again.")
    return render(request, "reviews/_file.html", _section(request, initiative, page, found[1], anchor, []))


@require_GET
def finish_counts(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The file list again, with lines counted."""
    page = read_initiative_review(InitiativeRepository().get(initiative_id))
    entries = [entry for group in page.groups for entry in with_counts(group).entries]
    start = (page_number(request) - 1) * MAX_FILES
    shown = files_by_project(page, entries[start : start + MAX_FILES])
    return render(request, "reviews/_file_list.html", {"file_list": shown, "counted": True})


@require_POST
def finish_changes(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """Send the initiative back."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else str(request.POST.get("note", ""))
    task = request_initiative_changes(initiative_id, note=note, person=person_of(request), person_name=name_of(request))
    messages.success(request, f"Sent back. An agent takes up “{task.name}”.")
    return redirect("initiative", initiative_id)


def _finish(request: HttpRequest, initiative: Initiative) -> HttpResponse:
    form = FinishForm(request.POST)
    if not form.is_valid():
        raise Invalid("Choose how to finish.", {"action": ["Choose one of the buttons."]})
    finish_initiative(
        initiative.pk,
        action=form.cleaned_data["action"],
        heads=read_heads(request.POST),
        person=person_of(request),
        person_name=name_of(request),
    )
    messages.success(request, "It is under way; this takes seconds.")
    return redirect("initiative-finish", initiative.pk)


def _section(
    request: HttpRequest,
    initiative: Initiative,
    page: ReviewPage,
    entry: FileEntry,
    chosen: str,
    shown: list[FileEntry],
) -> dict[str, Any]:
    inline = entry.anchor == chosen or (not chosen and entry in shown[:INLINE_FILES])
    found = page.find(entry.anchor) if inline else None
    view: FileView | None = None
    first = request.GET.get("first", "")
    if found is not None:
        wanted = entry.anchor == chosen
        show = Show(
            full=wanted and request.GET.get("full") == "1",
            first=int(first) if wanted and first.isascii() and first.isdecimal() and len(first) < 10 else 0,
        )
        view = view_file(*found, show)
    return {
        "entry": entry,
        "view": view,
        "project": page.project_name(entry),
        "can_comment": False,
        "lost": [],
        "file_url": f"{reverse('initiative-finish-file', args=[initiative.pk])}?",
        "page_url": f"{reverse('initiative-finish', args=[initiative.pk])}?",
        "continued": bool(first) and not shown,
    }


def _refusal(initiative: Initiative) -> str:
    phases = PhaseRepository().find_by_initiative_id(initiative.pk)
    try:
        check_can_finish(initiative, open_phases=[row for row in phases if row.status != PhaseStatus.COMPLETED])
    except DomainError as error:
        return error.message
    return ""


def _actions(mergeability: list[Mergeability]) -> list[tuple[str, str, str]]:
    """(value, label, hint) of each way to finish; a merge that conflicts is not offered."""
    rows = [(FinishAction.PUSH_BRANCH, "Push the branch", "for a pull request; the default branch stays as it is")]
    if all(item.mergeable for item in mergeability):
        remote = [item.project.name for item in mergeability if not item.local]
        hint = f"{', '.join(remote)}: merged here only, pushed later" if remote else "into the default branch"
        rows.append((FinishAction.MERGE, "Merge", hint))
        rows.append((FinishAction.MERGE_AND_PUSH, "Merge and push", "into the default branch, here and at its origin"))
    return [(str(value), label, hint) for value, label, hint in rows]


def _suggest(mergeability: list[Mergeability]) -> str:
    """The note that has an agent resolve the conflicts."""
    parts = [
        f"In {item.project.name}, run `git merge --no-ff {item.target}` (the head of `{item.project.default_branch}`) "
        f"and resolve the conflicts in {', '.join(item.conflicts)}. Keep both intentions and commit the merge."
        for item in mergeability
        if item.conflicts
    ]
    return "\n\n".join(parts)
