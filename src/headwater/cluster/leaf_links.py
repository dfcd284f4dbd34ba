"""Keeps the leaf links of a node up: one supervisor for each hub, which dials for ever."""

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from headwater.base import ids
from headwater.base.clock import SECOND
from headwater.base.link import Receiver
from headwater.base.timers import Timer
from headwater.broker.node import Node
from headwater.cluster.leaf_session import REGISTERED, LeafSession
from headwater.config.options import LeafNodes, LeafRemote, LeafUrl
from headwater.wire import leaf_ops

#: Connects ``receiver`` to a host and port, and calls ``done`` once: with None when that worked,
#: else with the reason.
Dial = Callable[[str, int, Receiver, Callable[[str | None], None]], None]

# After a failed attempt some time at random is added, so that the leaf nodes of a hub that comes
# back do not all arrive at once.
_JITTER_NS = SECOND

# What a hub says when trying again soon is of no use; texts of -ERR lines (WIRE.md 1.9).
_LONG_DELAY_NS = 30 * SECOND
_DELAYS_NS = (
    ("Loop detected", _LONG_DELAY_NS),
    ("same cluster name", _LONG_DELAY_NS),
    ("Permissions Violation", _LONG_DELAY_NS),
    ("minimum version", 5 * SECOND),
)


@dataclass(frozen=True)
class ErrorReports:
    """How many failures in a row one line of the log stands for; the first is always told.

    ``connect`` is for a hub that was never reached, ``reconnect`` for one that was.
    """

    connect: int = 3600
    reconnect: int = 1

    def tells(self, failures: int, *, connected: bool) -> bool:
        """Tell whether the failure of that number is to be told."""
        every = self.reconnect if connected else self.connect
        if every == 0:
            every = ErrorReports.reconnect if connected else ErrorReports.connect
        return failures == 1 or failures % every == 0


@dataclass
class LinkState:
    """Where one link stands; what ``LeafLink.status`` shows."""

    state: str = "stopped"  # stopped, connecting, connected, waiting
    since_ns: int = 0  # when it got there, wall clock
    failures: int = 0  # attempts in a row that did not end in a link
    connects: int = 0  # links made so far
    last_error: str = ""
    retry_ns: int = 0  # how long it waits before the next attempt


