from collections.abc import Iterable

from django.db import IntegrityError, transaction

from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.repository import Repository
from initiatives.models import Branch
from initiatives.states import BranchOwner


class BranchRepository(Repository[Branch]):
    """The table `branches`: which git branch belongs to what, and the commits its history is read from."""

    model = Branch
    noun = "branch"

    def topics(self, row: Branch) -> list[str]:
        return [f"{row.owner_type}:{row.owner_id}"]

    def find(self, owner_type: BranchOwner | str, owner_id: str, project_id: str) -> Branch | None:
        """The owner's branch in a project, or None."""
        rows = Branch.objects.select_related("project")
        return rows.filter(owner_type=owner_type, owner_id=owner_id, project_id=project_id).first()

    def list_for_owner(self, owner_type: BranchOwner | str, owner_id: str) -> list[Branch]:
        """The owner's branches with their projects, by the project's name."""
        rows = Branch.objects.select_related("project").filter(owner_type=owner_type, owner_id=owner_id)
        return list(rows.order_by("project__name", "id"))

    def list_for_owners(self, owner_type: BranchOwner | str, owner_ids: Iterable[str]) -> list[Branch]:
        """The branches of many owners with their projects, by the project's name."""
        rows = Branch.objects.select_related("project").filter(owner_type=owner_type, owner_id__in=list(owner_ids))
        return list(rows.order_by("project__name", "id"))

    def find_by_name(self, name: str) -> list[Branch]:
        """The branches of this name, one for each project at most."""
        return list(Branch.objects.select_related("project").filter(name=name).order_by("project__name", "id"))

    def ensure(
        self, *, owner_type: BranchOwner | str, owner_id: str, project_id: str, name: str, base_sha: str
    ) -> Branch:
        """The owner's branch in a project, made where it is missing; one that is there keeps its name and base.

        Raises NotAllowed where the name belongs to another owner.
        """
        branch = self.find(owner_type, owner_id, project_id)
        if branch is not None:
            return branch
        try:
            with transaction.atomic():
                self.create(
                    owner_type=owner_type, owner_id=owner_id, project_id=project_id, name=name, base_sha=base_sha
                )
        except IntegrityError:
            if Branch.objects.filter(project_id=project_id, name=name).exclude(owner_id=owner_id).exists():
                raise NotAllowed(f"The branch {name} belongs to something else in this project.") from None
        branch = self.find(owner_type, owner_id, project_id)
        if branch is None:
            raise NotAllowed(f"The branch {name} could not be recorded: its project is gone.")
        return branch

    def record_head(self, branch_id: str, sha: str) -> Branch:
        """Remember the tip that was last seen; silent where it is the same."""
        branch = self.get(branch_id)
        return branch if branch.head_sha == sha else self.update(branch_id, head_sha=sha)

    def record_merge(self, branch_id: str, *, merged_sha: str, merge_commit: str) -> Branch:
        """Remember which tip was merged and by which commit, so that the diff can be read for ever."""
        return self.update(branch_id, merged_sha=merged_sha, merge_commit=merge_commit)
