from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Max

from cw_site.foundation.errors import LostRace
from cw_site.foundation.repository import Repository
from reviews.models import ReviewDecision, ReviewRound
from reviews.states import Decision, ReviewOwner


class ReviewRoundRepository(Repository[ReviewRound]):
    """The tables `review_rounds` and `review_decisions`: what was to be seen, and what a person decided on it."""

    model = ReviewRound
    noun = "review round"
    default_order = ("number", "id")

    def topics(self, row: ReviewRound) -> list[str]:
        return [f"{row.owner_type}:{row.owner_id}", "hq"]

    def open_round(self, owner_type: ReviewOwner | str, owner_id: str, heads: dict[str, Any]) -> ReviewRound:
        """Begin the owner's next round (number last + 1).

        `heads` maps a project's id to {"base", "head", "diff"}. Raises LostRace where somebody began it just now.
        """
        rounds = ReviewRound.objects.filter(owner_type=owner_type, owner_id=owner_id)
        last = rounds.aggregate(last=Max("number"))["last"] or 0
        try:
            return self.create(owner_type=owner_type, owner_id=owner_id, number=last + 1, heads=heads)
        except IntegrityError as error:
            raise LostRace("A review round was opened by somebody else just now. Look again.") from error

    def latest_round(self, owner_type: ReviewOwner | str, owner_id: str) -> ReviewRound | None:
        """The owner's newest round."""
        rounds = ReviewRound.objects.filter(owner_type=owner_type, owner_id=owner_id)
        return rounds.order_by("-number").first()

    def list_rounds(self, owner_type: ReviewOwner | str, owner_id: str) -> list[ReviewRound]:
        """The owner's rounds: 1, 2, 3, …"""
        rounds = ReviewRound.objects.filter(owner_type=owner_type, owner_id=owner_id)
        return list(rounds.order_by("number"))

    def add_decision(
        self,
        round_id: str,
        *,
        decision: Decision | str,
        heads: dict[str, Any],
        person: AbstractBaseUser | None,
        person_name: str = "",
        note: str = "",
    ) -> ReviewDecision:
        """Record what the person decided, bound to the commits that were seen; raises NotFound.

        `person_name` outlives the person's account; default: the user name.
        """
        with transaction.atomic():
            review_round = self.get(round_id)
            row = ReviewDecision.objects.create(
                round=review_round,
                decision=decision,
                heads=heads,
                person_id=person.pk if person else None,
                person_name=person_name or (person.get_username() if person else "somebody"),
                note=note,
            )
            self._tell(review_round, str(decision))
        return row

    def latest_decision(self, round_id: str) -> ReviewDecision | None:
        """The newest decision on a round: the one that counts."""
        return ReviewDecision.objects.filter(round_id=round_id).order_by("-created_at", "-id").first()

    def list_decisions(self, owner_type: ReviewOwner | str, owner_id: str) -> list[ReviewDecision]:
        """All decisions on the owner, with their rounds, oldest first."""
        rows = ReviewDecision.objects.select_related("round", "person")
        rows = rows.filter(round__owner_type=owner_type, round__owner_id=owner_id)
        return list(rows.order_by("created_at", "id"))
