"""The whole demo without a browser: what a person would click is done through the same actions."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings

from agents.actions.agent import answer_questions
from agents.models import Agent
from agents.repositories import AgentRepository
from agents.runtime.process import survivors
from cw_site.demo.content import PHASES
from cw_site.demo.set_up import set_up_demo
from cw_site.foundation.errors import DomainError
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git.refs import is_ancestor, read_ref
from initiatives.actions.branches import clone_of
from initiatives.models import Initiative, Phase, Project
from initiatives.repositories import (
    BranchRepository,
    InitiativeRepository,
    PhaseRepository,
    ProjectRepository,
    TaskRepository,
)
from reviews.actions.comment import add_comment
from reviews.actions.decision import approve_review, request_changes
from reviews.actions.finish import finish_initiative
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository

STEP_SECONDS = 45.0
PERSON = "demo"
COMMENT = "Say here which units are allowed, so that nobody has to read the pattern."


class DemoFailed(DomainError):
    """The demo did not come to its end; the message says what it waited for."""


def play_headless() -> dict[str, Any]:
    """Play it all and return what was done; raises DemoFailed. No process of it is left behind."""
    began = time.monotonic()
    durations: dict[str, float] = {}
    with _worker():
        initiative = set_up_demo(pace=0)
        project = ProjectRepository().find_projects_by_initiative_id(initiative.id)[0]
        review: dict[str, Any] = {}
        for plan in PHASES:
            phase = next(row for row in PhaseRepository().find_by_initiative_id(initiative.id) if row.name == plan.name)
            _until(partial(_in_review, phase, initiative), f"phase “{phase.name}” to wait for review")
            durations[f"until review of {phase.name}"] = round(time.monotonic() - began, 3)
            if not review:
                review = _review_loop(phase, project)
            _approve(phase)
            _until(partial(_is_completed, phase), f"phase “{phase.name}” to be merged")
        _finish(initiative)
        durations["total"] = round(time.monotonic() - began, 3)
        report = _report(initiative, project, review, durations)
    report["processes_left"] = _processes_left(initiative)
    return report


def _review_loop(phase: Phase, project: Project) -> dict[str, Any]:
    comment = add_comment(
        phase.id,
        project_id=project.id,
        file_path="durations/parse.py",
        line_number=12,
        line_type="added",
        body=COMMENT,
        author=PERSON,
    )
    request_changes(phase.id, person=None, person_name=PERSON)
    rounds = ReviewRoundRepository()
    _until(lambda: _round_of(phase) == 2 and _status_of(phase) == "pending_review", "the second round of review")
    answers = ReviewCommentRepository().find_replies(comment.id)
    if not answers:
        raise DemoFailed("The agent came back without an answer to the comment.")
    return {
        "comment": comment.id,
        "answer": answers[0].body,
        "answered_by": answers[0].author,
        "fixed_in": answers[0].fixed_in,
        "rounds": len(rounds.list_rounds("phase", phase.id)),
    }


def _in_review(phase: Phase, initiative: Initiative) -> bool:
    """Answers on the way whatever an agent asks, as a person would."""
    for agent in AgentRepository().find_by_initiative_id(initiative.id):
        if agent.status == "waiting_for_input":
            _answer(agent)
        elif agent.status == "crashed":
            raise DemoFailed(f"Agent {agent.name} crashed: {agent.status_reason}")
    return _status_of(phase) == "pending_review"


def _answer(agent: Agent) -> None:
    questions = json.loads(agent.pending_questions or "[]")
    answer_questions(agent.id, {question["id"]: question["options"][0]["label"] for question in questions})


def _approve(phase: Phase) -> None:
    latest = ReviewRoundRepository().latest_round("phase", phase.id)
    if latest is None:
        raise DemoFailed(f"Phase “{phase.name}” waits for review without a round.")
    heads = {project: seen["head"] for project, seen in latest.heads.items()}
    approve_review(phase.id, heads=heads, person=None, person_name=PERSON)
    request_reconcile()


def _finish(initiative: Initiative) -> None:
    def status() -> str:
        return InitiativeRepository().get(initiative.id).status

    _until(lambda: status() == "pending_review", "the initiative to wait for its finish")
    heads = {
        branch.project_id: branch.head_sha for branch in BranchRepository().list_for_owner("initiative", initiative.id)
    }
    finish_initiative(initiative.id, action="merge_and_push", heads=heads, person_name=PERSON)
    request_reconcile()
    _until(lambda: status() == "completed", "the merge into the default branch")


def _report(
    initiative: Initiative, project: Project, review: dict[str, Any], durations: dict[str, float]
) -> dict[str, Any]:
    clone, branches = clone_of(project), BranchRepository()
    merge_commit = branches.list_for_owner("initiative", initiative.id)[0].merge_commit
    tasks = []
    phases = PhaseRepository().find_by_initiative_id(initiative.id)
    for task in (task for phase in phases for task in TaskRepository().find_by_phase_id(phase.id)):
        for branch in branches.list_for_owner("task", task.id):
            merged = branch.merged_sha or branch.head_sha
            reachable = is_ancestor(clone, merged, merge_commit)
            tasks.append({"id": task.id, "name": task.name, "commit": merged, "reachable": reachable})
    return {
        "project": {
            "id": project.id,
            "name": project.name,
            "path": project.url,
            "default_branch": project.default_branch,
        },
        "initiative": {"id": initiative.id, "name": initiative.name, "branch": initiative.branch},
        "phases": [
            {"id": phase.id, "name": phase.name, "status": phase.status}
            for phase in PhaseRepository().find_by_initiative_id(initiative.id)
        ],
        "tasks": tasks,
        "agents": [agent.name for agent in AgentRepository().find_by_initiative_id(initiative.id)],
        "review": review,
        "merge_commit": merge_commit,
        "default_branch_head": read_ref(clone, f"refs/heads/{project.default_branch}"),
        "durations_seconds": durations,
    }


def _is_completed(phase: Phase) -> bool:
    return _status_of(phase) == "completed"


def _status_of(phase: Phase) -> str:
    return PhaseRepository().get(phase.id).status


def _round_of(phase: Phase) -> int:
    latest = ReviewRoundRepository().latest_round("phase", phase.id)
    return latest.number if latest else 0


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + STEP_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DemoFailed(f"The demo waited {STEP_SECONDS:.0f} s for {what} and gave up. See the worker's messages.")
        time.sleep(0.1)


@contextmanager
def _worker() -> Iterator[None]:
    """A worker of our own for as long as the demo takes."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        env={**os.environ, "CW_DATA_DIR": str(settings.CW_DATA_DIR)},
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _processes_left(initiative: Initiative) -> int:
    agents = AgentRepository()
    sessions = [
        session.id
        for agent in agents.find_by_initiative_id(initiative.id)
        for session in agents.find_sessions(agent.id)
    ]
    return sum(len(survivors(session)) for session in sessions)
