"""The scripted program, run as what it is: a separate process with its own git."""

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agents.providers.events import Limit, OutputEvent, SessionStarted, Text, ToolCall, ToolResult
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.agents.providers.conftest import Desk

Script = Callable[..., str]


def ignored_signals(pid: int) -> set[int]:
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.split("SigIgn:")[1].split()[0], 16)
    return {number for number in range(1, 32) if mask >> (number - 1) & 1}


def texts(events: Sequence[OutputEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Text)]


def test_write_edit_run_commit_and_done(desk: "Desk", make_script: Script) -> None:
    run = desk.run(
        make_script(
            {"say": "I begin."},
            {"write": {"path": "src/a.py", "content": "x = 1\n"}},
            {"edit": {"path": "src/a.py", "find": "1", "replace": "2"}},
            {"run": "python3 -c 'print(40 + 2)' || echo 42"},
            {"commit": "Add a"},
            {"done": "a is there"},
        )
    )
    assert run.exit_code == 0
    assert run.signal == {"status": "done"}
    assert (run.ended.ok, run.ended.text) == (True, "a is there")
    assert run.events[0] == SessionStarted(desk.session_id, "scripted")
    results = [event for event in run.events if isinstance(event, ToolResult)]
    assert [result.is_error for result in results] == [False] * 4
    assert results[2].output == "42\n"
    assert len({result.call_id for result in results}) == 4
    assert desk.git("show", "HEAD:src/a.py") == "x = 2"
    assert desk.git("log", "--format=%an|%s") == "brisk-otter|Add a"
    assert desk.git("ls-files") == "src/a.py", "our own files are never committed"


def test_the_script_may_stand_in_the_task(desk: "Desk", make_script: Script) -> None:
    (desk.folder / ".cw" / "input").mkdir(parents=True)
    (desk.folder / ".cw" / "input" / "task.md").write_text(make_script({"done": "from the task"}))
    assert desk.run("Read .cw/input/task.md.").ended.text == "from the task"


def test_a_task_that_was_rewritten_is_played_anew_at_the_resume(desk: "Desk", make_script: Script) -> None:
    task = desk.folder / ".cw" / "input" / "task.md"
    task.parent.mkdir(parents=True)
    task.write_text(make_script({"fail": {"exit": 3, "times": 9}}))
    assert desk.run("Read .cw/input/task.md.").exit_code == 3
    assert desk.run("Go on.", resume=True).exit_code == 3
    task.write_text(make_script({"done": "mended"}))
    assert desk.run("Go on.", resume=True).ended.text == "mended"
    assert desk.run("Go on.", resume=True).ended.text == "There is nothing left to do in my script."


def test_questions_and_the_answer_in_the_prompt_of_the_resume(desk: "Desk", make_script: Script) -> None:
    questions = [{"id": "q1", "question": "Which DB?", "options": ["SQLite", "PostgreSQL"]}]
    script = make_script(
        {"ask": {"questions": questions}}, {"write": {"path": "db", "content": "{{prompt}}"}}, {"done": "ok"}
    )
    first = desk.run(script)
    assert first.exit_code == 0
    assert first.signal == {"status": "questions", "questions": questions}
    second = desk.run("Answer to q1: SQLite", resume=True)
    assert second.signal == {"status": "done"}
    assert (desk.folder / "db").read_text() == "Answer to q1: SQLite"
    assert second.events[0] == SessionStarted(desk.session_id, "scripted")


def test_a_failure_happens_as_often_as_it_says(desk: "Desk", make_script: Script) -> None:
    script = make_script(
        {"say": "once"}, {"fail": {"exit": 3, "times": 2, "message": "boom"}}, {"done": "third time lucky"}
    )
    runs = [desk.run(script), desk.run("again", resume=True), desk.run("again", resume=True)]
    assert [run.exit_code for run in runs] == [3, 3, 0]
    assert [run.stderr for run in runs] == ["boom\n", "boom\n", ""]
    assert runs[0].signal is None
    assert texts(runs[0].events) == ["once"]
    assert texts(runs[1].events) == []
    assert runs[2].ended.text == "third time lucky"


def test_a_limit_says_when_it_ends_and_is_over_at_the_resume(desk: "Desk", make_script: Script) -> None:
    first = desk.run(make_script({"limit": {"resets_in": 60}}, {"done": "after"}))
    assert first.exit_code == 1
    [limit] = [event for event in first.events if isinstance(event, Limit)]
    assert limit.status == "rejected"
    assert first.ended.resets_at == limit.resets_at is not None
    assert first.ended.end == "limit"
    assert desk.run("go on", resume=True).ended.text == "after"


@pytest.mark.parametrize(
    ("number", "exit_code", "last"),
    [(signal.SIGINT, 0, "stopped"), (signal.SIGTERM, 143, None), (signal.SIGKILL, -9, None)],
)
def test_stopped_and_gone_on_with(
    desk: "Desk", make_script: Script, number: int, exit_code: int, last: str | None
) -> None:
    process = desk.begin(make_script({"say": "before"}, {"hang": True}, {"done": "after"}))
    wait_until(lambda: texts(desk.events()) == ["before"])
    wait_until(lambda: b'"busy": true, "calls"' in (desk.state / "sessions" / f"{desk.session_id}.json").read_bytes())
    wait_until(lambda: b'"next": 1' in (desk.state / "sessions" / f"{desk.session_id}.json").read_bytes())
    process.send_signal(number)
    run = desk.end(process)
    assert run.exit_code == exit_code
    assert run.signal is None
    assert getattr(run.events[-1], "end", None) == last
    again = desk.run("go on", resume=True)
    assert texts(again.events) == []
    assert again.ended.text == "after"


