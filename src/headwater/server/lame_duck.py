"""The slow way to stop: clients are told, and then closed one after the other."""

from collections.abc import Callable

from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.timers import Timer, Timers
from headwater.broker.node import Node

_CHECK_NS = 100 * MILLISECOND
# A few clients are not made to wait for the end of the duration.
_INTERVAL_NS_MAX = SECOND


class LameDuck:
    """Closes the clients of ``node`` spread over ``duration_ns``, then calls ``finished``.

    For the first ``grace_ns`` of that they have the chance to leave by themselves.  Then one is
    closed after the other, in random order and after random times, so that the servers that they
    go to are not met by all of them together.
    """

    def __init__(
        self,
        node: Node,
        timers: Timers,
        *,
        duration_ns: int,
        grace_ns: int,
        finished: Callable[[], object],
    ) -> None:
        self._node = node
        self._timers = timers
        self._grace_ns = grace_ns
        self._duration_ns = duration_ns - grace_ns
        self._finished = finished
        self._timer: Timer | None = None
        self._grace_end_ns = 0
        self._interval_ns = _INTERVAL_NS_MAX
        self._next_ns = 0  # when the next client is closed
        self._ids: list[int] = []  # of clients that are still to be closed, the next one last

    def start(self) -> None:
        """Tell the clients, and give them time to go to another server."""
        node = self._node
        for session in list(node.sessions.values()):
            session.announce({"ldm": True})
        node.router.flush()
        self._grace_end_ns = node.clock.monotonic() + self._grace_ns
        self._wait()

    def cancel(self) -> None:
        """Do nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        node = self._node
        if not node.sessions:
            self._finished()
        elif node.clock.monotonic() < self._grace_end_ns:
            self._timer = self._timers.after(_CHECK_NS, self._wait)
        else:
            node.log.info("Closing existing clients")
            self._ids = list(node.sessions)
            node.rng.shuffle(self._ids)
            self._interval_ns = min(_INTERVAL_NS_MAX, self._duration_ns // len(self._ids))
            self._next_ns = node.clock.monotonic()
            self._close_due()

    def _close_due(self) -> None:
        """Close those whose time has come."""
        now_ns = self._node.clock.monotonic()
        while self._ids and self._next_ns <= now_ns:
            session = self._node.sessions.get(self._ids.pop())
            if session is not None:
                session.fail("Server Shutdown")
                self._next_ns += self._gap_ns()
        self._node.router.flush()
        if self._ids:
            self._timer = self._timers.after(self._next_ns - now_ns, self._close_due)
        else:
            self._finished()

    def _gap_ns(self) -> int:
        half_ns = self._interval_ns // 2
        return max(half_ns, self._node.rng.randrange(self._interval_ns + 1))
