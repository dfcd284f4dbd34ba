"""What the kernel tells of this machine and of a process and its children; Linux's /proc only."""

import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path

from bench.errors import HarnessError

_PROC = Path("/proc")
_MEGABYTE = 1_000_000
# Fields of /proc/PID/stat after the command's closing parenthesis.
_PARENT, _USER_TICKS, _SYSTEM_TICKS = 1, 11, 12
_STEAL = 7


@dataclass(frozen=True)
class CpuTimes:
    """Ticks since the machine started: all together, and those that the hypervisor took away."""

    total: int
    stolen: int

    def steal_percent(self, earlier: "CpuTimes") -> float:
        """Return how much of the time since ``earlier`` was taken away, in percent."""
        total = self.total - earlier.total
        return round(100 * (self.stolen - earlier.stolen) / total, 2) if total > 0 else 0.0


def cpu_times(stat: str | None = None) -> CpuTimes:
    """Read the first line of /proc/stat; nothing is known, so zero, where there is none."""
    try:
        text = (_PROC / "stat").read_text() if stat is None else stat
    except OSError:
        return CpuTimes(0, 0)
    # The first eight are user … steal; guest time, which follows, is part of user time already.
    fields = [int(field) for field in text.split("\n", 1)[0].split()[1:9]]
    return CpuTimes(sum(fields), fields[_STEAL] if len(fields) > _STEAL else 0)


def cpu_model() -> str:
    """Return the model name of the first processor."""
    try:
        lines = (_PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def allow_descriptors(count: int) -> None:
    """Let this process, and those that it starts, open so many files.

    Raises HarnessError when the system does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(count, hard)))
    except (ValueError, OSError) as error:
        raise HarnessError(f"{count} open files are needed, {hard} are allowed") from error


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float | None:
    """Return how many processes wanted to run in the last minute; None where it is not told."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def process_tree(pid: int) -> list[int]:
    """Return ``pid`` and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat_fields(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    tree = [pid]
    for member in tree:
        tree += children.get(member, [])
    return tree


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its descendants, in MB of 10^6 bytes."""
    return sum(_resident_bytes(member) for member in _tree_of_living(pid)) / _MEGABYTE


def cpu_seconds(pid: int) -> float:
    """Return user and system time that a process and its descendants have used, in seconds."""
    ticks = 0
    for member in _tree_of_living(pid):
        if fields := _stat_fields(member):
            ticks += int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree_of_living(pid: int) -> list[int]:
    if not (_PROC / str(pid) / "stat").exists():
        raise HarnessError(f"/proc/{pid} is not there: memory and CPU time need Linux")
    return process_tree(pid)


def _stat_fields(pid: int) -> list[str]:
    # The command stands in parentheses and may hold blanks and parentheses of its own.
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident_bytes(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def folder_mb(folder: Path) -> float:
    """Return how long all files below ``folder`` are together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MEGABYTE
