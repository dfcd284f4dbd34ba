"""The crash campaign: ``python -m tests.crash [--states N] [--rounds N] [--seed N] ...``.

First power cuts on a simulated disk, then a real server that is killed with ``kill -9``: at random
moments and at named places inside the store, then under full publishing load.  It ends with the
figures, and with an error when anything acknowledged was lost.
A script that fails is printed at its shortest; ``--only node:SEED`` or ``--only store:SEED`` plays
one script alone.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from headwater import _build
from tests.crash import power
from tests.crash.kill import Campaign
from tests.crash.points import Rounds


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--states", type=int, default=1_000_000, help="power cuts to try")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for power cuts")
    parser.add_argument("--rounds", type=int, default=1000, help="kills of a server")
    parser.add_argument("--load-rounds", type=int, default=30, help="kills under full load")
    parser.add_argument("--seed", type=int, default=1, help="where the seeds begin")
    parser.add_argument("--processes", type=int, default=power.processors())
    parser.add_argument("--only", default="", help="one script: node:SEED or store:SEED")
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}", flush=True)
    power.end_in_order()
    good = cut_power(options) if options.states or options.only else True
    if options.rounds and not options.only:
        good = kill_servers(options.rounds, options.seed) and good
    if options.load_rounds and not options.only:
        good = kill_under_load(options.load_rounds, options.seed) and good
    print("crash campaign: " + ("nothing acknowledged was lost" if good else "FAILED"))
    return 0 if good else 1


def cut_power(options: argparse.Namespace) -> bool:
    """Try power cuts; print what was seen."""
    began = time.monotonic()
    if options.only:
        kind, _, seed = options.only.partition(":")
        found = power.run_script(kind, int(seed))
        say("\n".join(found.failures))
    else:
        limits = (options.states, options.seconds, options.seed, options.processes)
        found = power.cut_power(*limits, say)
    say(power.describe(found, time.monotonic() - began))
    return not found.failures


def say(text: str) -> None:
    print(text, flush=True)


def kill_servers(rounds: int, seed: int) -> bool:
    """Kill a server that does a little of everything; print what was seen."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headwater-crash-") as folder:
        campaign = Rounds(Path(folder), seed)
        try:
            campaign.run(rounds, report=lambda text: say(f"  {text}"))
        except AssertionError:
            say(f"FAILED after {campaign.kills} kills: {traceback.format_exc()}")
            return False
    load, places = campaign.load, campaign.places
    say(
        f"kill -9: {campaign.kills} rounds, {places.total()} of them at {len(places)} places, "
        f"{campaign.starts} while a server started; {load.sent:,} operations sent, "
        f"{load.answered:,} answered, {load.confirmed:,} acknowledgements confirmed, "
        f"{campaign.checked:,} messages checked, 0 lost, {time.monotonic() - began:.0f} s"
    )
    return True


def kill_under_load(rounds: int, seed: int) -> bool:
    """Kill a server that publishes as much as it can; print what was seen."""
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
        f"kill -9 under load: {campaign.kills} rounds, {campaign.published} messages sent, "
        f"{campaign.acknowledged} acknowledged, {campaign.checked} checked, "
        f"{campaign.extra} stored without an acknowledgement, 0 lost, {seconds:.0f} s",
        flush=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
