"""Ways in which the content of a repository can make plain git start a program, each with its proof.

A vector plants a marker program somewhere that an agent, or whoever wrote a repository, can write to; `prove` is plain
git that must start it. `{m}` stands for the marker program's path.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.factories_git import Lab

FILES = ("clean", "smudge", "process", "textconv", "command", "merge", "plain")
ATTRIBUTES = (
    "clean.txt filter=clean\nsmudge.txt filter=smudge\nprocess.txt filter=process\n"
    "textconv.txt diff=textconv\ncommand.txt diff=command\nmerge.txt merge=driver\n"
)
Plant = Callable[["Scene", str], None]


@dataclass(frozen=True)
class Scene:
    """A lab with a worktree, a bare repository to push to, and the places that markers leave their traces in."""

    lab: Lab

    @property
    def target(self) -> Path:
        return self.lab.root / "target.git"

    @property
    def fired(self) -> Path:
        return self.lab.root / "fired"

    def program(self, name: str, body: str) -> Path:
        path = self.lab.root / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n: > '{self.fired}/{name}'\n{body}\n")
        path.chmod(0o755)
        return path

    def folder(self, where: str) -> Path:
        """The git folder of one of the three repositories."""
        return {"clone": self.lab.clone.git_dir, "source": self.lab.source / ".git", "target": self.target}[where]

    def admin(self) -> Path:
        return next((self.lab.clone.git_dir / "worktrees").iterdir())

    def what_fired(self) -> set[str]:
        return {path.name for path in self.fired.iterdir()}

    def forget(self) -> None:
        for path in self.fired.iterdir():
            path.unlink()


@dataclass(frozen=True)
class Vector:
    """`not_here` says why this git, or this place, does not obey it at all; such a vector must not fire either way."""

    name: str
    plant: Plant
    prove: tuple[str, ...] = ()
    body: str = ":"
    not_here: str = ""


def setting(key: str, value: str = "{m}", where: str = "clone", **more: str) -> Plant:
    """Write a setting (and helpers of it) into a repository's config."""

    def plant(scene: Scene, marker: str) -> None:
        for name, text in [(key, value), *((k.replace("__", "."), v) for k, v in more.items())]:
            scene.lab.run(scene.lab.root, "config", "--file", str(scene.folder(where) / "config"), "--add",
                          name.replace("{m}", marker), text.replace("{m}", marker))  # fmt: skip

    return plant


def hook(name: str, where: str = "clone") -> Plant:
    """Put a hook into a repository."""

    def plant(scene: Scene, marker: str) -> None:
        folder = scene.folder(where) / "hooks"
        folder.mkdir(exist_ok=True)
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(marker)

    return plant


def both(*plants: Plant) -> Plant:
    def plant(scene: Scene, marker: str) -> None:
        for each in plants:
            each(scene, marker)

    return plant


def hooks_path(where: str) -> Plant:
    def plant(scene: Scene, marker: str) -> None:
        folder = scene.lab.root / f"hooks-{where}"
        folder.mkdir()
        for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-receive", "pre-push"):
            (folder / name).symlink_to(marker)
        setting("core.hooksPath", str(folder), where)(scene, marker)

    return plant


def _included(scene: Scene, marker: str) -> None:
    extra = scene.lab.root / "included"
    extra.write_text(f'[core]\n\tfsmonitor = "{marker}"\n')
    setting("include.path", str(extra))(scene, marker)


def _included_for_worktrees(scene: Scene, marker: str) -> None:
    extra = scene.lab.root / "included-if"
    extra.write_text(f'[core]\n\tfsmonitor = "{marker}"\n')
    setting("includeIf.gitdir:**/worktrees/**.path", str(extra))(scene, marker)


def _worktree_config(scene: Scene, marker: str) -> None:
    setting("extensions.worktreeConfig", "true")(scene, marker)
    (scene.admin() / "config.worktree").write_text(f'[core]\n\tbare = false\n\tfsmonitor = "{marker}"\n')


