"""What the figures were measured on. No name of the machine."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil


def describe(folder: Path) -> str:
    """One line: processor, cores, memory, file system, versions."""
    answer = subprocess.run(["git", "version"], capture_output=True, check=True).stdout
    git = answer.decode().strip().removeprefix("git version ")
    return (
        f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"{_file_system(folder)}, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, git {git}, Django {version('django')}, granian {version('granian')}"
    )


def load() -> float:
    """How many processes wanted a core within the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda mount: len(mount.mountpoint))
    holding = [mount for mount in mounts if folder.resolve().is_relative_to(mount.mountpoint)]
    return holding[-1].fstype if holding else "unknown file system"
