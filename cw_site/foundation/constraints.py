"""Constraints that several tables write the same way."""

from django.db.models import CheckConstraint, Q, TextChoices


def one_of(column: str, choices: type[TextChoices], *, name: str, null: bool = False) -> CheckConstraint:
    """The database itself refuses a value outside the enumeration."""
    condition = Q(**{f"{column}__in": choices.values})
    if null:
        condition |= Q(**{f"{column}__isnull": True})
    return CheckConstraint(condition=condition, name=name)
