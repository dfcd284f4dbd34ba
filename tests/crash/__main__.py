"""The crash campaign: ``python -m tests.crash [--states N] [--rounds N] [--seed N]``.

First power cuts on a simulated disk, then a real server that is killed with ``kill -9`` under full
publishing load.  It ends with the figures, and with an error when anything acknowledged was lost.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from headwater import _build
from tests.crash.kill import Campaign
from tests.sim.campaign import CrashError, Result, run_seed

_STATES_PER_SEED = 100


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--states", type=int, default=30_000, help="power cuts to try")
    parser.add_argument("--rounds", type=int, default=100, help="kills of a server")
    parser.add_argument("--seed", type=int, default=1, help="where the seeds begin")
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}", flush=True)
    good = cut_power(options.states, options.seed) if options.states else True
    if options.rounds:
        good = kill_servers(options.rounds, options.seed) and good
    print("crash campaign: " + ("nothing acknowledged was lost" if good else "FAILED"))
    return 0 if good else 1


def cut_power(states: int, seed: int) -> bool:
    """Check ``states`` power cuts; print what was seen."""
    result = Result()
    started = time.monotonic()
    failed = 0
    while result.states < states and failed < 5:
        try:
            run_seed(seed, min(_STATES_PER_SEED, states - result.states), result, steps=80)
        except (CrashError, AssertionError) as error:
            failed += 1
            print(f"FAILED: {error}")
        seed += 1
    seconds = time.monotonic() - started
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(result.kinds.items()))
    print(
        f"power cuts: {result.states} states of {result.workloads} workloads, "
        f"{result.cuts} of them with a write to cut, {result.restarts} restarts on the way, "
        f"{failed} failures, {seconds:.0f} s\n"
        f"  interrupted: {kinds}",
        flush=True,
    )
    return failed == 0


def kill_servers(rounds: int, seed: int) -> bool:
    """Kill a server ``rounds`` times; print what was seen."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headwater-crash-") as folder:
        campaign = Campaign(Path(folder), seed)
        try:
            campaign.run(rounds, report=lambda text: print(f"  {text}", flush=True))
        except AssertionError as error:
            print(f"FAILED after {campaign.kills} kills: {error}")
            return False
    seconds = time.monotonic() - started
    print(
        f"kill -9: {campaign.kills} rounds, {campaign.published} messages sent, "
        f"{campaign.acknowledged} acknowledged, {campaign.checked} checked, "
        f"{campaign.extra} stored without an acknowledgement, 0 lost, {seconds:.0f} s",
        flush=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
