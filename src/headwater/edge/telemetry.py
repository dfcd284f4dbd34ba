"""A source: what one process of this machine uses, read from /proc at even intervals (Linux)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headwater.edge.errors import EdgeError
from headwater.edge.frames import Frame

_KIB = 1024
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """One reading of a process, rates over the time since the reading before."""

    cpu: float  # cores in use
    resident_bytes: int
    threads: int
    written_bytes: float  # per second
    switches: float  # voluntary context switches per second

    def features(self) -> dict[str, float]:
        """Return the figures that a model looks at."""
        return {
            "cpu": self.cpu,
            "resident_bytes": float(self.resident_bytes),
            "threads": float(self.threads),
            "written_bytes": self.written_bytes,
            "switches": self.switches,
        }


@dataclass(frozen=True)
class Totals:
    """What /proc says at one moment; cumulative, times in nanoseconds."""

    at_ns: int
    cpu_ns: int
    resident_bytes: int
    threads: int
    written_bytes: int
    switches: int
    size_bytes: int  # of the text that was read: what sending it raw would cost


def read_totals(pid: int, now_ns: int, proc: Path = _PROC) -> Totals:
    """Return the totals of process ``pid``; EdgeError when it is gone."""
    folder = proc / str(pid)
    try:
        status = (folder / "status").read_text()
        scheduled = (folder / "schedstat").read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeError(f"process {pid} cannot be read: {error}") from error
    try:
        written = (folder / "io").read_text()
    except OSError:
        written = ""  # somebody else's process
    fields = _fields(status)
    return Totals(
        at_ns=now_ns,
        cpu_ns=int(scheduled.split()[0]),
        resident_bytes=fields.get("VmRSS", 0) * _KIB,
        threads=fields.get("Threads", 0),
        written_bytes=_fields(written).get("wchar", 0),
        switches=fields.get("voluntary_ctxt_switches", 0),
        size_bytes=len(status) + len(scheduled) + len(written),
    )


def usage_between(before: Totals, now: Totals) -> Usage:
    """Return the Usage that lies between two totals."""
    seconds = max(now.at_ns - before.at_ns, 1) / 1e9
    return Usage(
        cpu=(now.cpu_ns - before.cpu_ns) / 1e9 / seconds,
        resident_bytes=now.resident_bytes,
        threads=now.threads,
        written_bytes=(now.written_bytes - before.written_bytes) / seconds,
        switches=(now.switches - before.switches) / seconds,
    )


def process_usage(
    pid: int, period_s: float = 0.2, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Frame]:
    """Yield the Usage of process ``pid`` every ``period_s``; EdgeError once it is gone."""
    before = read_totals(pid, time.monotonic_ns())
    due_s = time.monotonic()
    while True:
        due_s = max(due_s + period_s, time.monotonic())
        sleep(max(0.0, due_s - time.monotonic()))
        now = read_totals(pid, time.monotonic_ns())
        yield Frame(usage_between(before, now), size_bytes=now.size_bytes)
        before = now


def _fields(text: str) -> dict[str, int]:
    # "Name:  value [unit]" lines; those without a number are of no interest.
    fields = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            fields[name] = int(words[0])
    return fields
