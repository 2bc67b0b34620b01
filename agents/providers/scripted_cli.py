"""A coding agent without a model, a program of its own: `python -I scripted_cli.py --session-id ID < prompt`.

It plays the script it finds in a fenced block called cw-script, in the prompt or in .cw/input/task.md: a JSON list of
steps, {"say": …} {"write": {"path", "content"}} {"edit": {"path", "find", "replace"}} {"run": "command"}
{"commit": "message"} {"ask": {"questions": […]}} {"wait": seconds} {"pace": seconds}
{"fail": {"exit", "times", "message"}} {"hang": true | "deaf"} {"limit": {"resets_in": seconds, "times"}}
{"print_lines": {"count", "every"}} {"quit": "last words, but no signal"} {"done": "summary"}. In texts, {{prompt}}
stands for the prompt of this run: so answers can be used. What it did is kept in --state, and --resume goes on from
there. Without a script it answers review comments (.cw/input/comments.json) or a chat message.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any, NoReturn

CW = Path(".cw")
COMMENTS = CW / "input" / "comments.json"
OUTPUT_LIMIT = 100_000
SCRIPT = re.compile(r"^(`{3,})cw-script[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
HASH_COMMENTS = {".py", ".sh", ".toml", ".yml", ".yaml", ".rb", ".cfg", ".ini", ".mk"}
PASSED_OVER = {"wait", "hang", "print_lines", "run"}


class Interrupted(BaseException):
    """SIGINT or SIGTERM came; its argument is the number."""


class Over(BaseException):
    """The session ends here; its argument is the exit code."""


class StepFailed(Exception):
    """A step cannot be carried out; the script ends."""


def emit(kind: str, **data: object) -> None:
    """One line of output, at once."""
    sys.stdout.write(json.dumps({"type": kind, **data}) + "\n")
    sys.stdout.flush()


def finish(end: str, text: str = "", *, reason: str = "", exit_code: int = 0, **data: object) -> NoReturn:
    """The terminal event, and the way out."""
    emit("result", end=end, text=text, reason=reason, **data)
    raise Over(exit_code)


def write_signal(value: dict[str, object]) -> None:
    """The last thing an agent writes."""
    folder = CW / "output"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".signal.json.tmp"
    temporary.write_text(json.dumps(value))
    os.replace(temporary, folder / "signal.json")


def done(text: str) -> NoReturn:
    """Signal that the work is done and say the last word."""
    write_signal({"status": "done"})
    finish("success", text)


class Session:
    """What is kept between runs: the script, the step to play next, and how often failing steps were reached."""

    def __init__(self, folder: Path, name: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
            raise ValueError(f"bad session id {name!r}")
        self.path = folder / f"{name}.json"
        self.name = name
        self.script: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] | None = None
        self.next, self.busy = 0, False
        self.reached: dict[str, int] = {}
        self.calls = 0

    def load(self) -> bool:
        """Read what an earlier run left. A step it was cut off in is done again, unless it only took time."""
        try:
            kept = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return False
        self.script, self.next, self.reached = kept["script"], kept["next"], kept["reached"]
        self.calls, self.planned = kept["calls"], kept.get("planned")
        if kept["busy"] and set(self.script[self.next]) & PASSED_OVER:
            self.next += 1
        return True

    def save(self, *, busy: bool) -> None:
        """Keep the present point."""
        self.busy = busy
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self.path.with_suffix(".tmp")
        kept = {name: getattr(self, name) for name in ("script", "planned", "next", "reached", "busy", "calls")}
        temporary.write_text(json.dumps(kept))
        os.replace(temporary, self.path)

    def advance(self) -> None:
        """The present step is behind us."""
        self.next += 1
        self.save(busy=False)

    def once_more(self, times: int) -> bool:
        """Count one more visit of this step; whether it is still among the first `times`."""
        count = self.reached.get(str(self.next), 0) + 1
        self.reached[str(self.next)] = count
        self.save(busy=False)
        return count <= times


class Player:
    """Plays the steps of a session."""

    def __init__(self, session: Session, prompt: str) -> None:
        self.session = session
        self.prompt = prompt

    def play(self) -> NoReturn:
        """Every step that is left; a script without an end is done."""
        session = self.session
        pace = sum(float(step["pace"]) for step in session.script if "pace" in step)
        while session.next < len(session.script):
            step = session.script[session.next]
            kind, value = next(iter(step.items()))
            session.save(busy=True)
            time.sleep(pace)
            action = getattr(self, f"do_{kind}", None)
            if action is None:
                raise StepFailed(f"Step {session.next + 1} is of no known kind: {kind}.")
            action(value)
            session.advance()
        done(f"All {len(session.script)} steps are done.")

    def fill(self, text: object) -> str:
        """A text of the script with the prompt put in."""
        return str(text).replace("{{prompt}}", self.prompt)

    def tool(self, name: str, **data: object) -> str:
        """Say that a tool is used; returns the call's id."""
        self.session.calls += 1
        call = f"call-{self.session.calls}"
        emit("tool", id=call, name=name, input=data)
        return call

    def do_say(self, value: object) -> None:
        emit("text", text=self.fill(value))

    def do_write(self, value: dict[str, Any]) -> None:
        path, content = inside(value["path"]), self.fill(value.get("content", ""))
        call = self.tool("write", path=str(value["path"]), content=content)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        emit("tool_result", id=call, output=f"Wrote {len(content)} characters.", is_error=False)

    def do_edit(self, value: dict[str, Any]) -> None:
        path, find, replace = inside(value["path"]), str(value["find"]), self.fill(value["replace"])
        call = self.tool("edit", path=str(value["path"]), find=find, replace=replace)
        text = path.read_text() if path.is_file() else ""
        if find not in text and replace not in text:
            emit("tool_result", id=call, output="The text to replace is not there.", is_error=True)
            raise StepFailed(f"{value['path']} does not hold the text to replace.")
        path.write_text(text.replace(find, replace, 1))
        emit("tool_result", id=call, output="Replaced.", is_error=False)

    def do_run(self, value: object) -> None:
        call = self.tool("run", command=str(value))
        code, output = run_command(["/bin/sh", "-c", str(value)])
        emit("tool_result", id=call, output=output or f"exit code {code}", is_error=code != 0)

    def do_commit(self, value: object) -> None:
        item = value if isinstance(value, dict) else {"message": value}
        call = self.tool("commit", message=str(item["message"]))
        code, output = commit(str(item.get("folder", ".")), self.fill(item["message"]))
        emit("tool_result", id=call, output=output, is_error=code != 0)

    def do_ask(self, value: dict[str, Any]) -> None:
        emit("text", text="\n".join(str(question.get("question", "")) for question in value["questions"]))
        self.session.advance()
        write_signal({"status": "questions", "questions": value["questions"]})
        finish("success", "I have questions.")

    def do_pace(self, value: object) -> None:
        """Every step of the script waits so many seconds first; `play` has read it."""

    def do_wait(self, value: object) -> None:
        time.sleep(float(str(value)))

    def do_fail(self, value: dict[str, Any]) -> None:
        if self.session.once_more(int(value.get("times", 1))):
            sys.stderr.write(str(value.get("message", "The script says: fail.")) + "\n")
            raise Over(int(value.get("exit", 3)))

    def do_hang(self, value: object) -> None:
        if value == "deaf":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()

    def do_limit(self, value: dict[str, Any]) -> None:
        if self.session.once_more(int(value.get("times", 1))):
            resets_at = int(time.time() + float(value.get("resets_in", 60)))
            emit("limit", status="rejected", resets_at=resets_at)
            finish("limit", reason="The usage limit is reached.", resets_at=resets_at, exit_code=1)

    def do_print_lines(self, value: dict[str, Any]) -> None:
        every = float(value.get("every", 0))
        for number in range(1, int(value["count"]) + 1):
            emit("text", text=f"line {number}")
            if every:
                time.sleep(every)

    def do_quit(self, value: object) -> None:
        self.session.advance()
        finish("success", self.fill(value))

    def do_done(self, value: object) -> None:
        self.session.advance()
        done(self.fill(value))


