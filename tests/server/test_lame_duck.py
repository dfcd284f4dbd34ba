"""The slow way to stop, with a clock that stands still."""

import itertools

import pytest

from headwater.base.clock import MILLISECOND, SECOND
from headwater.broker.node import Node
from headwater.server.lame_duck import LameDuck
from tests.broker.fakes import Client, new_node

_STEP_NS = 10 * MILLISECOND


class Pond:
    """A node with clients that leave when they are told to, and its lame duck."""

    def __init__(self, count: int, duration_s: float, grace_s: float, seed: int = 1) -> None:
        self.node: Node = new_node(seed)
        self.clients = [Client(self.node) for _ in range(count)]
        self.finished = 0
        self.closed: list[tuple[float, int]] = []  # seconds since the start, number of the client
        self.duck = LameDuck(
            self.node,
            self.node.timers,
            duration_ns=int(duration_s * SECOND),
            grace_ns=int(grace_s * SECOND),
            finished=self._finish,
        )
        self._start_ns = self.node.clock.monotonic()
        self.duck.start()

    def _finish(self) -> None:
        self.finished += 1

    @property
    def seconds(self) -> float:
        return (self.node.clock.monotonic() - self._start_ns) / SECOND

    def pass_time(self, duration_s: float) -> None:
        """Let time go on, and note who is closed."""
        for _ in range(round(duration_s * SECOND / _STEP_NS)):
            self.node.clock.advance(_STEP_NS)
            self.node.timers.run_due()
            for number, client in enumerate(self.clients):
                if client.link.closed and client.session.id in self.node.sessions:
                    self.closed.append((self.seconds, number))
                    client.leave()

    def gaps(self) -> list[float]:
        times = [when for when, _ in self.closed]
        return [after - before for before, after in itertools.pairwise(times)]


def test_clients_have_their_grace_and_are_then_closed_one_by_one() -> None:
    pond = Pond(4, 50, 10)
    pond.pass_time(9.9)
    assert not pond.closed
    pond.pass_time(0.2)
    assert len(pond.closed) == 1
    assert not pond.finished
    # A few are not kept until the end.
    pond.pass_time(3)
    assert len(pond.closed) == 4
    assert pond.finished == 1
    assert all(0.49 < gap < 1.01 for gap in pond.gaps())
    assert {client.session.reason for client in pond.clients} == {"Server Shutdown"}


@pytest.mark.parametrize("seed", [1, 2])
def test_many_are_spread_over_the_time_at_random(seed: int) -> None:
    pond = Pond(200, 31, 1, seed)
    pond.pass_time(31)
    assert pond.finished == 1
    assert len(pond.closed) == 200
    assert 15 < pond.closed[-1][0] - pond.closed[0][0] < 30
    assert all(0.05 < gap < 0.17 for gap in pond.gaps())
    order = [number for _, number in pond.closed]
    assert sorted(order) == list(range(200))
    assert order != sorted(order)


def test_more_than_there_is_time_for_are_closed_all_the_same() -> None:
    pond = Pond(500, 1.01, 1)
    pond.pass_time(1.1)
    assert len(pond.closed) == 500
    assert pond.finished == 1


def test_who_leaves_meanwhile_is_not_waited_for() -> None:
    pond = Pond(4, 50, 10)
    pond.pass_time(10.1)
    for client in pond.clients:
        if not client.link.closed:
            client.leave()
    pond.pass_time(1)
    assert pond.finished == 1


@pytest.mark.parametrize("count", [0, 2])
def test_nobody_is_waited_for(count: int) -> None:
    pond = Pond(count, 60, 59)
    assert pond.finished == (0 if count else 1)
    for client in pond.clients:
        client.leave()
    pond.pass_time(0.2)
    assert pond.finished == 1


def test_an_end_that_is_hurried() -> None:
    pond = Pond(3, 60, 1)
    pond.pass_time(1.1)
    pond.duck.cancel()
    pond.pass_time(5)
    assert len(pond.closed) == 1
    assert not pond.finished
