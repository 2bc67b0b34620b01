"""The product's worker as a process of its own, on the data folder of this run."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.server import ROOT, Server
from tests.waiting import wait_until


class WorkerProcess:
    """`manage.py worker`; may be killed and started again."""

    def __init__(self, data: Path, **environment: str) -> None:
        # the environment of a server that is never started: one place says what a run may inherit
        self.environment = Server(data, **environment).environment
        self.log = data.parent / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_until(self._is_ready, timeout=40, message=f"the worker is ready; its log: {self.log}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def _is_ready(self) -> bool:
        assert self.process is not None
        text = self.log.read_text()
        assert self.process.poll() is None, text
        return "ready." in text


@contextmanager
def running_worker(data: Path, **environment: str) -> Iterator[WorkerProcess]:
    """A worker with room for many agents; ended whatever happens."""
    worker = WorkerProcess(data, CW_AGENTS_PER_HOST="500", CW_AGENTS_PER_PROVIDER="500", **environment)
    try:
        worker.start()
        yield worker
    finally:
        worker.end()
