"""The product's main story through its API: plan, agents work, a comment, an answer, an approval, a merge in git."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.server import Api
from tests.waiting import wait_until

COMMENT = "Please greet in capitals, zebra-quartz-7."


@dataclass(frozen=True)
class Story:
    """What was made, by its ids, and the commit that ended it."""

    initiative: str
    phase: str
    comment: str
    merge_commit: str
    replies: list[dict[str, Any]]


def git(repository: Path, *args: str) -> str:
    """The output of plain git, run by a person in their own repository."""
    ended = subprocess.run(["git", "-C", str(repository), *args], capture_output=True, check=True)
    return ended.stdout.decode().strip()


def make_repository(path: Path) -> Path:
    """A bare repository with one commit, as a team would share it."""
    work = path.parent / f"{path.name}-work"
    subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True)
    (work / "README.md").write_text("# Greeter\n")
    git(work, "add", ".")
    git(work, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Begin")
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(path)], check=True)
    return path


def play(api: Api, repository: Path, *, provider: str, description: str, timeout: float = 90) -> Story:
    """From an empty workspace to a merge in `repository`; the task must add greeting.py with a first line."""
    project = api.post("/projects", name="greeter", url=str(repository), default_branch="main")
    initiative = api.post(
        "/initiatives", name="Greet people", project_ids=[project["id"]], execution_mode="review_per_phase"
    )
    phase = api.post(f"/initiatives/{initiative['id']}/phases", name="First words", depends_on=[])
    api.post(f"/phases/{phase['id']}/tasks", name="Say hello", description=description, provider=provider)
    api.post(f"/phases/{phase['id']}/approve")
    api.post(f"/phases/{phase['id']}/queue")
    wait_for_review(api, phase["id"], timeout=timeout)
    comment = api.post(
        f"/phases/{phase['id']}/comments",
        file_path="greeting.py",
        line_number=1,
        line_type="added",
        body=COMMENT,
        project_id=project["id"],
    )
    api.post(f"/phases/{phase['id']}/request-changes")
    wait_for_round(api, phase["id"], 2, timeout=timeout)
    replies = [row for row in api.items(f"/phases/{phase['id']}/comments") if row["parent_comment_id"] == comment["id"]]
    api.post(f"/phases/{phase['id']}/approve-review", head=heads(api, f"/phases/{phase['id']}/diff"))
    wait_for_status(api, f"/initiatives/{initiative['id']}", "pending_review", timeout=timeout)
    seen = heads(api, f"/initiatives/{initiative['id']}/diff")
    api.post(f"/initiatives/{initiative['id']}/finish", action="merge_and_push", head=seen)
    wait_for_status(api, f"/initiatives/{initiative['id']}", "completed", timeout=timeout)
    merged = git(repository, "rev-parse", "main")
    return Story(initiative["id"], phase["id"], comment["id"], merged, replies)


def heads(api: Api, path: str) -> dict[str, str]:
    """The commits that a person who reads this diff has seen, by project."""
    return {row["project_id"]: row["head"] for row in api.get(path)["projects"]}


def wait_for_review(api: Api, phase_id: str, *, timeout: float) -> None:
    wait_for_status(api, f"/phases/{phase_id}", "pending_review", timeout=timeout)


def wait_for_round(api: Api, phase_id: str, number: int, *, timeout: float) -> None:
    def reached() -> bool:
        rounds = api.items(f"/phases/{phase_id}/rounds")
        phase = api.get(f"/phases/{phase_id}")
        return len(rounds) >= number and phase["status"] == "pending_review"

    wait_until(reached, timeout=timeout, message=f"round {number} of the review")


def wait_for_status(api: Api, path: str, status: str, *, timeout: float) -> None:
    last: dict[str, Any] = {}

    def reached() -> bool:
        last.update(api.get(path))
        assert last["status"] != "blocked", last
        return bool(last["status"] == status)

    wait_until(reached, timeout=timeout, message=f"{path} becomes {status}")
