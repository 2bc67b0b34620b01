"""Every component in every state on one page, for whoever changes the look. Served only with CW_DEBUG."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cw_site.foundation.clock import now

STATUSES = {
    "Initiative": ["active", "pending_review", "completed", "archived"],
    "Phase": ["pending", "approved", "in_progress", "pending_review", "completed", "blocked"],
    "Task": ["pending", "in_progress", "completed", "blocked"],
    "Agent": ["idle", "running", "waiting_for_input", "stopped", "crashed"],
}


class SampleForm(forms.Form):
    """One field of each kind that the product uses."""

    name = forms.CharField(help_text="A short name; the branch is made from it.")
    branch = forms.CharField(required=False, initial="cw/better-errors")
    mode = forms.ChoiceField(choices=[("review", "Review each phase"), ("yolo", "Merge without review (yolo)")])
    projects = forms.MultipleChoiceField(
        choices=[("a", "parser"), ("b", "website")], widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "data-draft-key": "styleguide"}))
    push = forms.BooleanField(label="Push when finished", required=False, help_text="Never forced.")


def _invalid_form() -> SampleForm:
    form = SampleForm({"name": "", "branch": "cw//x", "mode": "review"}, prefix="bad")
    form.add_error("branch", "Git does not allow two slashes in a row. Use one.")
    form.add_error(None, "The initiative was changed by somebody else. Look at it again, then save.")
    return form


def _agents() -> list[Any]:
    names = ["brisk-otter", "calm-heron", "dusty-lynx", "eager-wren", "amber-mole"]
    return [
        SimpleNamespace(name=name, status=status, get_status_display=status.replace("_", " ").capitalize())
        for name, status in zip(names, STATUSES["Agent"], strict=True)
    ]


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """The style guide; ?messages=1 shows one toast of each kind."""
    if request.GET.get("messages"):
        messages.success(request, "Phase approved. It starts when Tokenizer is completed.")
        messages.warning(request, "The default branch moved while you were reading.")
        messages.error(request, "The project could not be synced: its folder is gone.")
    moment = now()
    context = {
        "statuses": STATUSES,
        "form": SampleForm(prefix="good"),
        "invalid_form": _invalid_form(),
        "agents": _agents(),
        "counts": {"completed": 3, "in_progress": 2, "blocked": 1, "total": 8},
        "no_counts": {"total": 0},
        "page_obj": Paginator(range(90), 20).page(2),
        "times": {
            "recent": moment - timedelta(minutes=5),
            "old": moment - timedelta(days=40),
            "soon": moment + timedelta(minutes=12),
        },
        "tones": ["neutral", "violet", "blue", "amber", "green", "red"],
        "attention_count": 3,
    }
    return render(request, "components/styleguide.html", context)
