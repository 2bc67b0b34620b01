from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from agents.models import Account
from cw_site.foundation.clock import now
from cw_site.foundation.repository import Repository


class AccountRepository(Repository[Account]):
    """The table `accounts`: a pool for each provider, taken in turn."""

    model = Account
    noun = "account"
    default_order = ("provider", "sort_order", "created_at", "id")

    def topics(self, row: Account) -> list[str]:
        return ["hq"]

    def find_by_provider(self, provider: str) -> list[Account]:
        """The provider's accounts in their order, parked ones included."""
        return list(Account.objects.filter(provider=provider).order_by(*self.default_order))

    def find_next_available(self, provider: str, at: datetime | None = None) -> Account | None:
        """Take the account that was used longest ago; None where all are parked or there is none.

        Marks `last_used_at` by compare-and-set: two callers never take the same one unless it is the only one.
        An account whose limit has passed at `at` (default: now) is available again.
        """
        moment = at or now()
        while True:
            candidate = self._available(provider, moment).first()
            if candidate is None:
                return None
            seen = candidate.last_used_at
            used = moment if seen is None or seen < moment else seen + timedelta(microseconds=1)
            unseen = Q(last_used_at__isnull=True) if seen is None else Q(last_used_at=seen)
            taken = self._available(provider, moment).filter(unseen, pk=candidate.pk).order_by()
            if taken.update(last_used_at=used, is_exhausted=False, exhausted_until=None, updated_at=now()):
                return self.get(candidate.pk)

    def mark_exhausted(self, account_id: str, until: datetime) -> Account:
        """Park the account until its limit resets; raises NotFound."""
        return self.update(account_id, is_exhausted=True, exhausted_until=until)

    def mark_available(self, account_id: str) -> Account:
        """A person says it can be used again, whatever parked it; raises NotFound."""
        return self.update(account_id, is_exhausted=False, exhausted_until=None, login_expired_at=None, login_reason="")

    def mark_login_expired(self, account_id: str, reason: str) -> Account:
        """Park the account until a person mends its login; `reason` is what the provider said. Raises NotFound."""
        return self.update(account_id, login_expired_at=now(), login_reason=reason)

    def clear_expired_exhaustion(self, at: datetime | None = None) -> int:
        """Free the accounts whose limit has reset by `at` (default: now); returns how many."""
        over = Account.objects.filter(is_exhausted=True, exhausted_until__lte=at or now())
        freed = 0
        for account_id in list(over.values_list("id", flat=True)):
            rows = over.filter(pk=account_id)
            if rows.update(is_exhausted=False, exhausted_until=None, updated_at=now()):
                freed += 1
                self._tell(self.get(account_id), "updated")
        return freed

    def next_reset(self, provider: str) -> datetime | None:
        """When the first parked account of the provider is free again; None where none waits for a clock."""
        parked = Account.objects.filter(provider=provider, is_exhausted=True, login_expired_at__isnull=True)
        return (
            parked.exclude(exhausted_until=None)
            .order_by("exhausted_until")
            .values_list("exhausted_until", flat=True)
            .first()
        )

    def _available(self, provider: str, moment: datetime) -> QuerySet[Account]:
        free = Q(is_exhausted=False) | Q(exhausted_until__lte=moment)
        rows = Account.objects.filter(free, provider=provider, login_expired_at__isnull=True)
        return rows.order_by(F("last_used_at").asc(nulls_first=True), "sort_order", "created_at", "id")