def _evil_repository(scene: Scene, marker: str, name: str) -> Path:
    evil = scene.lab.root / name
    scene.lab.run(scene.lab.root, "init", "--quiet", "--bare", str(evil))
    scene.lab.run(scene.lab.root, f"--git-dir={evil}", "read-tree", "--empty")
    scene.lab.run(scene.lab.root, f"--git-dir={evil}", "config", "core.fsmonitor", marker)
    scene.lab.run(scene.lab.root, f"--git-dir={evil}", "config", "core.bare", "false")
    return evil


def _git_file(scene: Scene, marker: str) -> None:
    (scene.lab.worktree / ".git").write_text(f"gitdir: {_evil_repository(scene, marker, 'evil.git')}\n")


def _commondir(scene: Scene, marker: str) -> None:
    (scene.admin() / "commondir").write_text(f"{_evil_repository(scene, marker, 'evil-common.git')}\n")


def _buried(scene: Scene, marker: str) -> None:
    evil = _evil_repository(scene, marker, "buried")
    scene.lab.run(scene.lab.root, f"--git-dir={evil}", "config", "core.worktree", "..")
    evil.rename(scene.lab.worktree / "buried")


def _nested(scene: Scene, marker: str) -> None:
    inside = scene.lab.worktree / "module"
    inside.mkdir()
    scene.lab.run(inside, "init", "--quiet")
    scene.lab.commit(inside, "Inside", x__txt="x")
    scene.lab.run(inside, "config", "core.fsmonitor", marker)
    (scene.lab.worktree / ".gitmodules").write_text(
        '[submodule "module"]\n\tpath = module\n\turl = ./module\n\tignore = none\n'
    )
    scene.lab.in_worktree("-c", "core.hooksPath=/dev/null", "add", ".gitmodules", "module")
    (inside / "x.txt").write_text("changed")


def _submodule_update(scene: Scene, marker: str) -> None:
    _nested(scene, "/bin/true")
    setting("submodule.module.update", "!{m}", submodule__module__url=str(scene.lab.worktree / "module"),
            submodule__module__active="true")(scene, marker)  # fmt: skip


def _attributes_file(scene: Scene, marker: str) -> None:
    attributes = scene.lab.root / "attributes"
    attributes.write_text("plain.txt filter=everywhere\n")
    setting("core.attributesFile", str(attributes), filter__everywhere__clean=marker)(scene, marker)


def _info_attributes(scene: Scene, marker: str) -> None:
    folder = scene.folder("clone") / "info"
    (folder / "attributes").write_text("plain.txt filter=info\n")
    setting("filter.info.clean")(scene, marker)


def _alternates(scene: Scene, marker: str) -> None:
    info = scene.target / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{scene.lab.source}/.git/objects\n")
    setting("core.alternateRefsCommand", where="target")(scene, marker)


def _promisor(where: str) -> Plant:
    """A clone with holes that git fills by starting a program of the config's choice."""
    return setting("remote.hole.uploadpack", "{m}", where, remote__hole__url="/", remote__hole__promisor="true",
                   extensions__partialClone="hole", core__repositoryformatversion="1")  # fmt: skip


