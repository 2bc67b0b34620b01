"""The files under .cw/, in a folder that belongs to somebody who may do anything with it."""

import json
import os
import stat
from pathlib import Path

import pytest

from agents.runtime.cw_files import (
    BadFile,
    CommentResponse,
    InputFiles,
    Signal,
    empty_output,
    read_comment_responses,
    read_signal,
    write_input,
)

FILES = InputFiles(
    agent_id="a1",
    agent_name="brisk-otter",
    work="review",
    initiative="# Initiative",
    phase="# Phase",
    task="# Task\n\0 \ud800",
    pages={"root.md": "page"},
    context={"tasks/01-parser.md": "done"},
    comments=[{"id": "c1", "file_path": "a.py", "line_number": 1, "line_type": "added", "body": "why?"}],
)


def output(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / ".cw" / "output" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_input_and_its_manifest(tmp_path: Path) -> None:
    write_input(tmp_path, FILES)
    folder = tmp_path / ".cw" / "input"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["agent"] == {"id": "a1", "name": "brisk-otter"}
    assert manifest["work"] == "review"
    names = [name.removeprefix(".cw/input/") for name in manifest["files"]]
    assert names == [
        "initiative.md",
        "phase.md",
        "task.md",
        "pages/root.md",
        "context/tasks/01-parser.md",
        "comments.json",
    ]
    assert (folder / "task.md").read_text() == "# Task\n\u2400 \ufffd"
    assert (folder / "context" / "tasks" / "01-parser.md").read_text() == "done"
    assert json.loads((folder / "comments.json").read_text())[0]["comment_id"] == "c1"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_input_of_before_is_gone(tmp_path: Path) -> None:
    write_input(tmp_path, FILES)
    write_input(tmp_path, InputFiles(agent_id="a1", agent_name="x", task="other"))
    found = {str(path.relative_to(tmp_path / ".cw" / "input")) for path in (tmp_path / ".cw" / "input").rglob("*")}
    assert found == {"manifest.json", "task.md"}


@pytest.mark.parametrize("name", ["../x.md", "/x.md", "a/../b", ".git", "a//b", "", "a b", "x\n", "-" * 200])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFile, match="no name"):
        write_input(tmp_path, InputFiles(agent_id="a", agent_name="n", pages={name: "x"}))


@pytest.mark.parametrize("what", [".cw", ".cw/input", ".cw/output"])
def test_links_in_the_way_are_replaced_never_followed(tmp_path: Path, what: str) -> None:
    work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    for folder in (work, elsewhere / "input", elsewhere / "output"):
        folder.mkdir(parents=True)
    for place in (elsewhere, elsewhere / "input", elsewhere / "output"):
        (place / "precious").write_text("mine")
    link = work / what
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere if what == ".cw" else elsewhere / what.split("/")[1])
    write_input(work, FILES)
    empty_output(work)
    assert [path.name for path in sorted(elsewhere.rglob("*")) if path.is_file()] == ["precious"] * 3
    assert (work / ".cw" / "input" / "task.md").is_file()
    assert not link.is_symlink()


def test_the_output_is_emptied_without_following_links(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    work = tmp_path / "work"
    output(work, "signal.json", "{}")
    output(work, "phases/one.md", "x")
    (work / ".cw" / "output" / "link").symlink_to(precious)
    (work / ".cw" / "output" / "phases" / "link").symlink_to(precious)
    os.mkfifo(work / ".cw" / "output" / "fifo")
    empty_output(work)
    assert list((work / ".cw" / "output").iterdir()) == []
    assert (precious / "file").read_text() == "mine"


def test_no_signal_is_none(tmp_path: Path) -> None:
    assert read_signal(tmp_path) is None
    empty_output(tmp_path)
    assert read_signal(tmp_path) is None


def test_the_signals(tmp_path: Path) -> None:
    output(tmp_path, "signal.json", '{"status": "done", "more": 1}')
    assert read_signal(tmp_path) == Signal("done")
    output(tmp_path, "signal.json", '{"status": "error", "error": "no luck\\u0000"}')
    assert read_signal(tmp_path) == Signal("error", error="no luck\u2400")
    output(tmp_path, "signal.json", '{"status": "error"}')
    assert read_signal(tmp_path) == Signal("error", error="The agent gave up without saying why.")


def test_questions_come_in_one_form(tmp_path: Path) -> None:
    questions = [
        {
            "id": "db",
            "question": "Which?",
            "options": ["A", {"label": "B", "description": "b"}, 3],
            "multiSelect": True,
        },
        {"question": " And? "},
        "Plain?",
        {"id": "db", "question": "Same id?"},
        {"id": "empty", "question": ""},
        7,
    ]
    output(tmp_path, "signal.json", json.dumps({"status": "questions", "questions": questions}))
    signal = read_signal(tmp_path)
    assert signal is not None
    assert signal.status == "questions"
    assert [(q["id"], q["question"], q["multiSelect"]) for q in signal.questions] == [
        ("db", "Which?", True),
        ("2", "And?", False),
        ("3", "Plain?", False),
        ("db-4", "Same id?", False),
    ]
    assert signal.questions[0]["options"] == [
        {"label": "A", "description": ""},
        {"label": "B", "description": "b"},
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"status": "finished"}',
        b'{"status": ["done"]}',
        b'{"status": "questions"}',
        b'{"status": "questions", "questions": {"a": 1}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status": "done", "x": ' + b"[" * 80 + b"]" * 80 + b"}",
        b"1" * 5000,
        b" " * 2_000_000,
    ],
    ids=range(13),
)
def test_a_signal_that_says_nothing_is_bad_and_says_why(tmp_path: Path, content: bytes) -> None:
    output(tmp_path, "signal.json", content)
    signal = read_signal(tmp_path)
    assert signal is not None
    assert signal.status == "bad"
    assert "signal.json" in signal.error or "too deep" in signal.error


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "linked folder"])
def test_a_signal_that_is_no_plain_file_is_bad(tmp_path: Path, kind: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    outside = output(tmp_path / "outside", "signal.json", '{"status": "done"}')
    if kind == "linked folder":
        (work / ".cw").mkdir()
        (work / ".cw" / "output").symlink_to(outside.parent)
    else:
        empty_output(work)
        place = work / ".cw" / "output" / "signal.json"
        if kind == "link":
            place.symlink_to(outside)
        elif kind == "fifo":
            os.mkfifo(place)
        else:
            place.mkdir()
    signal = read_signal(work)
    assert signal is not None
    assert signal.status == "bad"


def test_comment_responses(tmp_path: Path) -> None:
    assert read_comment_responses(tmp_path) == []
    entries = [{"comment_id": "c1", "body": " Fixed. ", "commit": "abc"}, {"comment_id": "c2", "body": "No."}]
    broken = [{"comment_id": "c3"}, {"body": "?"}, 3, None, {"comment_id": 4, "body": "x"}]
    output(tmp_path, "comment-responses.json", json.dumps(entries + broken))
    assert read_comment_responses(tmp_path) == [
        CommentResponse("c1", "Fixed.", "abc"),
        CommentResponse("c2", "No.", ""),
    ]


@pytest.mark.parametrize("content", [b"{}", b"nonsense", b"[" * 90 + b"]" * 90, b"[" * 100_000])
def test_comment_responses_that_are_no_list_are_refused(tmp_path: Path, content: bytes) -> None:
    output(tmp_path, "comment-responses.json", content)
    with pytest.raises(BadFile):
        read_comment_responses(tmp_path)
