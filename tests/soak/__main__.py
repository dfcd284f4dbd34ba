"""The soak campaign: ``python -m tests.soak [--seconds N] [--phase N] [--seed N]``.

A real server among badly behaved clients; it ends with the figures, and with an error when a good
client has missed, doubled or reordered a message, or when the server holds on to anything.  The
seed decides what is done, not how the machine interleaves it.  A row is a phase, which is a process
of its own; its RSS is told for the quiet after each round.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from headwater import _build
from tests.soak.campaign import Campaign
from tests.soak.client import SoakError


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long it takes in all")
    parser.add_argument("--phase", type=float, default=60, help="how long one process serves")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}\nseed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="headwater-soak-"))
    campaign = Campaign(folder, options.seed, lambda text: print(text, flush=True))
    try:
        asyncio.run(campaign.run(options.seconds, options.phase))
    except (SoakError, ExceptionGroup) as error:
        print(f"soak campaign: FAILED in phase {len(campaign.phases)}, seed {options.seed}")
        print("\n".join(f"  {text}" for text in failures(error)))
        print(f"the server's log, in {folder}, ends with\n{campaign.log_end}")
        return 1
    shutil.rmtree(folder)
    print(summary(campaign))
    return 0


def failures(error: BaseException) -> list[str]:
    """Return what has gone wrong, each thing once."""
    if isinstance(error, BaseExceptionGroup):
        return [text for inner in error.exceptions for text in failures(inner)]
    return [f"{type(error).__name__}: {error}"]


def summary(campaign: Campaign) -> str:
    phases = campaign.phases
    messages = sum(phase.messages for phase in phases)
    connections = sum(phase.varz["total_connections"] for phase in phases)
    return (
        f"soak campaign: {len(phases)} phases, {connections} connections, {messages} messages of "
        "good clients: none lost, doubled or out of order; nothing left behind"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
