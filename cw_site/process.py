"""What our own processes ask of the operating system."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
ENDS_WITH_PARENT = "CW_ENDS_WITH_PARENT"
"""Set in the environment of the processes that `serve` starts."""


def end_with_parent() -> None:
    """Have SIGTERM sent to this process when its parent dies, however that dies (Linux only)."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
