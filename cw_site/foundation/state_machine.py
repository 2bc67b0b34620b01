"""A status is an enumeration and a table of the moves that are allowed; diagrams are drawn from the table."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices

from cw_site.foundation.errors import InvalidTransition


@dataclass(frozen=True)
class StateMachine:
    """`transitions` maps a state to the states it may move to, each with the words for the arrow."""

    name: str
    states: type[TextChoices]
    initial: str
    transitions: Mapping[str, Mapping[str, str]]

    def allows(self, source: str, target: str) -> bool:
        """Whether one step leads from source to target."""
        return target in self.transitions.get(source, {})

    def check(self, source: str, target: str) -> None:
        """Raise InvalidTransition where the table has no such arrow."""
        if not self.allows(source, target):
            from_label, to_label = self.states(source).label, self.states(target).label
            raise InvalidTransition(f"This {self.name} is {from_label.lower()} and cannot become {to_label.lower()}.")

    def as_mermaid(self) -> str:
        """The diagram for docs/states.md; `:` is no part of a Mermaid state id."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        for source, targets in self.transitions.items():
            lines += [f"    {source} --> {target}: {label}" for target, label in targets.items()]
        return "\n".join(lines)
