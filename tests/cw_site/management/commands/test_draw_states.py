from io import StringIO
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import CharField

from cw_site.management.commands.draw_states import state_machines


def test_the_document_is_what_the_command_prints() -> None:
    output = StringIO()
    call_command("draw_states", stdout=output)
    document = Path(settings.BASE_DIR, "docs", "states.md").read_text(encoding="utf-8")

    assert document == output.getvalue(), "run: make states > docs/states.md"


def test_every_machine_names_only_its_own_states_and_reaches_all_of_them() -> None:
    for machine in state_machines():
        targets = {target for arrows in machine.transitions.values() for target in arrows}
        assert {*machine.transitions, *targets} <= set(machine.states.values)
        assert targets | {machine.initial} == set(machine.states.values), machine.name


def test_every_status_column_begins_where_its_machine_begins() -> None:
    machines = {frozenset(machine.states.values): machine for machine in state_machines()}
    for model in apps.get_models():
        field = next((field for field in model._meta.get_fields() if field.name == "status"), None)
        if isinstance(field, CharField) and field.choices:
            machine = machines.get(frozenset(str(value) for value, _ in field.flatchoices))
            if machine is not None:
                assert field.default == machine.initial, model