class LeafLink:
    """The link to one hub: a session while there is one, a timer while there is none."""

    def __init__(
        self,
        node: Node,
        remote: LeafRemote,
        reconnect_ns: int,
        dial: Dial,
        loop_subject: bytes,
        reports: ErrorReports,
    ) -> None:
        self.remote = remote
        self.session: LeafSession | None = None
        self.progress = LinkState(since_ns=node.clock.now())
        self._node = node
        self._reconnect_ns = reconnect_ns
        self._dial = dial
        self._loop_subject = loop_subject
        self.reports = reports
        self._timer: Timer | None = None
        self._running = False
        self._configured = list(remote.urls)
        if not remote.no_randomize:
            node.rng.shuffle(self._configured)
        self._urls = list(self._configured)
        self._next_url = 0
        self._url = self._urls[0]

    @property
    def name(self) -> str:
        """How the log names the hub: the address that is in use, never its credentials."""
        return _address(self._url)

    def start(self) -> None:
        """Dial, and again whenever the link is lost."""
        if not self._running:
            self._running = True
            self._try()

    def stop(self) -> None:
        """Close the link and stay away."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        session, self.session = self.session, None
        if session is not None:
            # One that is still being dialled finds itself closed once it is connected.
            session.fail("Server Shutdown")
        self._enter("stopped")

    def status(self) -> dict[str, Any]:
        """Return where the link stands: times in ns, counters of the current connection."""
        progress = self.progress
        session = self.session
        result: dict[str, Any] = {
            "remote": self.name,
            "urls": [_address(url) for url in self._urls],
            "account": self.remote.account or "$G",
            "state": progress.state,
            "connected": progress.state == "connected",
            "since_ns": progress.since_ns,
            "connects": progress.connects,
            "failures": progress.failures,
            "last_error": progress.last_error,
            "retry_ns": progress.retry_ns,
        }
        if session is not None and progress.state == "connected":
            result |= {
                "id": session.id,
                "hub_name": session.hub.server_name,
                "hub_id": session.hub.server_id,
                "hub_domain": session.hub.domain,
                "rtt_ns": session.rtt_ns,
                "in_msgs": session.in_msgs,
                "in_bytes": session.in_bytes,
                "out_msgs": session.out_msgs,
                "out_bytes": session.out_bytes,
                "subscriptions": len(session.subscriptions),
            }
        return result

    def link_up(self, session: LeafSession) -> None:
        """The session has been let in by the hub."""
        if session is self.session:
            self.progress.failures = 0
            self.progress.connects += 1
            self.progress.last_error = ""
            self._enter("connected")

    def link_down(self, session: LeafSession) -> None:
        """The session is closed."""
        error = session.hub_error or session.reason
        registered = session.stage == REGISTERED
        if registered:
            self._node.log.info(
                f"{session.label()} - Leafnode connection closed: {session.reason}"
                f" - Remote: {leaf_ops.readable(session.hub.server_name)}"
            )
        if session is not self.session:
            return
        self.session = None
        if registered:
            self.progress.last_error = error
            self._try_after(max(self._reconnect_ns, delay_after(error)))
        else:
            self._failed(_explained(error, self._url), delay_after(error))

    def discovered(self, urls: Iterable[str]) -> None:
        """The hub has named the addresses of its servers; they are tried after the configured."""
        known = {(url.host, url.port) for url in self._configured}
        self._urls = list(self._configured)
        for text in urls:
            url = _parsed(text, self._url)
            if url is not None and (url.host, url.port) not in known:
                known.add((url.host, url.port))
                self._urls.append(url)

    def _try(self) -> None:
        self._timer = None
        self._url = self._urls[self._next_url % len(self._urls)]
        self._next_url = (self._next_url + 1) % len(self._urls)
        session = LeafSession(self._node, self, self.remote, self._url, self._loop_subject)
        self.session = session
        self._enter("connecting")
        self._node.log.debug(f'Trying to connect as leafnode to remote server on "{self.name}"')
        self._dial(self._url.host, self._url.port, session, partial(self._dialled, session))

    def _dialled(self, session: LeafSession, error: str | None) -> None:
        if error is not None and session is self.session:
            self.session = None
            self._failed(error, 0)

    def _failed(self, error: str, delay_ns: int) -> None:
        """An attempt has come to nothing: say so, not too often, and plan the next."""
        progress = self.progress
        progress.failures += 1
        progress.last_error = error
        log = self._node.log
        tells = self.reports.tells(progress.failures, connected=progress.connects > 0)
        (log.error if tells else log.debug)(
            f'Error trying to connect as leafnode to remote server "{self.name}" '
            f"(attempt {progress.failures}): {error}"
        )
        self._try_after(max(self._reconnect_ns + self._node.rng.randrange(_JITTER_NS), delay_ns))

    def _try_after(self, delay_ns: int) -> None:
        if self._running:
            self._enter("waiting", delay_ns)
            self._timer = self._node.timers.after(delay_ns, self._try)

    def _enter(self, state: str, retry_ns: int = 0) -> None:
        self.progress.state = state
        self.progress.retry_ns = retry_ns
        self.progress.since_ns = self._node.clock.now()


class LeafLinks:
    """All leaf links of a node, one for each remote in its options."""

    def __init__(
        self,
        node: Node,
        options: LeafNodes,
        dial: Dial,
        reports: ErrorReports = ErrorReports(),
    ) -> None:
        self.links: list[LeafLink] = []
        self._node = node
        self._dial = dial
        self._loop_subjects: dict[str, bytes] = {}
        for remote in options.remotes:
            self.links.append(self._link(remote, options, reports))

    def update(self, options: LeafNodes, reports: ErrorReports) -> list[str]:
        """Keep the links to the remotes that are still there; close the others, and dial new ones.

        Returns a text for each link that is closed.
        """
        gone = [link for link in self.links if link.remote not in options.remotes]
        kept = {link.remote: link for link in self.links if link not in gone}
        for link in gone:
            link.stop()
        self.links = []
        self._join_cluster(options.remotes)
        for remote in options.remotes:
            link = kept.get(remote) or self._link(remote, options, reports)
            link.reports = reports
            self.links.append(link)
            link.start()
        return [f"LeafNode Remote {_described(link.remote)} removed" for link in gone]

    def start(self) -> None:
        """Dial all hubs."""
        self._join_cluster(self.links)
        for link in self.links:
            link.start()

    def stop(self) -> None:
        """Close all links."""
        for link in self.links:
            link.stop()

    def _join_cluster(self, links: Sized) -> None:
        # A server without a cluster is one of its own; the name of one has no blanks.
        node = self._node
        name = node.name if node.name.split() == [node.name] else node.server_id
        node.cluster = name if links else ""

    def status(self) -> list[dict[str, Any]]:
        """Return where each link stands, in the order of the options; see ``LeafLink.status``."""
        return [link.status() for link in self.links]

    def _link(self, remote: LeafRemote, options: LeafNodes, reports: ErrorReports) -> LeafLink:
        account = remote.account or "$G"
        if account not in self._loop_subjects:
            self._loop_subjects[account] = b"$LDS." + ids.unique_id(self._node.rng)
        loop_subject = self._loop_subjects[account]
        return LeafLink(self._node, remote, options.reconnect_ns, self._dial, loop_subject, reports)


def delay_after(error: str) -> int:
    """Return how long to stay away, in ns, after the hub has said ``error``; 0: no longer than
    usual."""
    for text, delay_ns in _DELAYS_NS:
        if text.lower() in error.lower():
            return delay_ns
    return 0


def _explained(error: str, url: LeafUrl) -> str:
    """Return ``error`` with what the operator can do about it, where that is known."""
    if "Authorization Violation" in error:
        # A user without a password is a token, which is as secret as a password.
        who = f'user "{url.user}"' if url.password else "the credentials"
        if not url.user:
            who = "a link without credentials"
        return f"{error} (the hub refuses {who}: check the url of this remote)"
    return error


def _described(remote: LeafRemote) -> str:
    """Return what the log calls a remote, without its credentials."""
    urls = " ".join(f'"nats://{_address(url)}"' for url in remote.urls)
    return f'urls=[{urls}], account="{remote.account or "$G"}"'


def _address(url: LeafUrl) -> str:
    return f"[{url.host}]:{url.port}" if ":" in url.host else f"{url.host}:{url.port}"


def _parsed(text: str, like: LeafUrl) -> LeafUrl | None:
    """Return the address ``text`` (``host:port``) with the credentials of ``like``, or None."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not host.isprintable() or " " in host:
        return None
    if not port.isdecimal() or not port.isascii() or not 0 < int(port[:6]) < 65536:
        return None
    return replace(like, host=host, port=int(port))
