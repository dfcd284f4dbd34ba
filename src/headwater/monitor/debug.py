"""``/stacksz`` and ``/debug/vars``: what the process itself is doing."""

import gc
import sys
import threading
import traceback

from headwater.monitor.process_stats import memory_bytes


def stacks() -> str:
    """Return where every thread of the process is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        lines = "".join(traceback.format_stack(frame))
        parts.append(f"thread {ident} [{names.get(ident, 'unknown')}]:\n{lines}")
    return "\n".join(parts)


def variables() -> dict[str, object]:
    """Return what Go's expvar publishes, as far as it means something here."""
    memory = memory_bytes()
    blocks = sys.getallocatedblocks()
    return {
        # The arguments may hold passwords.
        "cmdline": sys.argv[:1],
        "memstats": {
            "Alloc": memory,
            "Sys": memory,
            "HeapAlloc": memory,
            "HeapSys": memory,
            "HeapInuse": memory,
            "HeapObjects": blocks,
            "NumGC": sum(generation["collections"] for generation in gc.get_stats()),
            "EnableGC": gc.isenabled(),
        },
    }
