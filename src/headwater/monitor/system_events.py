"""Events in the system account: who comes and goes, how the server is, and when it ends.

They are published only while somebody listens.
"""

from typing import Any

from headwater.accounts.account import Account
from headwater.base import gojson, ids
from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.timers import Timer
from headwater.broker.client_info import client_info
from headwater.broker.node import NodeObserver
from headwater.broker.server_info import server_info
from headwater.monitor.about import About
from headwater.monitor.accountz import account_statistics
from headwater.monitor.formats import text
from headwater.monitor.statsz import statsz

_TYPE = "io.nats.server.advisory.v1."
_FIRST_STATS_NS = 250 * MILLISECOND
_STATS_NS = 10 * SECOND
_CONNECTIONS_NS = 30 * SECOND


class SystemEvents(NodeObserver):
    """Publishes what happens to ``about``'s server."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._node = about.node
        self._stats_ns = _FIRST_STATS_NS
        self._timers: list[Timer] = []

    def start(self) -> None:
        """Publish from now on."""
        node = self._node
        node.observers.append(self)
        self._timers = [
            node.timers.after(_FIRST_STATS_NS, self._stats_due),
            node.timers.after(_CONNECTIONS_NS, self._connections_due),
        ]

    def stop(self) -> None:
        """Publish nothing any more."""
        for timer in self._timers:
            timer.cancel()

    @property
    def stats_subject(self) -> str:
        """Where the statistics go from time to time."""
        return f"$SYS.SERVER.{self._node.server_id}.STATSZ"

    def client_connected(self, session: Any) -> None:
        name = text(session.account.name)
        self._tell_connections(session.account)
        subject = f"$SYS.ACCOUNT.{name}.CONNECT"
        if self._is_wanted(subject):
            self._publish(
                subject, {**self._head("client_connect"), "client": self._client(session)}
            )

    def client_closed(self, session: Any) -> None:
        name = text(session.account.name)
        if session.admitted:
            self._tell_connections(session.account)
        self._tell_end(f"$SYS.ACCOUNT.{name}.DISCONNECT", session)

    def client_refused(self, session: Any) -> None:
        self._tell_end(f"$SYS.SERVER.{self._node.server_id}.CLIENT.AUTH.ERR", session)

    def lame_duck_begins(self) -> None:
        self._tell_of_server("LAMEDUCK")

    def node_stops(self) -> None:
        self._tell_of_server("SHUTDOWN")

    def _tell_of_server(self, event: str) -> None:
        subject = f"$SYS.SERVER.{self._node.server_id}.{event}"
        if self._is_wanted(subject):
            self._publish(subject, server_info(self._node))

    def _tell_end(self, subject: str, session: Any) -> None:
        if not self._is_wanted(subject):
            return
        now_ns = self._node.clock.now()
        client = self._client(session)
        tail = {name: client.pop(name) for name in ("name_tag", "kind", "client_type")}
        if session.rtt_ns:
            client["rtt"] = session.rtt_ns
        client["stop"] = gojson.time_text(now_ns)
        body = {
            **self._head("client_disconnect"),
            "client": client | tail,
            # From the client's side, as nats-server has it.
            "sent": {"msgs": session.in_msgs, "bytes": session.in_bytes},
            "received": {"msgs": session.out_msgs, "bytes": session.out_bytes},
            "reason": session.reason,
        }
        self._publish(subject, body)

    def _tell_connections(self, account: Account) -> None:
        """Tell how many connections an account has; an older subject is there as well."""
        name = text(account.name)
        subjects = (f"$SYS.SERVER.ACCOUNT.{name}.CONNS", f"$SYS.ACCOUNT.{name}.SERVER.CONNS")
        wanted = [subject for subject in subjects if self._is_wanted(subject)]
        if wanted:
            body = self.connections(account)
            for subject in wanted:
                self._publish(subject, body)

    def connections(self, account: Account) -> dict[str, object]:
        """Return the event that tells of an account's connections."""
        return {
            **self._head("account_connections"),
            **account_statistics(self._about, account),
        }

    def _stats_due(self) -> None:
        node = self._node
        node.router.begin()
        subject = self.stats_subject
        if self._is_wanted(subject):
            body = {"server": server_info(node), "statsz": statsz(self._about)}
            self._publish(subject, body)
        node.router.flush()
        self._stats_ns = min(2 * self._stats_ns, _STATS_NS)
        self._timers[0] = node.timers.after(self._stats_ns, self._stats_due)

    def _connections_due(self) -> None:
        node = self._node
        node.router.begin()
        for account in node.accounts:
            if account.sessions:
                self._tell_connections(account)
        node.router.flush()
        self._timers[1] = node.timers.after(_CONNECTIONS_NS, self._connections_due)

    def _head(self, kind: str) -> dict[str, object]:
        node = self._node
        return {
            "type": _TYPE + kind,
            "id": ids.unique_id(node.rng).decode(),
            "timestamp": gojson.time_text(node.clock.now()),
            "server": server_info(node),
        }

    def _client(self, session: Any) -> dict[str, object]:
        return {
            **client_info(session),
            "name_tag": text(session.account.name),
            "kind": "Client",
            "client_type": "nats",
        }

    def _is_wanted(self, subject: str) -> bool:
        return self._node.accounts.system.interest.has_interest(subject.encode())

    def _publish(self, subject: str, body: dict[str, object]) -> None:
        node = self._node
        node.router.publish(node.accounts.system, subject.encode(), gojson.encode(body))
