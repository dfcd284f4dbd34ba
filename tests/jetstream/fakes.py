"""JetStream on a simulated disk, whose blocking work is done when the test says so."""

from collections.abc import Callable
from typing import Any

from headwater.broker.node import Node
from headwater.config.options import JetStreamOptions
from headwater.jetstream.engine import JetStream
from headwater.store.jobs import ImmediateJobs, Jobs
from tests.sim.simdisk import SimDisk


class HeldJobs(Jobs):
    """Work that is done when the test says so."""

    def __init__(self, router: Any) -> None:
        self.held: list[tuple[Any, Callable[[], Any], Callable[[Any, Any], None]]] = []
        self._router = router

    def submit(self, key: Any, work: Callable[[], Any], done: Callable[[Any, Any], None]) -> None:
        self.held.append((key, work, done))

    def run(self) -> None:
        self._router.flush()
        while self.held:
            self._router.begin()
            ImmediateJobs().submit(*self.held.pop(0))
            self._router.flush()


def start(node: Node, disk: SimDisk) -> HeldJobs:
    """Start JetStream on ``node``; return its jobs."""
    jobs = HeldJobs(node.router)
    engine = JetStream(node, JetStreamOptions(), disk, jobs)
    engine.recover()
    engine.start()
    return jobs