def test_a_deaf_one_hears_no_signal(desk: "Desk", make_script: Script) -> None:
    process = desk.begin(make_script({"hang": "deaf"}))
    wait_until(lambda: {signal.SIGINT, signal.SIGTERM} <= ignored_signals(process.pid))
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.kill()
    assert desk.end(process).exit_code == -9


def test_a_stop_ends_the_command_that_runs(desk: "Desk", make_script: Script) -> None:
    process = desk.begin(make_script({"run": "echo $$ > pid; sleep 300; true"}))
    file = desk.folder / "pid"
    pid = int(wait_until(lambda: file.exists() and file.read_text()))
    process.send_signal(signal.SIGTERM)
    assert desk.end(process).exit_code == 143
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_command_left_in_the_background_does_not_keep_it(desk: "Desk", make_script: Script) -> None:
    run = desk.run(make_script({"run": "sleep 60 & echo $! > pid; echo here"}, {"done": "ok"}))
    os.kill(int((desk.folder / "pid").read_text()), signal.SIGKILL)
    assert run.ended.ok
    assert any(isinstance(event, ToolResult) and event.output == "here\n" for event in run.events)


def test_lines_come_one_by_one(desk: "Desk", make_script: Script) -> None:
    process = desk.begin(make_script({"print_lines": {"count": 1000, "every": 0.01}}))
    wait_until(lambda: len(texts(desk.events())) > 3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert desk.end(process).exit_code == 0
    whole = desk.run(make_script({"print_lines": {"count": 5000}}), resume=True)
    assert texts(whole.events) == [f"line {number}" for number in range(1, 5001)]


def test_it_can_leave_without_a_signal_and_say_so_at_the_resume(desk: "Desk", make_script: Script) -> None:
    first = desk.run(make_script({"quit": "bye"}))
    assert (first.signal, first.exit_code, first.ended.ok) == (None, 0, True)
    second = desk.run("You gave no signal.", resume=True)
    assert second.signal == {"status": "done"}


@pytest.mark.parametrize(
    "steps",
    [
        "[{]",
        '{"say": "x"}',
        '[{"say": "x", "done": "y"}]',
        '[{"dance": 1}]',
        '[{"write": {"content": "x"}}]',
        '[{"write": {"path": "../out", "content": "x"}}]',
        '[{"edit": {"path": "none", "find": "a", "replace": "b"}}]',
        '[{"wait": "long"}]',
    ],
)
def test_a_broken_script_ends_with_the_reason(desk: "Desk", steps: str) -> None:
    run = desk.run(f"```cw-script\n{steps}\n```")
    assert run.exit_code == 1
    assert run.ended.end == "error"
    assert run.signal == {"status": "error", "error": run.ended.reason}
    assert run.ended.reason
    assert not (desk.folder.parent / "out").exists()


def test_a_session_that_is_not_there_is_said_to_be_missing(desk: "Desk") -> None:
    run = desk.run("go on", resume=True)
    assert run.exit_code == 1
    assert run.ended.reason == "session_missing"


def test_no_script_is_no_work(desk: "Desk") -> None:
    run = desk.run("Build me a house.")
    assert run.signal == {"status": "done"}
    assert "no script" in run.ended.text


def test_a_chat_message_is_answered(desk: "Desk") -> None:
    (desk.folder / ".cw" / "input").mkdir(parents=True)
    (desk.folder / ".cw" / "input" / "manifest.json").write_text('{"work": "chat"}')
    assert desk.run("Context.\n\nPlease split it.").ended.text == "I read: Please split it."
    prompt = "You are brisk-otter.\n\nAnd\nnow?\n\nAnswer in short.\n\nThe very last thing you do:\n- signal\n"
    assert desk.run(prompt, resume=True).ended.text == "I read: And now?"


def test_review_comments_are_answered_with_a_commit(desk: "Desk", make_script: Script) -> None:
    (desk.folder / "a.py").write_text("def f():\n    return 1\n")
    (desk.folder / "b.md").write_text("one\ntwo\n")
    (desk.folder / ".cw" / "input").mkdir(parents=True)
    comments = [
        {"comment_id": "c1", "file_path": "a.py", "line_number": 1, "line_type": "added", "body": "Name it"},
        {"id": "c2", "file_path": "a.py", "line_number": 2, "line_type": "added", "body": "Return\n two"},
        {"id": "c3", "file_path": "b.md", "line_number": 99, "line_type": "removed", "body": "Gone?"},
        {"id": "c4", "file_path": "never.py", "line_number": 1, "line_type": "added", "body": "What?"},
    ]
    (desk.folder / ".cw" / "input" / "comments.json").write_text(json.dumps(comments))
    run = desk.run("Please answer the review comments.")
    assert run.signal == {"status": "done"}
    assert (desk.folder / "a.py").read_text() == (
        "# Reviewed: Name it\ndef f():\n    # Reviewed: Return two\n    return 1\n"
    )
    assert "Reviewed: Gone?" in (desk.folder / "b.md").read_text()
    answers = json.loads((desk.folder / ".cw" / "output" / "comment-responses.json").read_text())
    assert {answer["comment_id"] for answer in answers} == {"c1", "c2", "c3", "c4"}
    assert {answer["commit"] for answer in answers} == {desk.git("rev-parse", "HEAD")}
    assert any("never.py is not there" in answer["body"] for answer in answers)
    assert len([event for event in run.events if isinstance(event, ToolCall)]) == 4
    again = desk.run("You left something uncommitted.", resume=True)
    assert again.signal == {"status": "done"}
    assert not [event for event in again.events if isinstance(event, ToolCall)], "answered once only"
