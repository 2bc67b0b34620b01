"""The shim, with real processes: how an agent is started, what is written down, and what it leaves (nothing)."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.runtime import process, shim
from tests.waiting import wait_until

MakeAgent = Callable[..., Any]
Alive = Callable[[int], bool]

# Descendants of every kind that is hard to get rid of; each says its pid.
STUBBORN = """
import os, signal, subprocess, sys
def child(code, env=None, **more):
    subprocess.Popen([sys.executable, "-I", "-c", code], env=env, **more)
SAY = "print(os.getpid(), flush=True); signal.pause()"
PLAIN = "import os, signal; " + SAY
IGNORE = "import os, signal; [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15)]; " + SAY
TWICE = "import os\\nif os.fork() == 0:\\n os.setsid()\\n if os.fork() == 0:\\n  "
child(PLAIN)
child(IGNORE)
child(PLAIN, start_new_session=True)
child(IGNORE, start_new_session=True)
child(PLAIN, env={}, start_new_session=True)
child(TWICE + IGNORE.replace("; [", "\\n  ["))
child(TWICE + "os.execve('/bin/sh', ['sh', '-c', 'echo $$; sleep 300 & echo $!; wait'], {})")
subprocess.Popen("nohup sleep 300 >/dev/null 2>&1 & echo $!", shell=True, stdin=subprocess.DEVNULL)
"""
STUBBORN_COUNT = 9


def pids(agent: Any, count: int) -> list[int]:
    """The pids that the agent's descendants printed, once all are there."""
    wait_until(lambda: agent.output().count("\n") >= count, message="not all descendants came up")
    return [int(line) for line in agent.output().split()]


def test_an_agent_runs_detached_with_files_for_its_streams(make_agent: MakeAgent) -> None:
    agent = make_agent("cat; echo said >&2; exit 7", stdin=b"the prompt\n")
    agent.start()
    probe = agent.wait_for("ended")
    assert (probe.exit_code, probe.signal, probe.stopped) == (7, None, False)
    assert agent.output() == "the prompt\n"
    assert (agent.folder / "stderr.log").read_text() == "said\n"
    assert probe.started_at <= probe.ended_at
    exits = json.loads((agent.folder / "exit.json").read_text())
    assert exits == {"exit_code": 7, "signal": None, "ended_at": probe.ended_at, "stopped": False, "error": ""}


def test_only_the_owner_can_read_what_a_session_leaves(make_agent: MakeAgent) -> None:
    agent = make_agent("touch made; umask", env={"SECRET": "s3cret"})
    assert b"s3cret" in (agent.folder / "launch.json").read_bytes()
    agent.start()
    agent.wait_for("ended")
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in agent.folder.iterdir()} == {0}
    assert stat.S_IMODE((agent.cwd / "made").stat().st_mode) & 0o077 == 0
    assert b"s3cret" not in (agent.folder / "launch.json").read_bytes(), "nobody needs it once the agent has it"


@pytest.fixture(params=[signal.SIG_DFL, signal.SIG_IGN], ids=["SIGINT as usual", "SIGINT ignored"])
def inherited(request: pytest.FixtureRequest) -> Iterator[None]:
    """What whoever starts the agents does with SIGINT: a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("inherited")
def test_an_agent_is_on_its_own_and_leaves_no_core(make_agent: MakeAgent) -> None:
    agent = make_agent(
        python="""
