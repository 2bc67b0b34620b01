"""HTML forms: which fields there are and how they look. What may stand in them is checked by the actions."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.conf import settings

from initiatives.actions.checks import NAME_LENGTH, provider_names
from initiatives.models import Phase, Project, Task
from initiatives.states import ExecutionMode, TaskCategory, TaskPriority, TaskType

MARKDOWN_HELP = "Markdown. Agents read it as you write it."


class PlainForm(forms.Form):
    """A form whose autofocus and draft keys are set by the view."""

    def __init__(self, *args: Any, draft_key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if draft_key and isinstance(field.widget, forms.Textarea):
                field.widget.attrs["data-draft-key"] = f"{draft_key}:{name}"


class ProjectForm(PlainForm):
    name = forms.CharField(max_length=NAME_LENGTH, help_text="A short name, unique here.")
    url = forms.CharField(
        label="Repository",
        max_length=1000,
        help_text="A folder on this machine (/home/me/project), https://host/path or git@host:path.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}),
    )
    default_branch = forms.CharField(
        required=False, max_length=200, help_text="Finished work is merged into it. Empty: the repository's own."
    )


class InitiativeForm(PlainForm):
    name = forms.CharField(max_length=NAME_LENGTH, help_text="What shall be reached, in a few words.")
    project_ids = forms.MultipleChoiceField(
        label="Projects", required=False, widget=forms.CheckboxSelectMultiple, help_text="Where agents may work for it."
    )
    execution_mode = forms.ChoiceField(
        label="When a phase is done",
        choices=[
            (ExecutionMode.REVIEW_PER_PHASE, "Show me the diff and wait for my approval"),
            (ExecutionMode.YOLO, "Merge it without review and go on (yolo)"),
        ],
        initial=ExecutionMode.REVIEW_PER_PHASE,
        widget=forms.RadioSelect,
    )
    provider = forms.ChoiceField(required=False, label="Agents", help_text="Which coding CLI carries out the tasks.")
    model = forms.CharField(required=False, max_length=100, help_text="As the CLI calls it. Empty: its own choice.")
    branch = forms.CharField(
        required=False, max_length=200, help_text="Empty: cw/ and the name. It cannot change later."
    )

    def __init__(self, *args: Any, projects: Iterable[Project] = (), with_branch: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "project_ids", [(project.id, project.name) for project in projects])
        _choices(self, "provider", provider_choices(f"Default ({settings.CW_DEFAULT_PROVIDER})"))
        if not with_branch:
            del self.fields["branch"]


class PhaseForm(PlainForm):
    name = forms.CharField(max_length=NAME_LENGTH)
    content = forms.CharField(
        label="What it is about", required=False, widget=forms.Textarea(attrs={"rows": 8}), help_text=MARKDOWN_HELP
    )
    depends_on = forms.MultipleChoiceField(
        label="Starts after",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="It starts when all of these are completed.",
    )

    def __init__(self, *args: Any, others: Sequence[Phase] = (), fixed: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dependencies(self, [(phase.id, phase.name) for phase in others], fixed)


class TaskForm(PlainForm):
    name = forms.CharField(max_length=NAME_LENGTH)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 8}), help_text=MARKDOWN_HELP)
    type = forms.ChoiceField(
        label="Carried out by",
        choices=[
            (TaskType.AUTO, "An agent"),
            (TaskType.HUMAN_VERIFY, "You: verify something (checkpoint)"),
            (TaskType.DECISION, "You: decide something (checkpoint)"),
            (TaskType.HUMAN_ACTION, "You: do something (checkpoint)"),
        ],
        initial=TaskType.AUTO,
    )
    category = forms.ChoiceField(choices=TaskCategory.choices, initial=TaskCategory.EXECUTE)
    priority = forms.ChoiceField(choices=TaskPriority.choices, initial=TaskPriority.MEDIUM)
    depends_on = forms.MultipleChoiceField(
        label="Starts after", required=False, widget=forms.CheckboxSelectMultiple, help_text="Tasks of the same phase."
    )
    parent_task_id = forms.ChoiceField(label="Part of", required=False)
    provider = forms.ChoiceField(required=False, label="Agent")
    model = forms.CharField(required=False, max_length=100, help_text="Empty: the initiative's.")
    order = forms.IntegerField(required=False, help_text="Smaller numbers stand first. Empty: last.")

    def __init__(self, *args: Any, siblings: Sequence[Task] = (), with_parent: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = [(task.id, task.name) for task in siblings]
        _dependencies(self, options)
        _choices(self, "parent_task_id", [("", "No other task"), *options])
        _choices(self, "provider", provider_choices("The initiative's"))
        if not with_parent or not options:
            del self.fields["parent_task_id"]


class CheckpointForm(PlainForm):
    summary = forms.CharField(
        label="Your note",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you found, decided or did. The tasks that depend on this one receive it.",
    )


def provider_choices(default_label: str) -> list[tuple[str, str]]:
    """The providers for a select, the default first."""
    return [("", default_label), *((name, name) for name in provider_names())]


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _dependencies(form: forms.Form, choices: list[tuple[str, str]], fixed: str = "") -> None:
    """Offer what can be depended on; without anything to offer, or where it is fixed, there is no such field."""
    _choices(form, "depends_on", choices)
    if fixed or not choices:
        del form.fields["depends_on"]
