"""Payloads, and a workspace in which everything that can be named or written is one of them."""

from dataclasses import dataclass
from pathlib import Path

from tests.browser.world import Plan, Steps, make_project, script, write
from tests.journeys.journey import wait_for_review, wait_for_status
from tests.journeys.server import Api
from tests.waiting import wait_until

PAYLOADS = (
    "<script>window.__xss=1</script>",
    "</script><script>window.__xss=2</script>",
    "<img src=x onerror=window.__xss=3>",
    "<svg onload=window.__xss=4>",
    "<svg><script>window.__xss=5</script></svg>",
    '"><script>window.__xss=6</script>',
    "'><img src=x onerror=window.__xss=7>",
    '" autofocus onfocus=window.__xss=8 x="',
    "' onmouseover='window.__xss=9' x='",
    "<iframe srcdoc='<script>parent.__xss=10</script>'></iframe>",
    "<iframe src=javascript:parent.__xss=11></iframe>",
    "<object data=javascript:window.__xss=12></object>",
    "<details open ontoggle=window.__xss=13>",
    "<style>@import 'javascript:window.__xss=14';</style>",
    "<form action=javascript:window.__xss=15><button autofocus>x</button></form>",
    "<base href=javascript:window.__xss=16//>",
    "<meta http-equiv=refresh content='0;url=javascript:window.__xss=17'>",
    "[click](javascript:window.__xss=18)",
    '![x](x"onerror="window.__xss=19)',
    "[click](data:text/html,<script>window.__xss=20</script>)",
    '<a href="javascript&colon;window.__xss=21">x</a>',
    "`</code><img src=x onerror=window.__xss=22>`",
    "</textarea><script>window.__xss=23</script>",
    "</title><script>window.__xss=24</script>",
    "<div hx-get=/ hx-trigger=load hx-on::load=window.__xss=25>",
    "{{ constructor.constructor('window.__xss=26')() }}{% load x %}",
    "<template><img src=x onerror=window.__xss=27></template>",
    "<!--><img src=x onerror=window.__xss=28>-->",
    "<input autofocus onfocus=window.__xss=29>",
    ']]><math><mtext><table><mglyph><style><!--</style><img title="--><img src=1 onerror=window.__xss=30>">',
)
CONTROLS = (
    "\x1b]8;;javascript:window.__xss=31\x1b\\<b onclick=window.__xss=31>\x1b]8;;\x1b\\",
    "\u202e<script>window.__xss=32</script>",
)
"""For what agents print; names with such characters are refused."""
ALL = "\n\n".join(PAYLOADS)
CONTENT = "\n\n".join(payload for payload in PAYLOADS if "](" not in payload)
"""For the rich text of phases, where links to scripts are refused."""


@dataclass(frozen=True)
class Hostile:
    """What was made, and the pages that show it."""

    plan: Plan
    agent: str
    paths: list[str]


