from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from cw_site.foundation.state_machine import StateMachine

INTRODUCTION = """\
# States

Drawn by `make states` from the transition tables in each app's `states.py`; a test compares it. A status moves only
along these arrows, by compare-and-set, with its reason and the time.
"""


class Command(BaseCommand):
    """Every state machine as a Mermaid diagram."""

    requires_system_checks = ()
    help = "Print the state diagrams as Markdown (docs/states.md)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(states_as_markdown(), ending="")


def states_as_markdown() -> str:
    """A section for each state machine, in the order of the apps and of their tables."""
    return "\n".join([INTRODUCTION, *map(_section, state_machines())])


def _section(machine: StateMachine) -> str:
    return f"## {machine.name.capitalize()}\n\n```mermaid\n{machine.as_mermaid()}\n```\n"


def state_machines() -> list[StateMachine]:
    """All state machines in the `states` modules of the installed apps."""
    modules = [f"{config.name}.states" for config in apps.get_app_configs()]
    present = [import_module(name) for name in modules if find_spec(name)]
    return [value for module in present for value in vars(module).values() if isinstance(value, StateMachine)]