import os, resource, signal
print(os.getsid(0) == os.getpid(), resource.getrlimit(resource.RLIMIT_CORE), os.getppid())
ignored = [number for number in (2, 13, 15, 17) if signal.getsignal(number) == signal.SIG_IGN]
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), ignored)
print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))
"""
    )
    agent.start()
    probe = agent.wait_for("ended")
    own, mask, files = agent.output().splitlines()
    assert own == f"True (0, 0) {probe.shim_pid}"
    # Python itself ignores SIGPIPE (13) in every program it runs.
    assert mask == "set() [13]"
    assert files == "[0, 1, 2] 4"


def test_nothing_of_our_environment_reaches_the_agent_or_its_parent(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-1")
    monkeypatch.setenv("DATABASE_URL", "canary-2")
    agent = make_agent("env; cat /proc/self/environ /proc/$PPID/environ | tr '\\0' '\\n'")
    agent.start()
    agent.wait_for("ended")
    assert "canary" not in agent.output()
    assert agent.marker in agent.output()


def test_a_death_by_signal_is_told(make_agent: MakeAgent) -> None:
    agent = make_agent("kill -KILL $$")
    agent.start()
    probe = agent.wait_for("ended")
    assert (probe.exit_code, probe.signal, probe.stopped) == (-9, "SIGKILL", False)


@pytest.mark.parametrize("wrong", ["program", "cwd", "launch"])
def test_an_agent_that_cannot_be_started_has_ended_with_the_reason(make_agent: MakeAgent, wrong: str) -> None:
    agent = make_agent(argv=["/nowhere/claude"] if wrong == "program" else ["/bin/true"])
    if wrong == "cwd":
        agent.cwd.rmdir()
    if wrong == "launch":
        (agent.folder / "launch.json").write_text("{")
    agent.start()
    probe = agent.wait_for("ended")
    assert probe.exit_code == 127
    assert "could not be started" in probe.error


def test_what_the_agent_leaves_running_is_ended(make_agent: MakeAgent, alive: Alive) -> None:
    waiting = "while [ ! -e go ]; do sleep 0.05; done"
    agent = make_agent(python=STUBBORN + f"\nos.execv('/bin/sh', ['sh', '-c', '{waiting}'])")
    agent.start()
    found = pids(agent, STUBBORN_COUNT)
    (agent.cwd / "go").touch()
    probe = agent.wait_for("ended")
    assert (probe.exit_code, probe.stopped) == (0, False)
    assert [pid for pid in found if alive(pid)] == []


def test_the_exit_is_known_before_the_leftovers_are_gone(make_agent: MakeAgent) -> None:
    agent = make_agent("(trap '' TERM; sleep 300) & exit 4")
    agent.start()

    wait_until(lambda: agent.probe().exit_code is not None)
    probe = agent.probe()
    assert (probe.state, probe.exit_code) == ("running", 4)
    agent.wait_for("ended")


def test_a_stop_leaves_nothing_behind(make_agent: MakeAgent, alive: Alive) -> None:
    agent = make_agent(python=STUBBORN + "\nsignal.pause()", stop_signals=[("SIGINT", 5.0)])
    agent.start()
    found = pids(agent, STUBBORN_COUNT)
    assert all(alive(pid) for pid in found)
    probe = agent.stop()
    assert (probe.state, probe.stopped) == ("ended", True)
    assert [pid for pid in found if alive(pid)] == []
    assert process.survivors(agent.marker) == []


def test_a_stop_outruns_those_that_start_each_other_again(make_agent: MakeAgent) -> None:
    spawner = "spawn() { while :; do sleep 300 & wait $!; done; }; spawn & spawn & (spawn & spawn) & "
    script = f"trap '' INT TERM; {spawner} echo up; while :; do (spawn & wait); done"
    agent = make_agent(script, stop_signals=[("SIGINT", 0.2)])
    agent.start()
    agent.wait_for_output("up")
    process.request_stop(agent.folder)
    agent.wait_for("ended")
    assert process.survivors(agent.marker) == []


def test_stop_signals_come_in_order_and_then_the_kill(make_agent: MakeAgent) -> None:
    agent = make_agent(
        python="""
import signal, time
def heard(number, frame):
    print(signal.Signals(number).name, flush=True)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, heard)
print("ready", flush=True)
while True:
    signal.pause()
""",
        stop_signals=[("SIGINT", 1.0), ("SIGHUP", 1.0)],
    )
    agent.start()
    agent.wait_for_output("ready")
    probe = agent.stop()
    assert agent.output().split() == ["ready", "SIGINT", "SIGHUP"]
    assert (probe.exit_code, probe.signal, probe.stopped) == (-9, "SIGKILL", True)


def test_an_agent_may_end_well_when_asked_to_stop(make_agent: MakeAgent) -> None:
    agent = make_agent(
        "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done", stop_signals=[("SIGINT", 10)]
    )
    agent.start()
    agent.wait_for_output("ready")
    probe = agent.stop()
    assert agent.output().split() == ["ready", "saved"]
    assert (probe.exit_code, probe.stopped) == (0, True)


def test_processes_are_signalled_by_identity_never_by_number_alone() -> None:
    innocent = subprocess.Popen(["/bin/sleep", "300"])
    try:
        found = shim.read_process(innocent.pid)
        assert found is not None
        assert found.parent == os.getpid()
        assert not shim.send(found._replace(started=found.started - 1), signal.SIGKILL)
        assert innocent.poll() is None
        assert shim.send(found, signal.SIGKILL)
        assert innocent.wait(10) == -9
        assert not shim.send(found, signal.SIGKILL)
    finally:
        innocent.kill()
        innocent.wait()


def test_a_name_with_brackets_and_spaces_is_no_obstacle(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    sleeper = subprocess.Popen([str(program), "300"])
    try:
        found = shim.read_process(sleeper.pid)
        assert found is not None
        assert found.parent == os.getpid()
        assert sleeper.pid in [p.pid for p in shim.descendants([os.getpid()])]
    finally:
        sleeper.kill()
        sleeper.wait()


def test_the_shim_needs_the_standard_library_only() -> None:
    code = f"import runpy, sys; runpy.run_path({shim.__file__!r})\n"
    code += "print([name for name in sys.modules if name.startswith(('agents', 'django', 'cw_site'))])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