# For what git does on a terminal only.
TERMINAL = "$PYTHON -c 'import pty, sys; pty.spawn(sys.argv[1].split())'"
EDIT = "for f in clean smudge process; do echo more >> $f.txt; done"
HOOKS = [
    Vector("post-checkout", hook("post-checkout"), ("git checkout -q -b hook1",)),
    Vector("reference-transaction", hook("reference-transaction"), ("git update-ref refs/heads/zz HEAD",)),
    Vector("post-index-change", hook("post-index-change"), ("touch plain.txt; git add -A",)),
    Vector("pre-commit", hook("pre-commit"), ("git commit -q --allow-empty -m x",)),
    Vector("prepare-commit-msg", hook("prepare-commit-msg"), ("git commit -q --allow-empty -m x",)),
    Vector("commit-msg", hook("commit-msg"), ("git commit -q --allow-empty -m x",)),
    Vector("post-commit", hook("post-commit"), ("git commit -q --allow-empty -m x",)),
    Vector("post-rewrite", hook("post-rewrite"), ("git commit -q --allow-empty --amend -m y",)),
    Vector("pre-merge-commit", hook("pre-merge-commit"), ("git merge -q --no-ff -m m origin/side",)),
    Vector("post-merge", hook("post-merge"), ("git commit -qm all -a; git merge --no-ff -m m origin/side2",)),
    Vector("pre-rebase", hook("pre-rebase"), ("git rebase -q -f HEAD~1",)),
    Vector("pre-push", hook("pre-push"), ("git push -q $TARGET HEAD:refs/heads/pushed",)),
    Vector("pre-receive", hook("pre-receive", "target"), ("git push -q $TARGET HEAD:refs/heads/p1",)),
    Vector("update", hook("update", "target"), ("git push -q $TARGET HEAD:refs/heads/p2",)),
    Vector("post-receive", hook("post-receive", "target"), ("git push -q $TARGET HEAD:refs/heads/p3",)),
    Vector("post-update", hook("post-update", "target"), ("git push -q $TARGET HEAD:refs/heads/p4",)),
    Vector("target-transaction", hook("reference-transaction", "target"), ("git push -q $TARGET HEAD:refs/heads/p5",)),
    Vector("proc-receive", both(hook("proc-receive", "target"),
           setting("receive.procReceiveRefs", "refs/heads/proc", "target")),
           ("git push -q $TARGET HEAD:refs/heads/proc",)),
    Vector("push-to-checkout", both(hook("push-to-checkout", "source"),
           setting("receive.denyCurrentBranch", "updateInstead", "source")),
           ("git commit -q --allow-empty -m x; git push -q $SOURCE HEAD:refs/heads/main",)),
    Vector("source-transaction", hook("reference-transaction", "source"), ("git push -q $SOURCE HEAD:refs/heads/p6",)),
]  # fmt: skip
FILTERS = [
    Vector("filter.clean", setting("filter.clean.clean"), body="cat", prove=(f"{EDIT}; git add -A; git status",)),
    Vector("filter.smudge", setting("filter.smudge.smudge"), body="cat",
           prove=("rm smudge.txt; git checkout -q -- smudge.txt",)),
    Vector("filter.process", setting("filter.process.process"), (f"{EDIT}; git add -A",), "exit 1"),
    Vector("core.attributesFile", _attributes_file, ("echo x >> plain.txt; git add plain.txt",)),
    Vector("info/attributes", _info_attributes, ("echo y >> plain.txt; git add plain.txt",)),
    Vector("diff.textconv", setting("diff.textconv.textconv"), ("echo x >> textconv.txt; git diff textconv.txt",)),
    Vector("diff.command", setting("diff.command.command"), ("echo x >> command.txt; git diff command.txt",)),
    Vector("merge.driver", setting("merge.driver.driver", "{m} %A %O %B"), ("git merge -q -m m origin/side",)),
]  # fmt: skip
DEFAULTS = [
    Vector("merge.default", setting("merge.default", "own", merge__own__driver="{m}"),
           ("git merge -q -m m origin/side",)),
    Vector("merge-tree driver", setting("merge.driver.driver", "{m}"),
           ("git merge-tree --write-tree HEAD origin/side",)),
    Vector("diff.external", setting("diff.external"), ("echo x >> plain.txt; git diff",)),
    Vector("core.fsmonitor", setting("core.fsmonitor"), ("git status",)),
    Vector("core.hooksPath", hooks_path("clone"), ("git checkout -q -b hook2",)),
    Vector("target core.hooksPath", hooks_path("target"), ("git push -q $TARGET HEAD:refs/heads/p7",)),
]  # fmt: skip
PLACES = [
    Vector("include.path", _included, ("git status",)),
    Vector("nested submodule", _nested, ("git status",)),
    Vector("alternateRefsCommand", _alternates, ("git push -q $TARGET HEAD:refs/heads/p8",)),
    Vector("promisor of the source", _promisor("source"), ("git -C $SOURCE cat-file -p " + "1" * 40,)),
    Vector("promisor of the clone", _promisor("clone"), ("git cat-file -p " + "1" * 40,)),
]
REDIRECTS = [
    Vector("config.worktree", _worktree_config, ("git status",)),
    Vector("buried repository", _buried, ("cd buried && git status",)),
    Vector("submodule.update", _submodule_update, ("git submodule update --init --force",)),
]
INCLUDE_IF = [Vector("includeIf", _included_for_worktrees, ("git status",))]
GIT_FILE = [Vector(".git file", _git_file, ("git status",))]
COMMONDIR = [Vector("commondir", _commondir, ("git status",))]
NETWORK = [
    Vector("core.sshCommand", setting("core.sshCommand"), ("git ls-remote ssh://git@host.invalid/x",)),
    Vector("core.gitProxy", setting("core.gitProxy"), ("git ls-remote git://host.invalid/x",)),
    Vector("core.askPass", setting("core.askPass"),
           ("printf 'protocol=https\\nhost=a.b\\n\\n' | git credential fill",)),
    Vector("credential.helper", setting("credential.helper", "!{m}"),
           ("printf 'protocol=https\\nhost=a.b\\n\\n' | git credential fill",)),
    Vector("insteadOf ext", setting("url.ext::{m} .insteadOf", "/", protocol__ext__allow="always"),
           ("git ls-remote /anything",)),
    Vector("remote.uploadpack", setting("remote.r.uploadpack", remote__r__url="/"), ("git fetch -q r",)),
    Vector("remote.receivepack", setting("remote.w.receivepack", remote__w__url="/"), ("git push -q w HEAD:x",)),
    Vector("uploadpack.packObjectsHook", setting("uploadpack.packObjectsHook", where="source"),
           ("git -c remote.o.url=$SOURCE fetch -q o",),
           not_here="git obeys it from the system's, the user's and the command line's config only"),
    Vector("remote.vcs", setting("remote.v.vcs", "marker", remote__v__url="x"), ("git fetch -q v",),
           not_here="it names a program git-remote-<vcs>, which must be on PATH; a repository cannot put one there"),
]  # fmt: skip
PROGRAMS = [
    Vector("core.editor", setting("core.editor"), ("git commit --allow-empty",), "echo text > $1"),
    Vector("sequence.editor", setting("sequence.editor"), ("git rebase -q -i HEAD~1",)),
    Vector("core.pager", setting("core.pager"), (f"{TERMINAL} \"git log\"",)),
    Vector("gpg.program", setting("gpg.program", commit__gpgSign="true"), ("git commit -q --allow-empty -m x",)),
    Vector("alias", setting("alias.status2", "!{m}"), ("git status2",)),
    Vector("trailer.command", setting("trailer.t.command", trailer__t__ifmissing="add"),
           ("echo x | git interpret-trailers --trailer t=1",)),
    Vector("difftool", setting("difftool.d.cmd", diff__tool="d"), ("echo x >> plain.txt; git difftool -y",)),
    Vector("interactive.diffFilter", setting("interactive.diffFilter"),
           (f"echo x >> plain.txt; export TERM=xterm; yes q | {TERMINAL} \"git add -p\"",), "cat"),
    Vector("gc.recentObjectsHook", setting("gc.recentObjectsHook"), ("git gc --quiet --prune=now",),
           not_here="git 2.42 and newer only; ours never collects garbage"),
]  # fmt: skip

GROUPS: dict[str, list[Vector]] = {
    "hooks": HOOKS,
    "filters": FILTERS,
    "defaults": DEFAULTS,
    "places": PLACES,
    "redirects": REDIRECTS,
    "include_if": INCLUDE_IF,
    "git_file": GIT_FILE,
    "commondir": COMMONDIR,
    "network": NETWORK,
    "programs": PROGRAMS,
}
