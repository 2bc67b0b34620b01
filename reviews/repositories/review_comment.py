from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet

from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.repository import Repository
from reviews.models import ReviewComment


class ReviewCommentRepository(Repository[ReviewComment]):
    """The table `review_comments`: threads of a first comment and its replies; a thread is resolved as one."""

    model = ReviewComment
    noun = "comment"

    def topics(self, row: ReviewComment) -> list[str]:
        return [f"phase:{row.phase_id}"]

    def create(self, **fields: Any) -> ReviewComment:
        """Insert a comment; a reply joins the thread of its parent and must be of the same phase."""
        parent_id = fields.pop("parent_comment_id", None) or getattr(fields.pop("parent_comment", None), "pk", None)
        if parent_id is None:
            return super().create(**fields)
        first = self._first_of_thread(parent_id)
        phase_id = fields.get("phase_id") or getattr(fields.get("phase"), "pk", None)
        if first.phase_id != phase_id:
            raise NotAllowed("A reply belongs to the phase of its thread.")
        return super().create(**fields, parent_comment=first)

    def find_by_id(self, row_id: str) -> ReviewComment | None:
        """The comment with its agent and project, or None."""
        return self._rows().filter(pk=row_id).first()

    def find_by_phase_id(self, phase_id: str) -> list[ReviewComment]:
        """All comments of a phase, replies included, oldest first."""
        return list(self._rows().filter(phase_id=phase_id))

    def find_open_threads(self, phase_id: str) -> list[ReviewComment]:
        """The first comments of the threads that are not resolved, oldest first."""
        return list(self._rows().filter(phase_id=phase_id, parent_comment=None, resolved=False))

    def find_replies(self, comment_id: str) -> list[ReviewComment]:
        """The replies in a thread, oldest first."""
        return list(self._rows().filter(parent_comment_id=comment_id))

    def count_open_by_phase(self, phase_ids: Iterable[str]) -> dict[str, int]:
        """How many threads of each phase are open; phases without one are absent."""
        rows = ReviewComment.objects.filter(phase_id__in=list(phase_ids), parent_comment=None, resolved=False)
        counts = rows.values_list("phase_id").annotate(count=Count("id")).order_by()
        return {str(phase_id): int(count) for phase_id, count in counts}

    def resolve(self, comment_id: str) -> ReviewComment:
        """Resolve the thread that the comment is in; returns its first comment. Raises NotFound."""
        return self.update(self._first_of_thread(comment_id).pk, resolved=True)

    def unresolve(self, comment_id: str) -> ReviewComment:
        """Open the thread that the comment is in again; returns its first comment. Raises NotFound."""
        return self.update(self._first_of_thread(comment_id).pk, resolved=False)

    def _first_of_thread(self, comment_id: str) -> ReviewComment:
        comment = self.get(comment_id)
        return self.get(comment.parent_comment_id) if comment.parent_comment_id else comment

    def _rows(self) -> QuerySet[ReviewComment]:
        return ReviewComment.objects.select_related("author_agent", "project").order_by("created_at", "id")
