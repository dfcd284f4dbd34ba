"""Fuzzing: ``python -m tests.fuzz [target …] [--inputs N] [--seconds S] [--seed K]``.

Each target gets N generated inputs, ``client`` and ``config`` ten times as many.  An input fails
when an error escapes that is not the one expected, when it hangs, when memory grows, when an answer
is larger than it may be, when cutting it differently changes anything, or when the compiled and the
plain form of the code differ.  What failed is printed with its seed and as small as possible.
"""

import argparse
import os
import sys

from headwater import _build
from tests.fuzz import campaign
from tests.fuzz.play import Tally, play_batch, verdict
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> int:
    options = _parsed(arguments)
    names = options.targets or list(TARGETS)
    print(f"headwater: {_build.description()}; seed {options.seed}", flush=True)
    if options.input is not None or options.batch is not None:
        return again(TARGETS[names[0]](), options)
    failures = 0
    for name in names:
        inputs = options.inputs * TARGETS[name].share
        figures = campaign.run(
            name,
            seed=options.seed,
            inputs=inputs,
            seconds=options.seconds,
            processes=options.processes,
        )
        print(figures, *figures.failures, sep="\n", flush=True)
        failures += len(figures.failures)
    return 1 if failures else 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs of a target")
    parser.add_argument("--seconds", type=float, default=7200, help="time of a target at most")
    parser.add_argument("--seed", type=int, default=1, help="where the inputs begin")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batch", type=int, help="play only this batch, in this process")
    parser.add_argument("--input", type=bytes.fromhex, help="play only this input")
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return options


def again(target: Target, options: argparse.Namespace) -> int:
    """Play one input or one batch again; print what came of it."""
    if options.input is not None:
        error = verdict(target, options.input)
        if not error:
            print(target.play(options.input))
    else:
        tally = Tally()
        play_batch(target, options.seed, options.batch, tally)
        error = "\n".join(str(one) for one in tally.failed)
    print(error or "no failure")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
