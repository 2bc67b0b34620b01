from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import (
    NOT_PROVIDED,
    BaseConstraint,
    CharField,
    CheckConstraint,
    DateTimeField,
    F,
    Field,
    ForeignKey,
    Model,
    Q,
    UniqueConstraint,
)

type AnyField = Field[Any, Any]

TYPES = {
    "AutoField": "integer",
    "BigAutoField": "integer (64 bit, counting)",
    "BigIntegerField": "integer (64 bit)",
    "BooleanField": "boolean",
    "DateTimeField": "timestamp (UTC)",
    "EncryptedTextField": "text (encrypted)",
    "FloatField": "float",
    "IntegerField": "integer",
    "JSONField": "JSON",
    "TextField": "text",
}
INTRODUCTION = """\
# Database

Printed by `make schema` from the models; a test compares it. The same tables on SQLite and PostgreSQL. Times are UTC;
ids are 21 random characters. What `on delete` says is done by the database itself. A comment names who writes a column.
"""


class Command(BaseCommand):
    """The tables as Markdown, from the models: no database is asked."""

    requires_system_checks = ()
    help = "Print the schema as Markdown (docs/database.md)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(schema_as_markdown(), ending="")


def schema_as_markdown() -> str:
    """All tables of ours: columns, references, indexes and constraints."""
    sections = [INTRODUCTION]
    for config in apps.get_app_configs():
        if settings.BASE_DIR not in _parents(config.path):
            continue
        models = sorted(config.get_models(), key=lambda model: model._meta.db_table)
        sections += ["\n".join([*_table(model), ""]) for model in models]
    return "\n".join(sections)


def _parents(path: str) -> list[Any]:
    here = type(settings.BASE_DIR)(path)
    # the environment may lie inside the checkout: what is installed is not ours
    return [] if "site-packages" in here.parts else [here, *here.parents]


def _table(model: type[Model]) -> Iterator[str]:
    yield f"## {model._meta.db_table}"
    yield ""
    yield " ".join((model.__doc__ or "").split("\n\n")[0].split())
    yield ""
    yield "| column | type | null | default | references | comment |"
    yield "|---|---|---|---|---|---|"
    for field in model._meta.local_concrete_fields:
        cells = [
            _column(field),
            _type(field),
            _null(field),
            _default(field),
            _references(field),
            field.db_comment or "",
        ]
        yield "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"
    rules = list(_rules(model))
    if rules:
        yield ""
        yield from rules


def _column(field: AnyField) -> str:
    assert field.column is not None  # noqa: S101  (only concrete fields are shown)
    return field.column


def _type(field: AnyField) -> str:
    if isinstance(field, ForeignKey):
        return _type(field.target_field)
    if isinstance(field, CharField):
        return f"text ({field.max_length})"
    name, internal = type(field).__name__, str(field.get_internal_type())
    return TYPES.get(name) or TYPES.get(internal, internal)


def _null(field: AnyField) -> str:
    if field.primary_key:
        return "no, key"
    return "yes" if field.null else "no"


def _default(field: AnyField) -> str:
    if isinstance(field, DateTimeField) and field.auto_now:
        return "each change"
    default = field.default
    if default is NOT_PROVIDED:
        return ""
    if callable(default):
        name = str(default.__name__)
        return {"new_id": "random", "dict": "`{}`", "list": "`[]`"}.get(name, name)
    return f"`{default!r}`" if isinstance(default, bool | int | float) else f"`'{default}'`"


def _references(field: AnyField) -> str:
    if not isinstance(field, ForeignKey):
        return ""
    action = field.remote_field.on_delete
    words = str(getattr(action, "__name__", action)).removeprefix("DB_").replace("_", " ").lower()
    return f"{field.target_field.model._meta.db_table}, on delete {words}"


def _rules(model: type[Model]) -> Iterator[str]:
    column = {field.name: _column(field) for field in model._meta.local_concrete_fields}
    for field in model._meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield f"- unique: {_column(field)}"
        elif getattr(field, "db_index", False) and not isinstance(field, ForeignKey):
            yield f"- index: {_column(field)}"
    for index in model._meta.indexes:
        yield f"- index `{index.name}`: {', '.join(column[name] for name in index.fields)}"
    for constraint in model._meta.constraints:
        yield f"- {_constraint(constraint, column)}"


def _constraint(constraint: BaseConstraint, column: dict[str, str]) -> str:
    if isinstance(constraint, UniqueConstraint):
        columns = ", ".join(column[name] for name in constraint.fields)
        where = f" where {_condition(constraint.condition, column)}" if constraint.condition else ""
        return f"unique `{constraint.name}`: {columns}{where}"
    if isinstance(constraint, CheckConstraint):
        return f"check `{constraint.name}`: {_condition(constraint.condition, column)}"
    raise TypeError(f"docs/database.md has no words for {constraint!r}")


def _condition(condition: Any, column: dict[str, str]) -> str:
    if isinstance(condition, tuple):
        return _comparison(condition[0], condition[1], column)
    if not isinstance(condition, Q):
        raise TypeError(f"docs/database.md has no words for {condition!r}")
    parts = [_condition(child, column) for child in condition.children]
    text = f" {condition.connector.lower()} ".join(parts)
    return f"not ({text})" if condition.negated else text


def _comparison(lookup: str, value: Any, column: dict[str, str]) -> str:
    name, _, operator = lookup.partition("__")
    if operator not in {"", "isnull", "in"}:
        raise TypeError(f"docs/database.md has no words for {lookup}")
    if operator == "isnull":
        return f"{column[name]} is {'' if value else 'not '}null"
    if operator == "in":
        return f"{column[name]} in ({_words(value)})"
    if isinstance(value, F):
        value = column[value.deconstruct()[1][0]]
    return f"{column[name]} = {value}"


def _words(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)
