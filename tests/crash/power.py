"""Power cuts by the million: scripts are shared out among processes, and their figures added."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context

from headwater.jetstream import consumer_config, stream_config
from tests.sim import campaign, node_campaign

_REPORT_SECONDS = 10.0
_FAILURES_MAX = 5
# Of the scripts, every other one is of a whole node, the others of one store alone.
_KINDS = ("node", "store")


@dataclass
class Found:
    """What one script has shown, or many of them."""

    node: node_campaign.Figures = field(default_factory=node_campaign.Figures)
    store: campaign.Result = field(default_factory=campaign.Result)
    failures: list[str] = field(default_factory=list)

    @property
    def states(self) -> int:
        return self.node.states + self.store.states

    def add(self, other: "Found") -> None:
        """Add what another script has shown."""
        self.node.add(other.node)
        self.store.add(other.store)
        self.failures += other.failures


def run_script(kind: str, seed: int) -> Found:
    """Try the power cuts of one script; in a process of its own."""
    remember_configs()
    found = Found()
    try:
        if kind == "node":
            node_campaign.run_seed(seed, found.node)
        else:
            campaign.run_seed(seed, campaign.ALL, found.store, steps=80, deep_part=20)
    except Exception as error:  # noqa: BLE001 (each is a finding)
        found.failures.append(f"{kind}: {error}")
    return found


@cache
def remember_configs() -> None:
    """Let configurations that were read be known: a fifth of a start is reading them again."""
    stream_config.decode_stream_config = cache(stream_config.decode_stream_config)
    consumer_config.decode_consumer_config = cache(consumer_config.decode_consumer_config)


def cut_power(
    states: int, seconds: float, seed: int, processes: int, tell: Callable[[str], None]
) -> Found:
    """Try ``states`` power cuts, or as many as can be tried in some seconds."""
    found = Found()
    began = reported = time.monotonic()

    def goes_on() -> bool:
        in_time = time.monotonic() - began < seconds
        return in_time and found.states < states and len(found.failures) < _FAILURES_MAX

    scripts = ((kind, number) for number in _count(seed) for kind in _KINDS)
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        running: set[Future[Found]] = set()
        while goes_on():
            while len(running) < processes + 1:
                running.add(pool.submit(run_script, *next(scripts)))
            done, running = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in done:
                _take(found, future, tell)
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                rate = found.states / (reported - began)
                tell(f"  {found.states:,} of {states:,} power cuts, {rate:,.0f} a second")
        for future in running:
            if not future.cancel():
                _take(found, future, tell)
    return found


def _take(found: Found, future: Future[Found], tell: Callable[[str], None]) -> None:
    script = future.result()
    found.add(script)
    for text in script.failures:
        tell(f"FAILED: {text}")


def _count(number: int) -> Iterator[int]:
    while True:
        yield number
        number += 1


def describe(found: Found, seconds: float) -> str:
    """Return the figures as lines of text."""
    node, store = found.node, found.store
    kinds = Counter(node.kinds) + Counter(store.kinds)
    named = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    return (
        f"power cuts: {found.states:,} states, {len(found.failures)} failures, {seconds:.0f} s\n"
        f"  {node.states:,} of {node.scripts:,} scripts on a node: {node.starts_cut:,} while it "
        f"started from another, {node.used:,} gone on with\n"
        f"  {store.states:,} of {store.workloads:,} scripts on one store: {store.cuts:,} with a "
        f"write to cut\n"
        f"  {node.restarts + store.restarts:,} restarts on the way; interrupted: {named}"
    )


def end_in_order() -> None:
    """Let SIGTERM end the processes that were started too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def processors() -> int:
    """Return how many processes can run side by side."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
