"""What people type on review pages."""

from django import forms

from initiatives.states import FinishAction
from reviews.actions.chat import LONGEST_MESSAGE
from reviews.actions.comment import LONGEST_BODY


class CommentForm(forms.Form):
    """A comment, a reply, or a changed one."""

    body = forms.CharField(label="Comment", max_length=LONGEST_BODY, widget=forms.Textarea, strip=True)


class NewCommentForm(CommentForm):
    """A comment and its place, as the link at a line names it."""

    file = forms.CharField(max_length=20)
    line = forms.IntegerField(min_value=1, max_value=999_999_999)
    type = forms.ChoiceField(choices=[("added", "added"), ("removed", "removed"), ("context", "context")])


class NoteForm(forms.Form):
    """A note to a decision."""

    note = forms.CharField(required=False, max_length=LONGEST_BODY, widget=forms.Textarea, strip=True)


class FinishForm(forms.Form):
    """How an initiative ends."""

    action = forms.ChoiceField(choices=FinishAction.choices)


class ChatForm(forms.Form):
    """A message to the chat's agent."""

    content = forms.CharField(label="Message", max_length=LONGEST_MESSAGE, widget=forms.Textarea, strip=True)


class ChatStartForm(forms.Form):
    """What a new chat is about."""

    target_type = forms.ChoiceField(choices=[("phase", "phase"), ("task", "task")])
    target_id = forms.CharField(max_length=32)
