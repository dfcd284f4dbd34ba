"""Machines beside what they are models of, driven at random: ``python -m tests.sim.models``."""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from headwater import _build
from tests.crash.power import end_in_order, processors
from tests.sim.choices import Player
from tests.sim.key_machine import KeyMachine
from tests.sim.queue_machine import QueueMachine
from tests.sim.store_machine import StoreMachine

STEP_COUNT = 60
_LENGTHS = (30, 60, 60, 400)  # of plays at random
_STEPS_A_TURN = 20_000
# By name, and of how many steps asked for each gets one: a node takes longer than a store.
MACHINES: dict[str, tuple[Any, int]] = {
    "store": (StoreMachine, 1),
    "keys": (KeyMachine, 10),
    "queues": (QueueMachine, 10),
}


def check(name: str, steps: int, first_seed: int) -> int:
    """Let Hypothesis run machines of about so many steps; return how many there were.

    Raises:
        AssertionError: one shows something wrong.
    """
    kind, _ = MACHINES[name]
    before = kind.steps
    options = settings(
        max_examples=max(1, steps // STEP_COUNT),
        stateful_step_count=STEP_COUNT,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    machine = seed(first_seed)(type("Machine", (kind,), {}))
    run_state_machine_as_test(machine, settings=options)
    return kind.steps - before


def check_at_random(name: str, steps: int, first_seed: int) -> int:
    """Play machines of about so many steps at random; return how many there were.

    Raises:
        AssertionError: one shows something wrong.
    """
    kind, _ = MACHINES[name]
    before = kind.steps
    player = Player(kind)
    plays = max(1, steps // (sum(_LENGTHS) // len(_LENGTHS)))
    for number in range(plays):
        player.play(first_seed * plays + number, _LENGTHS[number % len(_LENGTHS)])
    return kind.steps - before


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.models", description=__doc__)
    parser.add_argument("--steps", type=int, default=3_000_000, help="at random")
    parser.add_argument("--guided", type=int, default=100_000, help="steps of Hypothesis")
    parser.add_argument("--seed", type=int, default=1, help="where the seeds begin")
    parser.add_argument("--processes", type=int, default=processors())
    parser.add_argument("--only", choices=MACHINES, help="this machine alone, and all the steps")
    options = parser.parse_args(arguments)
    print(f"headwater: {_build.description()}", flush=True)
    end_in_order()
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for name, (_, share) in MACHINES.items():
            if options.only in (None, name):
                part = 1 if options.only else share
                _run(pool, check_at_random, name, options.steps // part, options.seed)
                _run(pool, check, name, options.guided // part, options.seed)
    return 0


def _run(
    pool: ProcessPoolExecutor,
    kind: Callable[[str, int, int], int],
    name: str,
    steps: int,
    first_seed: int,
) -> None:
    began = time.monotonic()
    done = 0
    count = -(-steps // _STEPS_A_TURN)
    turns = range(first_seed, first_seed + count)
    for number, more in enumerate(
        pool.map(kind, [name] * count, [_STEPS_A_TURN] * count, turns), 1
    ):
        done += more
        rate = done / (time.monotonic() - began)
        print(f"{name}: {number} of {count}: {done:,} steps, {rate:,.0f} a second", flush=True)
    seconds = time.monotonic() - began
    print(f"{name}, {kind.__name__}: {done:,} steps, no difference, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
