"""Generated scripts played to two servers: which differ, and how the smallest like them looks."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

_FAILURES_MAX = 5


class Differ(Protocol):
    """Both servers, and what tells them apart."""

    def difference(self, script: Any) -> str: ...

    def confirmed(self, script: Any) -> str: ...

    def smallest(self, script: Any) -> Any: ...


def compare(
    differ: Differ,
    script_of: Callable[[int, int], Any],
    seed: int,
    numbers: Iterable[int],
    seconds: float,
) -> int:
    """Play scripts; print what differs, and how many there were.  Return the exit code."""
    started = time.monotonic()
    played = failures = 0
    for number in numbers:
        if time.monotonic() - started > seconds or failures == _FAILURES_MAX:
            break
        script = script_of(seed, number)
        played += 1
        if differ.difference(script) and differ.confirmed(script):
            failures += 1
            small = differ.smallest(script)
            print(f"script {number} of seed {seed} differs; the smallest like it:\n{small}")
            print(differ.confirmed(small) or differ.confirmed(script), flush=True)
    print(f"{played} scripts in {time.monotonic() - started:.0f} s, {failures} differ")
    return 1 if failures else 0
