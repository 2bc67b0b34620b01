"""Starting, probing, stopping and sweeping: exactly one agent, told truly, whoever is killed when."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agents.runtime import process, shim
from tests.waiting import wait_until

MakeAgent = Callable[..., Any]
Alive = Callable[[int], bool]


def kill_shim(agent: Any) -> None:
    """kill -9 of the shim, and the moment after it."""
    os.kill(agent.probe().shim_pid, signal.SIGKILL)
    wait_until(lambda: process.lock_holder(agent.folder / "lock") is None)


def test_a_session_that_was_never_started_is_absent(make_agent: MakeAgent, tmp_path: Path) -> None:
    assert process.probe(tmp_path / "nothing") == process.Probe("absent")
    agent = make_agent("true")
    assert agent.probe().state == "absent"


def test_once_started_it_runs_and_has_its_process(make_agent: MakeAgent, alive: Alive) -> None:
    agent = make_agent("echo $$; exec sleep 300")
    agent.start()
    probe = agent.probe()
    assert probe.state == "running", "a start that returns leaves no moment in which the session seems lost"
    assert alive(probe.pid)
    agent.wait_for_output(f"{probe.pid}\n")
    assert process.survivors(agent.marker) == [probe.pid]


def test_two_hundred_racing_starts_make_one_agent(make_agent: MakeAgent) -> None:
    agent = make_agent("echo started; exec sleep 300")
    with ThreadPoolExecutor(200) as pool:
        for future in [pool.submit(process.start, agent.folder, timeout=60) for _ in range(200)]:
            future.result()
    assert agent.output() == "started\n"
    assert agent.probe().state == "running"
    assert len(process.survivors(agent.marker)) == 1


def test_eighty_racing_shims_make_one_agent(make_agent: MakeAgent) -> None:
    """Without the look before the start, so that every one of them gets as far as the lock."""
    agent = make_agent("echo started; exec sleep 300")
    command = [sys.executable, "-I", "-S", shim.__file__, str(agent.folder)]
    racers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, env={}) for _ in range(80)]
    assert {racer.wait(60) for racer in racers} == {0}
    agent.wait_for_output("started\n")
    shims = [p for p in shim.all_processes() if _command(p.pid) == "\0".join(command) + "\0"]
    wait_until(lambda: len([p for p in shims if shim.read_process(p.pid)]) == 1)
    assert agent.output() == "started\n"


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_an_ended_session_is_never_started_again(make_agent: MakeAgent) -> None:
    agent = make_agent("echo started")
    agent.start()
    agent.wait_for("ended")
    agent.start()
    subprocess.run([sys.executable, "-I", "-S", shim.__file__, str(agent.folder)], check=True)
    assert agent.output() == "started\n"


def test_looking_never_gets_in_the_way_of_a_start(make_agent: MakeAgent) -> None:
    """A probe that took the lock would make the shim believe that a twin lives."""
    over = threading.Event()
    agents = [make_agent("exec sleep 300") for _ in range(10)]

    def look() -> set[str]:
        seen = set()
        while not over.is_set():
            seen |= {agent.probe().state for agent in agents}
        return seen

    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(look) for _ in range(2)]
        for agent in agents:
            agent.start()
        over.set()
        seen = set().union(*(future.result() for future in looks))
    assert [agent.probe().state for agent in agents] == ["running"] * 10
    assert seen <= {"absent", "running"}


def test_the_agent_outlives_who_started_it_and_leaves_it_no_zombie(make_agent: MakeAgent, alive: Alive) -> None:
    agent = make_agent("exec sleep 300")
    root = str(Path(process.__file__).parents[2])
    code = f"import sys, time; sys.path.insert(0, {root!r})\n"
    code += "from pathlib import Path; from agents.runtime import process\n"
    code += f"process.start(Path({str(agent.folder)!r}), timeout=30); print('up', flush=True); time.sleep(300)"
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"up\n"
    assert [p for p in shim.all_processes() if p.parent == server.pid] == []
    server.kill()
    server.wait()
    server.stdout.close()
    probe = agent.probe()
    assert probe.state == "running"
    assert alive(probe.pid)
    assert agent.stop().state == "ended"


def test_a_killed_shim_leaves_a_lost_session_that_can_be_swept(make_agent: MakeAgent, alive: Alive) -> None:
    agent = make_agent(
        "setsid sleep 300 & (nohup sleep 300 >/dev/null 2>&1 &); (trap '' TERM; sleep 300) & echo up; wait"
    )
    agent.start()
    agent.wait_for_output("up")
    kill_shim(agent)
    probe = agent.probe()
    assert probe.state == "lost"
    assert alive(probe.pid)
    agent.start()
    assert agent.probe().state == "lost", "a lost session is over; another start would be a second agent"
    left = process.survivors(agent.marker)
    assert len(left) >= 4
    assert process.sweep(agent.marker) >= len(left)
    assert process.survivors(agent.marker) == []
    assert not any(alive(pid) for pid in left)
    assert agent.probe().state == "lost"
    assert process.sweep(agent.marker) == 0


def test_a_sweep_takes_those_too_whose_parent_only_is_marked(make_agent: MakeAgent) -> None:
    agent = make_agent("env -i sleep 300 & echo $!; wait")
    agent.start()
    agent.wait_for_output("\n")
    pid = int(agent.output())
    wait_until(lambda: _command(pid).startswith("sleep"))
    kill_shim(agent)
    assert pid in process.survivors(agent.marker)
    process.sweep(agent.marker)
    assert shim.read_process(pid) is None or shim.read_process(pid).state == "Z"  # type: ignore[union-attr]


def test_a_sweep_takes_one_session_only(make_agent: MakeAgent) -> None:
    one, other = make_agent("exec sleep 300"), make_agent("exec sleep 300")
    for agent in (one, other):
        agent.start()
    process.sweep(one.marker[:-1])
    process.sweep("")
    assert process.survivors(one.marker) == [one.probe().pid]
    process.sweep(one.marker)
    assert other.probe().state == "running"
    assert process.survivors(other.marker) == [other.probe().pid]


def test_a_stop_of_a_lost_session_sweeps_it(make_agent: MakeAgent) -> None:
    agent = make_agent("sleep 300 & echo up; wait")
    agent.start()
    agent.wait_for_output("up")
    kill_shim(agent)
    assert agent.stop().state == "lost"
    assert process.survivors(agent.marker) == []


def test_a_shim_that_hangs_is_ended_with_its_whole_tree(
    make_agent: MakeAgent, alive: Alive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_MARGIN", 0.2)
    agent = make_agent("env -i setsid sleep 300 & echo $!; wait", stop_signals=[("SIGTERM", 0.1)])
    agent.start()
    agent.wait_for_output("\n")
    hidden, shim_pid = int(agent.output()), agent.probe().shim_pid
    wait_until(lambda: _command(hidden).startswith("sleep"))
    os.kill(shim_pid, signal.SIGSTOP)
    assert agent.stop().state == "lost"
    wait_until(lambda: not alive(hidden) and not alive(shim_pid))
    assert process.survivors(agent.marker) == []


def test_a_stop_before_the_start_keeps_it_from_starting(make_agent: MakeAgent) -> None:
    agent = make_agent("echo started")
    assert agent.stop().state == "absent"
    agent.start()
    probe = agent.wait_for("ended")
    assert (probe.exit_code, probe.stopped) == (None, True)
    assert agent.output() == ""


def test_stopping_twice_and_after_the_end_is_nothing(make_agent: MakeAgent, tmp_path: Path) -> None:
    agent = make_agent("exit 3")
    agent.start()
    agent.wait_for("ended")
    assert [agent.stop().exit_code, agent.stop().exit_code] == [3, 3]
    assert not agent.probe().stopped
    assert process.stop(tmp_path / "nothing", marker="x").state == "absent"


def test_a_pid_that_belongs_to_another_by_now_is_left_alone(make_agent: MakeAgent) -> None:
    innocent = subprocess.Popen(["/bin/sleep", "300"])
    try:
        agent = make_agent("true")
        record = {"shim_pid": innocent.pid, "pid": innocent.pid, "started_at": 1.0}
        (agent.folder / "pid.json").write_text(json.dumps(record))
        assert agent.probe().state == "lost"
        assert not process.request_stop(agent.folder)
        assert agent.stop().state == "lost"
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_start_that_cannot_be_says_why(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agent = make_agent("true")
    monkeypatch.setattr(shim, "__file__", str(tmp_path / "gone.py"))
    with pytest.raises(process.StartFailed, match="can't open file"):
        agent.start()


def test_a_start_waits_no_longer_than_it_may(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow, real_shim = tmp_path / "slow.py", str(shim.__file__)
    slow.write_text("import sys; sys.stdout.flush(); input_never = open(sys.argv[1] + '/fifo').read()")
    agent = make_agent("true")
    os.mkfifo(agent.folder / "fifo")
    monkeypatch.setattr(shim, "__file__", str(slow))
    with pytest.raises(process.StartFailed, match="too long"):
        process.start(agent.folder, timeout=0.3)
    with open(agent.folder / "fifo", "w") as end:
        end.write("go")
    command = [sys.executable, "-I", "-S", real_shim, str(agent.folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert agent.wait_for("ended").stopped, "a shim that comes up too late must not run unseen"


def test_a_stop_signal_that_does_not_exist_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        process.write_launch(
            tmp_path / "s", argv=["x"], env={}, cwd=tmp_path, stdin=b"", stop_signals=[("SIGNONSENSE", 1.0)]
        )
