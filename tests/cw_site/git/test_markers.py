"""No content of a repository makes our git start a program; each way to do so is first shown to work on plain git."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cw_site.git import clones, commits, diffs, fsck, merging, pushing, refs, worktrees
from tests.cw_site.git.markers import ATTRIBUTES, FILES, GROUPS, Scene, Vector
from tests.factories_git import BRANCH, Lab, make_lab, plain_environment

VECTORS = [vector for group in GROUPS.values() for vector in group]


@pytest.fixture(scope="session")
def scene_template(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Branches that merge cleanly (side, side2) and one that does not (conflict), in files for every driver."""
    lab = make_lab(tmp_path_factory.mktemp("scene"))
    lines = [f"{n}\n" for n in range(9)]
    (lab.source / ".gitattributes").write_text(ATTRIBUTES)
    lab.commit(lab.source, "Files", **{f"{name}__txt": "".join(lines) for name in FILES})
    for branch, at, text in (("side", 0, "side\n"), ("side2", 4, "side2\n"), ("conflict", 8, "conflict\n")):
        lab.in_source("checkout", "--quiet", "-b", branch, "main")
        changed = [*lines[:at], text, *lines[at + 1 :]]
        lab.commit(lab.source, branch, **{f"{name}__txt": "".join(changed) for name in FILES})
    lab.in_source("checkout", "--quiet", "main")
    lab.commit(lab.source, "Main goes on", **{f"{name}__txt": "".join([*lines[:8], "main\n"]) for name in FILES})
    clones.fetch(lab.clone, url=str(lab.source))
    clones.sync_default_branch(lab.clone, branch="main")
    lab.run(lab.root, "init", "--quiet", "--bare", "--initial-branch=main", "target.git")
    lab.in_source("push", "--quiet", "../target.git", "side:main")
    return Scene(lab)


def make_scene(template: Scene, root: Path, vectors: list[Vector]) -> Scene:
    subprocess.run(["cp", "-a", f"{template.lab.root}/.", str(root)], check=True)
    scene = Scene(Lab(root))
    scene.fired.mkdir()
    scene.lab.add_worktree()
    for vector in vectors:
        vector.plant(scene, str(scene.program(re.sub(r"[^A-Za-z]+", "-", vector.name), vector.body)))
    scene.forget()
    return scene


def run_plainly(scene: Scene, script: str) -> None:
    """As an agent's shell would run it. What it answers does not matter, only what it starts."""
    places = {"TARGET": str(scene.target), "SOURCE": str(scene.lab.source), "PYTHON": sys.executable}
    environment = {**plain_environment(scene.lab.root), **places}
    subprocess.run(
        ["sh", "-c", script], cwd=scene.lab.worktree, env=environment, input=b"", capture_output=True, timeout=60
    )


def change_everything(scene: Scene) -> str:
    """New work on all sides: a commit in the source, and changed, staged and new files in the worktree."""
    lab = scene.lab
    parent = lab.in_source("rev-parse", "main")
    lab.in_source("-c", "core.hooksPath=/dev/null", "update-ref", "refs/heads/new",
                  lab.in_source("commit-tree", "-p", parent, "-m", "new", f"{parent}^{{tree}}"))  # fmt: skip
    for name in FILES:
        with (lab.worktree / f"{name}.txt").open("a") as file:
            file.write("changed by the agent\n")
    (lab.worktree / "untracked.txt").write_text("new")
    return parent


def look_at_everything(scene: Scene) -> None:
    clone, main = scene.lab.clone, refs.resolve_commit(scene.lab.clone, "main")
    side = refs.resolve_commit(clone, "refs/remotes/origin/side")
    changes = diffs.list_files(clone, main, side)
    assert {change.path for change in changes} == {f"{name}.txt" for name in FILES}
    for change in changes:
        assert b"+side\n" in diffs.file_patch(clone, main, side, change)
        assert diffs.read_blob(clone, change.new_oid, limit=100).data.startswith(b"side\n")
    assert len(diffs.count_lines(clone, main, side)) == len(FILES)
    assert diffs.diff_hash(clone, main, side)
    assert [commit.subject for commit in commits.list_commits(clone, main, side)] == ["side"]
    assert commits.count_commits(clone, main, side) == 1
    assert refs.merge_base(clone, main, side)
    assert not refs.is_ancestor(clone, main, side)
    assert refs.list_refs(clone, "refs/heads/")
    assert worktrees.status(clone, scene.lab.worktree).dirty


