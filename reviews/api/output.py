"""Reviews as the API answers them."""

from typing import Any

from initiatives.api.output import columns_of
from reviews.diffs.limits import MAX_ROWS, cut_rows
from reviews.diffs.model import FileDiff
from reviews.file_diffs import ReviewedFiles
from reviews.models import ReviewDecision, ReviewRound
from reviews.review_page import counts_of


def diff_out(files: ReviewedFiles) -> dict[str, Any]:
    """The files of each project with their lines counted."""
    projects = []
    for project_id, reviewed in files.projects.items():
        counts = counts_of(reviewed)
        listed = []
        for change in files.list_changes(project_id):
            count = counts.get(change.path)
            listed.append(
                {
                    "path": change.path,
                    "old_path": change.old_path,
                    "status": change.status,
                    "additions": count.additions if count else 0,
                    "deletions": count.deletions if count else 0,
                    "binary": bool(count and count.binary),
                }
            )
        projects.append(
            {
                "project_id": project_id,
                "project": reviewed.branch.project.name,
                "branch": reviewed.branch.name,
                "base": reviewed.base,
                "head": reviewed.head,
                "files": listed,
            }
        )
    return {"projects": projects}


def file_out(files: ReviewedFiles, project_id: str, path: str) -> dict[str, Any] | None:
    """The lines of one file, at most as many as a page shows; None where it is not in the diff."""
    change, file_diff = files.find_change(project_id, path), files.load(project_id, path)
    if change is None or file_diff is None:
        return None
    part = cut_rows(file_diff)
    return {
        "project_id": project_id,
        "path": change.path,
        "old_path": change.old_path,
        "status": change.status,
        "binary": file_diff.binary,
        "truncated": file_diff.truncated or file_diff.row_count > MAX_ROWS,
        "hunks": _hunks(part),
    }


def rounds_out(rounds: list[ReviewRound], decisions: list[ReviewDecision]) -> list[dict[str, Any]]:
    """Rounds with what was decided on each."""
    return [
        columns_of(row) | {"decisions": [columns_of(decision) for decision in decisions if decision.round_id == row.pk]}
        for row in rounds
    ]


def _hunks(file_diff: FileDiff) -> list[dict[str, Any]]:
    return [
        {
            "old_start": hunk.old_start,
            "old_count": hunk.old_count,
            "new_start": hunk.new_start,
            "new_count": hunk.new_count,
            "heading": _plain(hunk.heading),
            "lines": [
                {"type": kind, "old_number": old, "new_number": new, "text": _plain(text)}
                for kind, old, new, text in hunk.lines
            ],
        }
        for hunk in file_diff.hunks
    ]


def _plain(text: str) -> str:
    """Text that JSON and its readers can hold: no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
