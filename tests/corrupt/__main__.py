"""The corruption campaign: ``python -m tests.corrupt [--rounds N] [--seed N]``.

Each round damages a store at random, opens it, and repairs it.  It must start, serve every message
whose record is untouched, invent none and give no sequence out again; the repair must leave nothing
to find.
"""

import argparse
import sys
import time

from headwater import _build
from tests.corrupt.campaign import Figures, run
from tests.corrupt.stores import LARGE, SMALL, Size


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corrupt", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10_000, help="stores to damage")
    parser.add_argument("--large", type=int, default=200, help="of 100,000 messages and more")
    parser.add_argument("--seed", type=int, default=1, help="where the seeds begin")
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}", flush=True)
    figures = Figures()
    began = time.monotonic()
    say(options.rounds, options.seed, figures, SMALL)
    large = Figures()
    say(options.large, options.seed, large, LARGE)
    failures = len(figures.failures) + len(large.failures)
    print(f"corruption campaign: {failures} failures, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


def say(rounds: int, seed: int, figures: Figures, size: Size) -> None:
    """Do rounds on stores of one size; print what was seen."""
    run(rounds, seed, figures, lambda text: print(text, flush=True), size)
    print(
        f"{figures.rounds} rounds with {figures.strikes} damages: {figures.lost} messages hit, "
        f"{figures.back} deleted ones back, {figures.aside} streams set aside, "
        f"{figures.taken_back} taken back, {figures.mended} mended; slowest start "
        f"{figures.slowest_s * 1000:.0f} ms of processor time",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
