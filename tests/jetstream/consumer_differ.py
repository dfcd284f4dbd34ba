"""Generated scripts of consumers to nats-server and to us.

    python -m tests.jetstream.consumer_differ

What differs is played again, to be sure, then made as small as it gets, and printed.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.dice import Dice
from tests.jetstream.consumer_scripts import Player, Script, make
from tests.jetstream.duel import Duel, Play, difference, play
from tests.support import differing

# A difference has to show so many times; nats-server counts some things a moment late.


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
        return differing.confirmed(self.difference, script)

    def smallest(self, script: Script, seconds: float = 60) -> Script:
        """Return the smallest script found that differs as well."""
        steps = differing.smallest(
            script.steps,
            lambda steps: self.confirmed(Script(script.stream, script.consumer, steps)),
            seconds,
        )
        return Script(script.stream, script.consumer, steps)


def script_of(seed: int, number: int) -> Script:
    """Return the script ``number`` of a seed."""
    return make(Dice(f"consumer {seed} {number}"))


def compare(differ: Differ, seed: int, numbers: Iterable[int], seconds: float) -> int:
    """Play scripts; print what differs, and how many there were.  Return the exit code."""
    return differing.compare(differ, script_of, seed, numbers, seconds)


def main(arguments: list[str]) -> int:
    asked = differing.Asked("tests.jetstream.consumer_differ", arguments, "scripts", 2000, 300)
    with (
        tempfile.TemporaryDirectory(prefix="headwater-differ-") as folder,
        Differ(asked.program, Path(folder)) as differ,
    ):
        return compare(differ, asked.seed, asked.numbers, asked.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
