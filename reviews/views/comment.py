"""Threads on the lines of a diff. Each view answers htmx with the thread, and a plain form with the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cw_site.foundation.access import name_of
from cw_site.foundation.errors import Invalid, NotFound
from initiatives.repositories import PhaseRepository
from reviews.actions.comment import (
    add_comment,
    delete_comment,
    edit_comment,
    reply,
    resolve_thread,
    unresolve_thread,
)
from reviews.file_diffs import as_line_type
from reviews.file_views import anchor_of
from reviews.forms import CommentForm, NewCommentForm
from reviews.models import ReviewComment
from reviews.policies import check_can_comment, check_can_edit_comment
from reviews.repositories import ReviewCommentRepository
from reviews.review_page import read_phase_review
from reviews.threads import Thread
from reviews.views.parts import render_comment_form, render_thread


@require_GET
def comment_form(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The form under a line: `file`, `line` and `type` say where."""
    phase = PhaseRepository().get(phase_id)
    check_can_comment(phase)
    place = NewCommentForm({**request.GET.dict(), "body": "-"})
    if not place.is_valid():
        raise Invalid("This line cannot be commented. Load the page again.")
    where = (place.cleaned_data["line"], as_line_type(place.cleaned_data["type"]))
    return HttpResponse(render_comment_form(request, phase, anchor=place.cleaned_data["file"], place=where))


@require_POST
def comment_create(request: HttpRequest, phase_id: str) -> HttpResponse:
    """A new thread; a form with errors comes back with what was typed."""
    phase = PhaseRepository().get(phase_id)
    form = NewCommentForm(request.POST)
    inline = request.POST.get("inline") == "1"
    if not form.is_valid():
        if set(form.errors) - {"body"}:
            raise Invalid("This line cannot be commented. Load the page again.")
        sentences = [str(item["message"]) for item in form.errors.get_json_data()["body"]]
        return _form_again(request, phase_id, {"body": sentences}, inline=inline)
    data = form.cleaned_data
    found = read_phase_review(phase).find(data["file"])
    if found is None:
        raise NotFound("This file is not in the diff any more. Load the page again.")
    try:
        comment = add_comment(
            phase_id,
            project_id=found[1].project_id,
            file_path=found[1].change.path,
            line_number=data["line"],
            line_type=data["type"],
            body=data["body"],
            author=name_of(request),
        )
    except Invalid as error:
        sentences = error.fields.get("body") or [error.message]
        return _form_again(request, phase_id, {"body": sentences}, inline=inline)
    if request.headers.get("HX-Request") == "true":
        html = render_thread(request, Thread(comment), phase=phase)
        row = render_to_string("reviews/_thread_row.html", {"html": html})
        return _part(row, status=201)
    return _back(comment)


@require_POST
def comment_reply(request: HttpRequest, comment_id: str) -> HttpResponse:
    """An answer in a thread."""
    form = CommentForm(request.POST)
    body = form.cleaned_data["body"] if form.is_valid() else ""
    return _thread(request, reply(comment_id, body=body, author=name_of(request)))


@require_POST
def comment_resolve(request: HttpRequest, comment_id: str) -> HttpResponse:
    """Close a thread."""
    return _thread(request, resolve_thread(comment_id))


@require_POST
def comment_unresolve(request: HttpRequest, comment_id: str) -> HttpResponse:
    """Open a thread again."""
    return _thread(request, unresolve_thread(comment_id))


@require_http_methods(["GET", "POST"])
def comment_edit(request: HttpRequest, comment_id: str) -> HttpResponse:
    """Change what one wrote."""
    comment = ReviewCommentRepository().get(comment_id)
    check_can_edit_comment(comment, author=name_of(request))
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"body": comment.body})
    if request.method == "POST" and form.is_valid():
        return _thread(request, edit_comment(comment_id, body=form.cleaned_data["body"], author=name_of(request)))
    status = 422 if form.errors else 200
    template = "reviews/_comment_edit.html" if _is_htmx(request) else "reviews/comment_edit.html"
    return render(request, template, {"comment": comment, "form": form, "back": _page_of(comment)}, status=status)


@require_POST
def comment_delete(request: HttpRequest, comment_id: str) -> HttpResponse:
    """Delete what one wrote."""
    comment = ReviewCommentRepository().get(comment_id)
    delete_comment(comment_id, author=name_of(request))
    if comment.parent_comment_id is None:
        return _part("") if _is_htmx(request) else redirect(_page_of(comment))
    return _thread(request, ReviewCommentRepository().get(comment.parent_comment_id))


def _thread(request: HttpRequest, comment: ReviewComment) -> HttpResponse:
    """The thread that the comment is in, as it is now."""
    if not _is_htmx(request):
        return _back(comment)
    comments = ReviewCommentRepository()
    root = comments.get(comment.parent_comment_id) if comment.parent_comment_id else comments.get(comment.pk)
    phase = PhaseRepository().get(root.phase_id)
    lost = request.POST.get("lost") == "1"
    return _part(render_thread(request, Thread(root, comments.find_replies(root.pk)), phase=phase, lost=lost))


def _part(html: str, *, status: int = 200) -> HttpResponse:
    """A part of the page for htmx; the decision bar counts the threads again."""
    return HttpResponse(html, status=status, headers={"HX-Trigger": "cw:comments"})


def _form_again(request: HttpRequest, phase_id: str, errors: dict[str, list[str]], *, inline: bool) -> HttpResponse:
    phase = PhaseRepository().get(phase_id)
    anchor, body = str(request.POST.get("file", "")), str(request.POST.get("body", ""))
    place = (int(str(request.POST["line"])), as_line_type(str(request.POST["type"])))
    form = render_comment_form(request, phase, anchor=anchor, place=place, inline=inline, body=body, errors=errors)
    if _is_htmx(request):
        return HttpResponse(render_to_string("reviews/_thread_row.html", {"html": form, "new": True}), status=422)
    context = {"phase": phase, "form_html": form, "back": reverse("phase-review", args=[phase_id])}
    return render(request, "reviews/comment_again.html", context, status=422)


def _page_of(comment: ReviewComment) -> str:
    anchor = anchor_of(comment.project_id or "", comment.file_path)
    root = comment.parent_comment_id or comment.pk
    return f"{reverse('phase-review', args=[comment.phase_id])}?file={anchor}#thread-{root}"


def _back(comment: ReviewComment) -> HttpResponse:
    response = redirect(_page_of(comment))
    response.status_code = 303
    return response


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
