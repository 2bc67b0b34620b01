from datetime import UTC, datetime

from cw_site.git import commits
from tests.factories_git import Lab


def make_commit(lab: Lab, raw: bytes) -> str:
    return lab.run(
        lab.root,
        f"--git-dir={lab.clone.git_dir}",
        "hash-object",
        "-t",
        "commit",
        "--literally",
        "-w",
        "--stdin",
        stdin=raw,
    )


def test_commits_are_listed_newest_first_with_what_the_author_wrote(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    tree = lab.in_clone("rev-parse", "main^{tree}")
    message = "Subject\nsame line\n\nBody\n\nmore\n"
    one = make_commit(lab, f"tree {tree}\nparent {main}\nauthor Ü <ü@x> 1700000000 +0200\n"
                           f"committer A <a@b> 1700000001 +0000\n\n{message}".encode())  # fmt: skip
    two = make_commit(lab, f"tree {tree}\nparent {one}\nparent {main}\nauthor  <> 99999999999999 +0000\n"
                           "committer A <a@b> 1700000002 +0000\n\n<script>\x1b[31m\n".encode())  # fmt: skip
    second, first = commits.list_commits(lab.clone, main, two)
    assert (first.sha, first.parents, first.author_name, first.author_email) == (one, [main], "Ü", "ü@x")
    assert first.authored_at == datetime.fromtimestamp(1700000000, UTC)
    assert (first.subject, first.body) == ("Subject same line", "Body\n\nmore")
    assert (second.parents, second.subject) == ([one, main], "<script>\x1b[31m")
    assert commits.count_commits(lab.clone, main, two) == 2
    assert [commit.sha for commit in commits.list_commits(lab.clone, main, two, limit=1)] == [two]


def test_bytes_that_are_no_text_are_shown_as_replaced(lab: Lab) -> None:
    tree = lab.in_clone("rev-parse", "main^{tree}").encode()
    who = b"\xff\xfe <a@b> 1700000000 +0000\n"
    odd = make_commit(lab, b"tree " + tree + b"\nauthor " + who + b"committer " + who + b"\n\xff subject\n")
    (commit,) = commits.list_commits(lab.clone, "main", odd)
    assert "\ufffd" in commit.author_name
    assert commit.subject == "\ufffd subject"


def test_nothing_new_is_an_empty_list(lab: Lab) -> None:
    assert commits.list_commits(lab.clone, "main", "main") == []
    assert commits.count_commits(lab.clone, "main", "main") == 0
