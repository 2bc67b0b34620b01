"""Pieces that several review views render: threads, files, the decision bar."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse

from cw_site.foundation.access import name_of
from cw_site.foundation.errors import NotAllowed
from initiatives.models import Phase, Project
from reviews.diffs.anchor import parse_target
from reviews.file_diffs import Reviewed
from reviews.file_views import FileEntry, FileView, Show, view_file
from reviews.policies import check_can_comment
from reviews.review_page import ReviewPage
from reviews.threads import Place, Thread

HEAD_PREFIX = "head_"


def may_comment(phase: Phase) -> bool:
    """Whether comments are open."""
    try:
        check_can_comment(phase)
    except NotAllowed:
        return False
    return True


def render_thread(request: HttpRequest, thread: Thread, *, phase: Phase, lost: bool = False) -> str:
    """A thread with its forms. `lost`: its line is not shown beside it, so it quotes it."""
    context = {
        "thread": thread,
        "phase": phase,
        "lost": lost,
        "person_name": name_of(request),
        "can_comment": may_comment(phase),
    }
    return render_to_string("reviews/_thread.html", context, request)


def view_phase_file(
    request: HttpRequest, phase: Phase, reviewed: Reviewed, entry: FileEntry, *, can_comment: bool
) -> FileView:
    """One file as the address asks for it: `full`, `first`, and a comment form at `comment` (as `added-13`)."""
    forms: dict[Place, str] = {}
    target = parse_target(request.GET.get("comment", "")) if can_comment else None
    if target is not None and request.GET.get("file") == entry.anchor:
        forms[target] = render_comment_form(request, phase, anchor=entry.anchor, place=target, inline=True)
    show = Show(
        comment_url=f"?file={entry.anchor}&comment=" if can_comment else None,
        full=request.GET.get("full") == "1" and request.GET.get("file", entry.anchor) == entry.anchor,
        first=_first_row(request.GET) if request.GET.get("file") == entry.anchor else 0,
        render_thread=lambda thread: render_thread(request, thread, phase=phase),
        forms=forms,
    )
    return view_file(reviewed, entry, show)


def render_comment_form(
    request: HttpRequest,
    phase: Phase,
    *,
    anchor: str,
    place: Place,
    inline: bool = False,
    body: str = "",
    errors: Mapping[str, Any] | None = None,
) -> str:
    """The form for a new comment. `inline`: it came with the page, so it is sent as a plain form."""
    number, kind = place
    context = {
        "phase": phase,
        "anchor": anchor,
        "number": number,
        "kind": kind,
        "inline": inline,
        "body": body,
        "errors": errors or {},
        "draft_key": f"comment:{phase.pk}:{anchor}:{kind}-{number}",
        "cancel_url": f"{reverse('phase-review', args=[phase.pk])}?file={anchor}#{anchor}",
    }
    return render_to_string("reviews/_comment_form.html", context, request)


def read_heads(data: QueryDict) -> dict[str, str]:
    """The commits a page showed, from its fields `head_<project id>`."""
    return {
        name.removeprefix(HEAD_PREFIX): value
        for name in data
        if name.startswith(HEAD_PREFIX) and isinstance(value := data.get(name), str)
    }


def files_by_project(page: ReviewPage, entries: list[FileEntry]) -> list[tuple[Project, list[FileEntry]]]:
    """The files by project, in the order of the page."""
    lists = [
        (group.reviewed.branch.project, [entry for entry in entries if entry.project_id == group.reviewed.project_id])
        for group in page.groups
    ]
    return [(project, listed) for project, listed in lists if listed]


def history_of(page: ReviewPage) -> list[tuple[str, Any]]:
    """Rounds and decisions in the order in which they were."""
    rows: list[tuple[str, Any]] = [("round", row) for row in page.rounds]
    rows += [("decision", row) for row in page.decisions]
    return sorted(rows, key=lambda row: row[1].created_at)


def page_number(request: HttpRequest) -> int:
    """The page of files that the address asks for, from 1."""
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 and int(text) else 1


def since_of(request: HttpRequest) -> int:
    """The round after which changes are wanted; 0: all of them."""
    text = request.GET.get("since", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _first_row(query: QueryDict) -> int:
    text = query.get("first", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
