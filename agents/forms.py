"""What people type about agents. Fields are named by the questions' places: an agent chooses its own ids."""

from typing import Any

from django import forms

from agents.actions.agent import LONGEST_PROMPT, questions_of
from agents.models import Agent

OWN_WORDS = "Or in your own words"


class MessageForm(forms.Form):
    """A message that resumes an agent."""

    prompt = forms.CharField(
        label="Message",
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}),
    )


class QuestionsForm(forms.Form):
    """The open questions of an agent: a choice (or several) where it offers options, and words of one's own."""

    def __init__(self, agent: Agent, data: Any = None) -> None:
        super().__init__(data)
        self.questions = questions_of(agent)
        for number, question in enumerate(self.questions):
            choices = [(option["label"], option["label"]) for option in question.get("options") or []]
            if choices:
                several = bool(question.get("multiSelect"))
                kind = forms.MultipleChoiceField if several else forms.ChoiceField
                self.fields[f"choice-{number}"] = kind(choices=choices, required=False)
            self.fields[f"text-{number}"] = forms.CharField(required=False, max_length=LONGEST_PROMPT)

    def clean(self) -> dict[str, Any]:
        """Every question needs a choice or words."""
        cleaned = super().clean() or {}
        for number, question in enumerate(self.questions):
            if not self._answer(cleaned, number) and f"choice-{number}" not in self.errors:
                self.add_error(f"text-{number}", f"Answer: {question['question'][:100]}")
        return cleaned

    def answers(self) -> dict[str, str]:
        """The answers by question id."""
        return {question["id"]: self._answer(self.cleaned_data, n) for n, question in enumerate(self.questions)}

    def rows(self) -> list[dict[str, Any]]:
        """What a template needs to draw the questions, with what was typed."""
        rows = []
        for number, question in enumerate(self.questions):
            chosen = self.data.getlist(f"choice-{number}") if hasattr(self.data, "getlist") else []
            text = f"text-{number}"
            rows.append(
                question
                | {
                    "number": number,
                    "chosen": chosen,
                    "text": self.data.get(text, ""),
                    "errors": self.errors.get(text, "") if self.is_bound else "",
                    "text_label": OWN_WORDS if question.get("options") else "Your answer",
                }
            )
        return rows

    def _answer(self, cleaned: dict[str, Any], number: int) -> str:
        chosen = cleaned.get(f"choice-{number}") or []
        chosen = [chosen] if isinstance(chosen, str) else list(chosen)
        return "\n".join(part for part in [", ".join(chosen), cleaned.get(f"text-{number}", "").strip()] if part)
