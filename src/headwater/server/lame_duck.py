"""The slow way to stop: clients are told, and then closed one after the other."""

from collections.abc import Callable

from headwater.base.clock import MILLISECOND
from headwater.base.timers import Timer, Timers
from headwater.broker.node import Node

_CHECK_NS = 100 * MILLISECOND


class LameDuck:
    """Closes the clients of ``node`` evenly over ``duration_ns``, then calls ``finished``.

    For the first ``grace_ns`` of that they have the chance to leave by themselves.
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
        self._interval_ns = _CHECK_NS

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
        count = len(self._node.sessions)
        if not count:
            self._finished()
        elif self._node.clock.monotonic() < self._grace_end_ns:
            self._timer = self._timers.after(_CHECK_NS, self._wait)
        else:
            self._interval_ns = self._duration_ns // count
            self._close_next()

    def _close_next(self) -> None:
        sessions = self._node.sessions
        if not sessions:
            self._finished()
            return
        next(iter(sessions.values())).fail("Server Shutdown")
        self._node.router.flush()
        self._timer = self._timers.after(self._interval_ns, self._close_next)