def inside(path: object) -> Path:
    """The path, which must stay below the working folder."""
    target = Path(str(path))
    if not target.resolve().is_relative_to(Path.cwd().resolve()):
        raise StepFailed(f"{path} lies outside the working folder.")
    return target


def run_command(command: list[str], folder: str = ".") -> tuple[int, str]:
    """Run a command as real agents do, in a session of its own, and give its exit code and output. The output goes
    through a file: something left in the background must not keep us waiting for the end of a pipe."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        return code, output.read(OUTPUT_LIMIT).decode("utf-8", "replace")


def commit(folder: str, message: str) -> tuple[int, str]:
    """Commit everything in the working folder but our own files."""
    code, output = run_command(["git", "add", "-A"], folder)
    run_command(["git", "rm", "-r", "-q", "--cached", "--ignore-unmatch", ".cw"], folder)
    if code == 0:
        code, output = run_command(["git", "-c", "commit.gpgSign=false", "commit", "-m", message], folder)
    return code, output


def find_script(text: str) -> list[dict[str, Any]] | None:
    """The script in a text. Raises StepFailed for a broken one."""
    if not (found := SCRIPT.search(text)):
        return None
    try:
        script = json.loads(found[2])
    except ValueError as error:
        raise StepFailed(f"The script is not valid JSON: {error}.") from error
    if not isinstance(script, list) or not all(isinstance(step, dict) and len(step) == 1 for step in script):
        raise StepFailed("The script must be a list of objects with one key each.")
    return script


def mark_comment(comment: dict[str, Any]) -> str:
    """Put a marker line above the commented one; returns what was done, as the answer to the comment."""
    name = str(comment.get("file_path", ""))
    path = inside(Path(str(comment.get("folder") or ".")) / name)
    if not name or not path.is_file():
        return f"{name or 'The file'} is not there any more, so nothing was changed."
    words = " ".join(str(comment.get("body", "")).split())[:80]
    lines = path.read_text(errors="surrogateescape").split("\n")
    place = max(0, min(int(comment.get("line_number") or 1), len(lines)) - 1)
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    mark = "# " if path.suffix in HASH_COMMENTS else ""
    lines.insert(place, f"{indent}{mark}Reviewed: {words}")
    path.write_text("\n".join(lines), errors="surrogateescape")
    return f"Marked line {place + 1} of {name}: {words}"


def answer_comments(player: Player) -> NoReturn:
    """Review work: a change for each comment, one commit, and the answers."""
    comments = json.loads(COMMENTS.read_text())
    answers, folders = [], []
    # From the bottom up, so that a marker does not move the lines of the comments above it.
    for comment in sorted(comments, key=lambda comment: -int(comment.get("line_number") or 1)):
        name = str(comment.get("comment_id") or comment.get("id", ""))
        call = player.tool("edit", path=str(comment.get("file_path", "")), comment=name)
        body = mark_comment(comment)
        emit("tool_result", id=call, output=body, is_error=False)
        folders.append(str(comment.get("folder") or "."))
        answers.append({"comment_id": name, "body": body, "commit": ""})
    for folder in dict.fromkeys(folders):
        code, output = commit(folder, "Answer review comments")
        if code != 0 and "nothing to commit" not in output:
            raise StepFailed(f"The commit failed: {output.strip()[-300:]}")
        head = run_command(["git", "rev-parse", "HEAD"], folder)[1].strip()
        for answer, place in zip(answers, folders, strict=True):
            answer["commit"] = head if place == folder else answer["commit"]
    player.session.reached["comments"] = zlib.crc32(COMMENTS.read_bytes())
    player.session.save(busy=False)
    (CW / "output").mkdir(parents=True, exist_ok=True)
    (CW / "output" / "comment-responses.json").write_text(json.dumps(answers, indent=2))
    done(f"Answered {len(answers)} review comment{'s' * (len(answers) != 1)}.")


def work_kind() -> str:
    """What the manifest says that the work is."""
    try:
        return str(json.loads((CW / "input" / "manifest.json").read_text()).get("work", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def chat_message(prompt: str) -> str:
    """What the person said: the prompt's last paragraph that is not one of the usual instructions."""
    usual = ("You are ", "Answer in ", "The very last thing")
    found = [" ".join(part.split()) for part in prompt.split("\n\n") if not part.strip().startswith(usual)]
    return next((part for part in reversed(found) if part), "nothing")


