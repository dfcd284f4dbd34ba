"""What the operating system knows of this process: memory and processor time."""

import os
import resource
import sys
import time
from pathlib import Path

_STATM = Path("/proc/self/statm")
# A shorter span gives a figure that means nothing.
_SPAN_S_MIN = 0.5


def memory_bytes() -> int:
    """Return the memory that the process has in RAM now; its peak where that is not known."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor_seconds() -> float:
    """Return the processor time that the process has used since its start."""
    return time.process_time()


class ProcessorUse:
    """Percent of one processor that the process used since it was last asked."""

    def __init__(self) -> None:
        self._at_s = time.monotonic()
        self._used_s = time.process_time()
        self._percent = 0.0

    def percent(self) -> float:
        now_s = time.monotonic()
        span_s = now_s - self._at_s
        if span_s >= _SPAN_S_MIN:
            used_s = time.process_time()
            self._percent = round((used_s - self._used_s) / span_s * 100, 1)
            self._at_s = now_s
            self._used_s = used_s
        return self._percent
