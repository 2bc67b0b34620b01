import pytest
from django.db.models import TextChoices

from cw_site.foundation.errors import InvalidTransition
from cw_site.foundation.state_machine import StateMachine


class Light(TextChoices):
    RED = "red", "Red"
    GREEN = "green", "Green"


MACHINE = StateMachine(name="light", states=Light, initial="red", transitions={"red": {"green": "go"}})


def test_an_arrow_of_the_table_is_allowed() -> None:
    MACHINE.check("red", "green")


@pytest.mark.parametrize(("source", "target"), [("green", "red"), ("red", "red")])
def test_any_other_move_is_refused_in_a_sentence(source: str, target: str) -> None:
    with pytest.raises(InvalidTransition, match=r"This light is \w+ and cannot become"):
        MACHINE.check(source, target)


def test_the_diagram_is_drawn_from_the_table() -> None:
    assert MACHINE.as_mermaid() == "stateDiagram-v2\n    [*] --> red\n    red --> green: go"
