"""The machine of the demonstration: a process that works evenly, and badly when it is told to.

Reads ``fault`` and ``well`` from its input, and ends with it.  In its fault it computes without a
pause and holds on to memory, as a process with a leak and a runaway loop does.
"""

import sys
import threading
import time

_CYCLE_S = 0.02
_WORK = 4_000  # additions in each cycle
_LEAK_BYTES = 4 << 20  # in each cycle of the fault
_LEAK_MAX = 16


def main() -> None:
    faulty = threading.Event()
    threading.Thread(target=_work, args=(faulty,), daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "fault":
            faulty.set()
        else:
            faulty.clear()


def _work(faulty: threading.Event) -> None:
    held: list[bytes] = []
    while True:
        if faulty.is_set():
            if len(held) < _LEAK_MAX:
                held.append(b"\x01" * _LEAK_BYTES)
            _compute(_WORK * 20)
        else:
            held.clear()
            _compute(_WORK)
            time.sleep(_CYCLE_S)


def _compute(additions: int) -> int:
    total = 0
    for number in range(additions):
        total += number
    return total


if __name__ == "__main__":
    main()