def merge_everything(scene: Scene) -> None:
    clone, main = scene.lab.clone, refs.resolve_commit(scene.lab.clone, "main")
    refs.create_ref(clone, "refs/heads/cw/new", main)
    merged = merging.merge_into(clone, ref="refs/heads/cw/new", expected=main, source="origin/side", message="Merge")
    assert merged.kind == "merged"
    conflict = merging.merge_into(
        clone, ref="refs/heads/cw/new", expected=merged.commit or "", source="origin/conflict", message="Merge"
    )
    assert len(conflict.conflicts) == len(FILES)
    refs.move_ref(clone, "refs/heads/cw/new", new=main, old=merged.commit or "")


def work_with_everything(scene: Scene) -> None:
    """Every operation of cw_site.git that runs git, one after the other; each must do its work."""
    lab, clone = scene.lab, scene.lab.clone
    change_everything(scene)
    info = clones.ensure_clone(clone, url=str(lab.source))
    clones.fetch(clone, url=str(lab.source))
    assert clones.sync_default_branch(clone, branch="main").state == "up_to_date"
    look_at_everything(scene)
    merge_everything(scene)
    assert worktrees.ensure_worktree(clone, lab.worktree, branch=BRANCH, start="main").head
    second = worktrees.ensure_worktree(clone, lab.root / "second", branch="cw-task/demo/second-1", start="main")
    assert (second.path / "smudge.txt").exists()
    worktrees.ensure_detached(clone, lab.root / "third", commit="refs/remotes/origin/side")
    worktrees.ensure_detached(clone, lab.root / "third", commit="main")
    assert worktrees.snapshot(clone, lab.worktree, keep_name="markers/snapshot", message="Saved")
    result = pushing.push(clone, url=str(scene.target), commit="origin/new", ref="pushed-by-us")
    assert (result.ok, result.reason) == (True, "")
    assert pushing.push(clone, url=str(lab.source), commit="origin/new", ref="main").checked_out
    assert pushing.push(clone, url=str(lab.source), commit="origin/side", ref="cw/pushed").ok
    assert refs.keep(clone, "markers/main", info.head)
    assert fsck.check(clone) == []
    for path in (second.path, lab.root / "third"):
        worktrees.remove_worktree(clone, path, keep_name=f"markers/{path.name}")
    for inside in ("module", "buried"):
        if (lab.worktree / inside).exists():
            (lab.worktree / inside).rename(lab.root / inside)
    worktrees.remove_worktree(clone, lab.worktree, keep_name="markers/first")
    assert not lab.worktree.exists()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_plain_git_starts_the_program(vector: Vector, scene_template: Scene, tmp_path: Path) -> None:
    scene = make_scene(scene_template, tmp_path, [vector])
    for script in vector.prove:
        run_plainly(scene, script)
    assert bool(scene.what_fired()) == (not vector.not_here), vector.not_here


@pytest.mark.parametrize("group", GROUPS)
def test_our_git_starts_none_of_them(group: str, scene_template: Scene, tmp_path: Path) -> None:
    scene = make_scene(scene_template, tmp_path, GROUPS[group])
    work_with_everything(scene)
    assert scene.what_fired() == set()


def test_there_are_at_least_24_ways() -> None:
    assert sum(not vector.not_here for vector in VECTORS) >= 24


def test_nothing_in_our_own_environment_starts_a_program(
    scene_template: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make_scene(scene_template, tmp_path, [])
    marker = str(scene.program("environment", "cat"))
    config = tmp_path / "evil-config"
    config.write_text(f'[core]\n\tfsmonitor = "{marker}"\n\thooksPath = {tmp_path}\n[diff]\n\texternal = "{marker}"\n')
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_EDITOR", "GIT_PAGER", "GIT_ASKPASS"):
        monkeypatch.setenv(name, marker)
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": marker,
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={marker}'",
        "GIT_DIR": str(tmp_path),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_TEMPLATE_DIR": str(tmp_path),
        "GIT_TRACE": str(tmp_path / "fired" / "trace"),
    }.items():
        monkeypatch.setenv(name, value)
    _work_without_plain_git(scene)
    assert scene.what_fired() == set()


def _work_without_plain_git(scene: Scene) -> None:
    (scene.lab.worktree / "plain.txt").write_text("changed")
    look_at_everything(scene)
    merge_everything(scene)
    clones.fetch(scene.lab.clone, url=str(scene.lab.source))
    worktrees.remove_worktree(scene.lab.clone, scene.lab.worktree, keep_name="environment")