def make_hostile(api: Api, folder: Path) -> Hostile:
    """All of it; returns when the agents have done what they do."""
    project = make_project(api, folder, "hostile")
    initiative = api.post(
        "/initiatives", name=PAYLOADS[2], project_ids=[project], provider="scripted", branch="cw/hostile"
    )["id"]
    for payload in PAYLOADS:
        api.post(f"/initiatives/{initiative}/phases", name=payload, content=CONTENT)
    phase = api.post(f"/initiatives/{initiative}/phases", name=PAYLOADS[5], content=CONTENT)["id"]
    task = add_task(api, phase, PAYLOADS[3], work())
    for payload in PAYLOADS:
        kind = "checkpoint:human-verify"
        api.post(f"/phases/{phase}/tasks", name=payload, description=payload, type=kind, depends_on=[task])
    asking = api.post(f"/initiatives/{initiative}/phases", name=PAYLOADS[4])["id"]
    options = [{"label": payload, "description": payload} for payload in PAYLOADS]
    questions = [{"id": "q", "question": ALL, "options": options}]
    asks = add_task(api, asking, PAYLOADS[6], [{"ask": {"questions": questions}}])
    fails = add_task(api, asking, PAYLOADS[7], [{"fail": {"exit": 3, "times": 99, "message": ALL}}])
    for one in (phase, asking):
        api.post(f"/phases/{one}/approve")
        api.post(f"/phases/{one}/queue")
    wait_for_status(api, f"/tasks/{task}", "completed", timeout=90)
    for row in api.items(f"/phases/{phase}/tasks?limit=100"):
        if row["id"] != task:
            api.post(f"/tasks/{row['id']}/complete", summary=ALL)
    wait_for_review(api, phase, timeout=90)
    first = comment(api, phase)
    chat = talk(api, phase)
    wait_until(lambda: api.get(f"/tasks/{fails}")["status"] == "blocked", 90, "the task is blocked")
    api.patch(f"/projects/{project}", name=PAYLOADS[0])
    agents = {str(row["task_id"]): str(row["name"]) for row in api.items("/agents?limit=200")}
    plan = Plan(initiative, phase, task)
    workers = [agents[one] for one in (task, asks, fails)]
    paths = shown_at(plan, project, chat, [phase, asking], [task, asks, fails], workers)
    paths.append(f"/admin/reviews/reviewcomment/{first}/change/")
    return Hostile(plan, agents[task], paths)


def add_task(api: Api, phase: str, name: str, steps: Steps) -> str:
    """A task for the scripted agent; its id."""
    made = api.post(f"/phases/{phase}/tasks", name=name, description=f"{ALL}\n\n{script(steps)}", provider="scripted")
    return str(made["id"])


def work() -> Steps:
    """What the agent says, writes, runs and commits."""
    steps: Steps = [{"say": payload} for payload in PAYLOADS + CONTROLS]
    for number, payload in enumerate(PAYLOADS):
        steps.append(write(f"{number}{payload}", ALL))
        if number % 6 == 0:
            steps.append({"commit": f"{payload}\n\n{ALL}"})
    lines = "\n".join(PAYLOADS) + "\n"
    steps += [write(name, lines) for name in ("page.html", "notes.md", "code.py", "image.svg", "data.json", "a.js")]
    return [*steps, {"run": "cat page.html"}, {"commit": PAYLOADS[0]}, {"done": ALL}]


def comment(api: Api, phase: str) -> str:
    """A thread with each payload, on a line that is one; the id of the first."""
    made = [
        api.post(
            f"/phases/{phase}/comments", file_path="page.html", line_number=number, line_type="added", body=payload
        )
        for number, payload in enumerate(PAYLOADS, 1)
    ]
    return str(made[0]["id"])


def talk(api: Api, phase: str) -> str:
    """A chat with all of them, which the agent echoes; its id."""
    chat = str(api.post("/chat-sessions", target_type="phase", target_id=phase)["id"])
    api.post(f"/chat-sessions/{chat}/messages", content=ALL)
    wait_until(lambda: len(api.items(f"/chat-sessions/{chat}/messages")) > 1, 90, "the chat is answered")
    return chat


def shown_at(plan: Plan, project: str, chat: str, phases: list[str], tasks: list[str], agents: list[str]) -> list[str]:
    """The pages that show it, our own and the admin's."""
    paths = ["/", "/projects/", "/initiatives/", "/agents/", f"/chat/{chat}/"]
    paths += [f"/projects/{project}/", f"/projects/{project}/edit/"]
    paths += [f"/initiatives/{plan.initiative}/{page}" for page in ("", "edit/", "phases/new/", "finish/")]
    paths += [f"/phases/{phase}/{page}" for phase in phases for page in ("edit/", "tasks/new/")]
    paths += [f"/tasks/{task}/{page}" for task in tasks for page in ("", "edit/")]
    paths += [f"/agents/{agent}/" for agent in agents]
    for app, names in {"initiatives": ("project", "initiative", "phase", "task"), "agents": ("agent",)}.items():
        paths += [f"/admin/{app}/{name}/" for name in names]
    return [*paths, f"/admin/initiatives/task/{plan.task}/change/"]