def work(session: Session, prompt: str) -> NoReturn:
    """Play the script of the prompt, or the task's when it is new, or do what can be done without one."""
    player = Player(session, prompt)
    script, task = find_script(prompt), CW / "input" / "task.md"
    planned = find_script(task.read_text(errors="replace")) if task.is_file() else None
    if planned is not None and planned != session.planned:
        script, session.planned = script or planned, planned
    if script is not None:
        session.script, session.next, session.reached = script, 0, {}
    session.save(busy=False)
    if session.next < len(session.script):
        player.play()
    # The same comments are answered once, even if the session is resumed for something else.
    if COMMENTS.is_file() and session.reached.get("comments") != zlib.crc32(COMMENTS.read_bytes()):
        answer_comments(player)
    if work_kind() == "chat":
        answer = f"I read: {chat_message(prompt)[:200]}"
        emit("text", text=answer)
        done(answer)
    text = "There is nothing left to do in my script." if session.script else "I have no script, so I did nothing."
    emit("text", text=text)
    done(text)


def interrupt(number: int, _frame: object) -> NoReturn:
    """The signal handler; what comes after the first signal no longer matters."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted(number)


def main() -> int:
    """Run one session; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--session-id")
    parser.add_argument("--resume")
    options = parser.parse_args()
    session = Session(options.state, options.resume or options.session_id or "")
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        prompt = sys.stdin.buffer.read().decode("utf-8", "replace")
        if options.resume and not session.load():
            finish("error", reason="session_missing", exit_code=1)
        emit("session", session_id=session.name, model=options.model)
        work(session, prompt)
    except Over as over:
        return int(over.args[0])
    except Interrupted as interrupted:
        number = int(interrupted.args[0])
        if number == signal.SIGINT:
            emit("result", end="stopped", text="", reason="It was interrupted.")
            return 0
        return 128 + number
    except (StepFailed, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"
        write_signal({"status": "error", "error": reason})
        emit("result", end="error", text="", reason=reason)
        return 1


if __name__ == "__main__":
    sys.exit(main())
