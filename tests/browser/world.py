"""Something of everything that a page can show, made through the API on a server that runs: quicker than the demo."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.journey import make_repository, wait_for_review, wait_for_round, wait_for_status
from tests.journeys.server import Api
from tests.waiting import wait_until

LONG = "averyveryverylongwordwithoutanyplacetobreakit" * 3
QUESTION = {"questions": [{"id": "q", "question": "Which `name`?", "options": ["Anna", "Berta"]}]}
LOGIN = '{"claudeAiOauth": {"accessToken": "t"}}'
GREETING = "".join(f"print('hello {number}')\n" for number in range(1, 30))

type Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """An initiative with one phase and one task, by id."""

    initiative: str
    phase: str
    task: str


@dataclass(frozen=True)
class World:
    """What was made."""

    project: str
    reviewed: Plan
    finishing: Plan
    asking: Plan
    failing: Plan
    checkpoint: Plan
    chat: str
    account: str
    agents: dict[str, str]
    """The newest agent's name by task id."""


def script(steps: Steps) -> str:
    """A task's description that the scripted agent plays."""
    return f"Do it.\n\n`````cw-script\n{json.dumps(steps)}\n`````\n"


def write(path: str, content: str) -> dict[str, Any]:
    """A step."""
    return {"write": {"path": path, "content": content}}


def plan(
    api: Api, project: str, name: str, steps: Steps, *, mode: str = "review_per_phase", task_type: str = "auto"
) -> Plan:
    """An initiative with one task, approved and queued."""
    initiative = api.post("/initiatives", name=name, project_ids=[project], execution_mode=mode, provider="scripted")
    phase = api.post(f"/initiatives/{initiative['id']}/phases", name=f"{name}: phase", content="Some **words**.")
    task = api.post(
        f"/phases/{phase['id']}/tasks", name=f"{name}: task", description=script(steps), type=task_type, depends_on=[]
    )
    api.post(f"/phases/{phase['id']}/approve")
    api.post(f"/phases/{phase['id']}/queue")
    return Plan(initiative["id"], phase["id"], task["id"])


def make_project(api: Api, folder: Path, name: str) -> str:
    """A project with a repository of its own; its id."""
    url = str(make_repository(folder / f"{name}.git"))
    return str(api.post("/projects", name=name, url=url, default_branch="main")["id"])


def plan_review(api: Api, project: str, name: str) -> Plan:
    """A phase that will wait for review: a new file, a changed one, long lines and a long path."""
    long_path = f"{'folder/' * 12}{LONG[:90]}.txt"
    steps: Steps = [
        {"say": f"I write. {LONG}"},
        write("greeting.py", GREETING),
        write("README.md", f"# Greeter\n\n{LONG * 4}\n"),
        write(long_path, "".join(f"line {number} {LONG}\n" for number in range(40))),
        {"run": f"echo {LONG * 3}"},
        {"commit": f"Say hello\n\n{LONG}"},
        {"done": "`greeting.py` says hello."},
    ]
    return plan(api, project, name, steps)


def add_round(api: Api, made: Plan) -> None:
    """A comment that an agent answers in a second round."""
    wait_for_review(api, made.phase, timeout=90)
    api.post(
        f"/phases/{made.phase}/comments",
        file_path="greeting.py",
        line_number=2,
        line_type="added",
        body="Please **greet** all.",
    )
    api.post(f"/phases/{made.phase}/request-changes")
    wait_for_round(api, made.phase, 2, timeout=90)


def make_world(api: Api, folder: Path) -> World:
    """All of it; returns when every agent has done what it does."""
    project = make_project(api, folder, "greeter")
    reviewed = plan_review(api, project, "Greet people")
    finishing = plan(api, project, "Say farewell", [write("bye.py", "print('bye')\n"), {"commit": "Bye"}], mode="yolo")
    asking = plan(api, project, LONG, [{"say": "I ask."}, {"ask": QUESTION}, {"done": "Asked."}])
    failing = plan(api, project, "Fail", [{"fail": {"exit": 3, "times": 99, "message": LONG}}])
    checkpoint = plan(api, project, "Look", [], task_type="checkpoint:human-verify")
    add_round(api, reviewed)
    chat = api.post("/chat-sessions", target_type="phase", target_id=reviewed.phase)["id"]
    api.post(f"/chat-sessions/{chat}/messages", content=f"What is **this**? {LONG}")
    account = api.post("/accounts", email="pool@example.org", provider="claude", credentials=LOGIN, config_json="{}")
    wait_for_status(api, f"/initiatives/{finishing.initiative}", "pending_review", timeout=90)
    wait_until(lambda: api.get(f"/tasks/{failing.task}")["status"] == "blocked", 90, "the task is blocked")
    wait_until(lambda: api.items("/agents?status=waiting_for_input"), 90, "an agent asks")
    wait_until(lambda: len(api.items(f"/chat-sessions/{chat}/messages")) > 1, 90, "the chat is answered")
    agents = {row["task_id"]: row["name"] for row in reversed(api.items("/agents?limit=100")) if row["task_id"]}
    return World(project, reviewed, finishing, asking, failing, checkpoint, chat, account["id"], agents)
