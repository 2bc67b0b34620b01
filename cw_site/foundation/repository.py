"""The base of the repositories: the only code that queries a table, in the words of the domain."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import TextChoices

from cw_site.foundation.clock import now
from cw_site.foundation.errors import LostRace, NotFound
from cw_site.foundation.events import publish_all
from cw_site.foundation.models import Record, StatusRecord
from cw_site.foundation.state_machine import StateMachine


class Repository[M: Record]:
    """Create, find, update, delete. Reads return instances and lists, never querysets."""

    model: type[M]
    noun: ClassVar[str] = "record"
    default_order: ClassVar[tuple[str, ...]] = ("created_at", "id")

    def topics(self, row: M) -> list[str]:
        """The live topics that a change of this row concerns."""
        return []

    def create(self, **fields: Any) -> M:
        """Insert a row; returns it as stored."""
        with transaction.atomic():
            row: M = self.model._default_manager.create(**fields)
            self._tell(row, "created")
        return row

    def find_by_id(self, row_id: str) -> M | None:
        """The row, or None."""
        row: M | None = self.model._default_manager.filter(pk=row_id).first()
        return row

    def get(self, row_id: str) -> M:
        """The row; raises NotFound with a sentence."""
        row = self.find_by_id(row_id)
        if row is None:
            raise NotFound(f"There is no such {self.noun}. It may have been deleted.")
        return row

    def find_all(self) -> list[M]:
        """All rows in their usual order."""
        return list(self.model._default_manager.order_by(*self.default_order))

    def update(self, row_id: str, **fields: Any) -> M:
        """Write only the named columns; raises NotFound. A status is moved with `move`, never written here."""
        if "status" in fields and hasattr(self, "machine"):
            raise ValueError("a status moves through its transition table only")
        with transaction.atomic():
            changed = self.model._default_manager.filter(pk=row_id).update(**fields, updated_at=now())
            if not changed:
                raise NotFound(f"There is no such {self.noun}. It may have been deleted.")
            row = self.get(row_id)
            self._tell(row, "updated")
        return row

    def delete(self, row_id: str) -> None:
        """Delete the row, and by the database's own rules what hangs on it; raises NotFound."""
        with transaction.atomic():
            row = self.get(row_id)
            self._tell(row, "deleted")
            self.model._default_manager.filter(pk=row_id).delete()

    def _tell(self, row: M, kind: str) -> None:
        publish_all([(topic, kind, {"id": row.pk}) for topic in self.topics(row)])


class SteppedRepository[M: Record](Repository[M]):
    """A repository of rows with a status that keeps no reason or evidence; it moves by compare-and-set as well."""

    machine: StateMachine

    def step(self, row_id: str, *, to: TextChoices | str, **fields: Any) -> M:
        """Move the status one step and write `fields` with it.

        Raises InvalidTransition where the table has no such arrow, LostRace where somebody moved the row first,
        NotFound.
        """
        row = self.get(row_id)
        current, target = str(row.status), str(to)  # type: ignore[attr-defined]
        self.machine.check(current, target)
        with transaction.atomic():
            rows = self.model._default_manager.filter(pk=row_id, status=current)
            if not rows.update(status=target, updated_at=now(), **fields):
                raise LostRace(f"This {self.noun} was changed by somebody else just now. Look again.")
            row = self.get(row_id)
            self._tell(row, target)
        return row


class StatusRepository[M: StatusRecord](Repository[M]):
    """A repository of rows with a status, which moves by compare-and-set through the transition table."""

    machine: StateMachine

    def move(
        self,
        row_id: str,
        *,
        to: TextChoices | str,
        source: TextChoices | str | Iterable[TextChoices | str] | None = None,
        since: datetime | None = None,
        reason: str = "",
        evidence: dict[str, Any] | None = None,
        **fields: Any,
    ) -> M:
        """Move the status one step and write `fields` with it.

        `source` limits from where (default: any state with an arrow to `to`). `since` is the row's `status_since` as
        the caller saw it: who decided on what was read a while ago names it, for the row may have left its status and
        come back. Raises InvalidTransition where the table has no such arrow, LostRace where somebody moved the row
        first, NotFound.
        """
        row = self.get(row_id)
        current, target = str(row.status), str(to)  # type: ignore[attr-defined]
        allowed = _as_set(source)
        if allowed is not None and current not in allowed:
            raise LostRace(f"This {self.noun} is {self.machine.states(current).label.lower()} by now. Look again.")
        self.machine.check(current, target)
        with transaction.atomic():
            moment = now()
            seen = {"status": current, "status_since": row.status_since if since is None else since}
            changed = self.model._default_manager.filter(pk=row_id, **seen).update(
                status=target,
                status_reason=reason,
                status_since=moment,
                status_evidence=evidence or {},
                updated_at=moment,
                **fields,
            )
            if not changed:
                raise LostRace(f"This {self.noun} was changed by somebody else just now. Look again.")
            row = self.get(row_id)
            self._tell(row, target)
        return row

    def explain(self, row_id: str, reason: str) -> None:
        """Write why the row waits, without moving it; silent where the sentence is the same or the row is gone."""
        with transaction.atomic():
            rows = self.model._default_manager.filter(pk=row_id).exclude(status_reason=reason)
            if rows.update(status_reason=reason):
                self._tell(self.get(row_id), "explained")


def _as_set(source: TextChoices | str | Iterable[TextChoices | str] | None) -> set[str] | None:
    if source is None:
        return None
    if isinstance(source, str):
        return {str(source)}
    return {str(state) for state in source}
