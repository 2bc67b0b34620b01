"""The files between us and an agent, under `.cw/` in its working folder.

The agent owns that folder and may put anything there: links to elsewhere, pipes, gigabytes, nonsense. Every step is
taken through descriptors without following a link, reads are capped, and what cannot be read has a sentence.
"""

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

from agents.providers.parsing import Unreadable, as_list, as_text, clean_text, clean_value
from cw_site.foundation.errors import DomainError

FOLDER = ".cw"
SIGNAL = "signal.json"
LARGEST_FILE = 1024 * 1024
MOST_ENTRIES = 500
LONGEST_TEXT = 64 * 1024
SAFE_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
REMOVED_SAFELY = shutil.rmtree.avoids_symlink_attacks


class BadFile(DomainError):
    """A file of the agent that cannot be taken; the message says why."""

    code = "bad_file"
    status = 422


class QuestionOption(TypedDict):
    """One of the offered answers."""

    label: str
    description: str


class Question(TypedDict):
    """A question of an agent, ready to be stored as JSON."""

    id: str
    question: str
    options: list[QuestionOption]
    multiSelect: bool


@dataclass(frozen=True, slots=True)
class InputFiles:
    """What an agent is given to read. Keys of `pages` and `context` are file names such as `tasks/01-parser.md`.

    `work` says what it is for: "task", "review", "conflict", "chat", …. Each of `comments` has comment_id (or
    id), file_path, line_number, line_type, body, author and, where a working folder holds several projects, folder.
    """

    agent_id: str
    agent_name: str
    work: str = "task"
    initiative: str = ""
    phase: str = ""
    task: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    comments: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """The last thing an agent wrote. "bad": there is a file, but it says nothing that can be used (see `error`)."""

    status: Literal["done", "questions", "error", "bad"]
    questions: tuple[Question, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class CommentResponse:
    """The agent's answer to one review comment."""

    comment_id: str
    body: str
    commit: str = ""


@contextmanager
def _open_folder(root: Path, *parts: str, create: bool) -> Iterator[int]:
    """A descriptor of a folder below root, reached without following any link. With `create`, what is in the way (a
    link, a file) is removed and the folder made; else FileNotFoundError or NotADirectoryError."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            if create:
                _make_folder(part, descriptor)
            inner = os.open(part, DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _make_folder(name: str, parent: int) -> None:
    """Make sure that `name` is a real folder."""
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=parent)
            os.mkdir(name, 0o700, dir_fd=parent)


def _empty(descriptor: int) -> None:
    """Remove everything inside, following no link."""
    for name in os.listdir(descriptor):
        if stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=descriptor)
        else:
            os.unlink(name, dir_fd=descriptor)


def _write(folder: Path, name: str, text: str) -> None:
    """Write `.cw/input/<name>`; name may have folders in it."""
    parts = name.split("/")
    if not all(SAFE_PART.fullmatch(part) for part in parts):
        raise BadFile(f"{name!r} is no name for an input file: use letters, digits, '.', '-' and '_'.")
    with _open_folder(folder, FOLDER, "input", *parts[:-1], create=True) as parent:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(parts[-1], flags, 0o600, dir_fd=parent), "wb") as file:
            file.write(clean_text(text).encode())


def write_input(folder: Path, files: InputFiles) -> None:
    """Replace `.cw/input/` by these files and a manifest of them. `folder` is the agent's working folder."""
    texts = {"initiative.md": files.initiative, "phase.md": files.phase, "task.md": files.task}
    contents = {name: text for name, text in texts.items() if text}
    contents |= {f"pages/{name}": text for name, text in files.pages.items()}
    contents |= {f"context/{name}": text for name, text in files.context.items()}
    if files.comments is not None:
        comments = [{"comment_id": comment.get("id", ""), **comment} for comment in files.comments]
        contents["comments.json"] = json.dumps(comments, indent=2)
    manifest = {
        "agent": {"id": files.agent_id, "name": files.agent_name},
        "work": files.work,
        "files": [f"{FOLDER}/input/{name}" for name in contents],
        "output": f"{FOLDER}/output",
    }
    with _open_folder(folder, FOLDER, "input", create=True) as descriptor:
        _empty(descriptor)
    for name, text in contents.items():
        _write(folder, name, text)
    _write(folder, "manifest.json", json.dumps(manifest, indent=2))


def empty_output(folder: Path) -> None:
    """Make `.cw/output/` an empty folder, as it must be before each session."""
    with _open_folder(folder, FOLDER, "output", create=True) as descriptor:
        _empty(descriptor)


def clear_signal(folder: Path) -> None:
    """Remove the signal alone: what else the agent wrote still counts, it is only asked for one thing more."""
    with _open_folder(folder, FOLDER, "output", create=True) as descriptor:
        if SIGNAL in os.listdir(descriptor):
            if stat.S_ISDIR(os.stat(SIGNAL, dir_fd=descriptor, follow_symlinks=False).st_mode):
                shutil.rmtree(SIGNAL, dir_fd=descriptor)
            else:
                os.unlink(SIGNAL, dir_fd=descriptor)


def _read_output(folder: Path, name: str) -> bytes | None:
    """A file of `.cw/output/`, None when there is none. Raises BadFile for what is not a plain file of sane size."""
    try:
        with _open_folder(folder, FOLDER, "output", create=False) as parent:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            with os.fdopen(os.open(name, flags, dir_fd=parent), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise BadFile(f"{name} is not a plain file.")
                data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(f"{name} cannot be read: {error.strerror}. Links are not followed.") from error
    if len(data) > LARGEST_FILE:
        raise BadFile(f"{name} is larger than {LARGEST_FILE // 1024} KiB.")
    return data


def _read_json(folder: Path, name: str) -> object:
    """The cleaned value of a JSON file, None when there is no file. Raises BadFile."""
    data = _read_output(folder, name)
    if data is None:
        return None
    try:
        return clean_value(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{name} is not valid JSON: {str(error)[:200]}.") from error


def read_signal(folder: Path) -> Signal | None:
    """What the agent signalled, None when it wrote no signal. Never raises for what the agent did."""
    try:
        value = _read_json(folder, "signal.json")
        if value is None and _read_output(folder, "signal.json") is None:
            return None
        return _signal(value)
    except (BadFile, Unreadable) as error:
        return Signal("bad", error=str(error))


def _signal(value: object) -> Signal:
    """The signal that a parsed file means. Raises BadFile."""
    if not isinstance(value, dict):
        raise BadFile("signal.json is not an object.")
    match value.get("status"):
        case "done":
            return Signal("done")
        case "error":
            said = as_text(value.get("error")) or "The agent gave up without saying why."
            return Signal("error", error=said[:LONGEST_TEXT])
        case "questions":
            questions = _questions(value.get("questions"))
            if not questions:
                raise BadFile("signal.json says that there are questions, but holds none.")
            return Signal("questions", questions=questions)
        case other:
            raise BadFile(f"signal.json has no known status: {str(other)[:100]!r}.")


def _questions(value: object) -> tuple[Question, ...]:
    """The questions that can be asked; each gets an id of its own, whatever the agent gave."""
    found: dict[str, Question] = {}
    for number, entry in enumerate(as_list(value)[:MOST_ENTRIES], start=1):
        item = entry if isinstance(entry, dict) else {"question": entry}
        text = as_text(item.get("question")).strip()
        if not text:
            continue
        name = str(item.get("id") or number)[:100]
        name = name if name not in found else f"{name}-{number}"
        options = [option for raw in as_list(item.get("options"))[:50] if (option := _option(raw))]
        multiple = item.get("multiSelect") is True or item.get("multi_select") is True
        found[name] = Question(id=name, question=text[:LONGEST_TEXT], options=options, multiSelect=multiple)
    return tuple(found.values())


def _option(value: object) -> QuestionOption | None:
    """An option given as text or as {label, description}."""
    item = value if isinstance(value, dict) else {"label": value}
    label = as_text(item.get("label")).strip()
    return QuestionOption(label=label[:1000], description=as_text(item.get("description"))[:4000]) if label else None


def read_comment_responses(folder: Path) -> list[CommentResponse]:
    """The agent's answers to review comments; entries that cannot be used are left out. Empty when there is no file.

    Raises BadFile when there is one that is no list at all.
    """
    name = "comment-responses.json"
    try:
        value = _read_json(folder, name)
    except Unreadable as error:
        raise BadFile(f"{name}: {error}.") from error
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadFile(f"{name} is not a list.")
    responses = []
    for entry in value[:MOST_ENTRIES]:
        if isinstance(entry, dict):
            comment, body = as_text(entry.get("comment_id")), as_text(entry.get("body")).strip()
            if comment and body:
                responses.append(CommentResponse(comment[:100], body[:LONGEST_TEXT], as_text(entry.get("commit"))[:64]))
    return responses
