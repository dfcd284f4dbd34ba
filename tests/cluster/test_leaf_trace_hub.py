"""Traces over leaf links: ours and a nats-server as leaf nodes of the same hub tell the same."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import headwater
from tests.cluster.test_leaf_hub import leaf_port
from tests.server.trace_plays import (
    DESTINATION,
    ONLY,
    PARENT,
    Client,
    Peer,
    heard,
    hpub,
    traces,
)
from tests.support.nats_server import NatsServer
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

_HUB = """
server_name: HUB
leafnodes { listen: "127.0.0.1:-1", compression: off }
"""
_LEAF = """
server_name: {name}
host: "127.0.0.1"
port: -1
leafnodes {{ remotes: [
  {{ url: "nats-leaf://127.0.0.1:{port}", compression: off, {rules} }}
] }}
"""


@dataclass
class Play:
    """What one client publishes; the subscriptions of one at each server; how many traces come."""

    data: bytes
    sender: str = "leaf"
    hub: list[str] = field(default_factory=list)
    leaf: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)  # at a second leaf node of the hub
    traces: int = 0
    messages: int = 0  # how many others reach the subscribers


_AT_LEAF = "Nats-Trace-Dest: tl.x"
_BELOW = ["down.*", "down.* g"]
_ABOVE = ["up.*", "up.* g"]

_PLAYS: dict[str, Play] = {
    "down": Play(hpub("down.1", DESTINATION), "hub", leaf=_BELOW, traces=2, messages=2),
    "down, only traced": Play(hpub("down.1", DESTINATION, ONLY), "hub", leaf=_BELOW, traces=2),
    "down, traced at the leaf": Play(
        hpub("down.1", _AT_LEAF), "hub", leaf=_BELOW, traces=2, messages=2
    ),
    "up": Play(hpub("up.1", DESTINATION), hub=_ABOVE, traces=2, messages=2),
    "up, only traced": Play(hpub("up.1", DESTINATION, ONLY), hub=_ABOVE, traces=2),
    "up, traced at the leaf": Play(hpub("up.1", _AT_LEAF), hub=_ABOVE, traces=2, messages=2),
    "up and on": Play(
        hpub("up.1", DESTINATION), hub=["up.*"], other=["up.1"], traces=3, messages=2
    ),
    "up and on, only traced": Play(
        hpub("up.1", DESTINATION, ONLY), hub=["up.*"], other=["up.1"], traces=3
    ),
    "from the other one": Play(
        hpub("to.1", DESTINATION),
        "other",
        hub=["to.*"],
        leaf=[*_BELOW, "to.1"],
        traces=3,
        messages=2,
    ),
    "to both": Play(
        hpub("to.1", DESTINATION), "hub", leaf=["to.1"], other=["to.*"], traces=3, messages=2
    ),
    "here and there": Play(
        hpub("up.1", DESTINATION), hub=["up.*"], leaf=["up.1"], traces=2, messages=2
    ),
    "a group here and there": Play(
        hpub("up.1", DESTINATION), hub=["up.1 g"], leaf=["up.1 g"], traces=1, messages=1
    ),
    "a group there": Play(hpub("up.1", DESTINATION), hub=["up.1 g"], traces=2, messages=1),
    "two groups there, one of them here": Play(
        hpub("up.1", DESTINATION), hub=["up.1 g", "up.1 h"], leaf=["up.1 g"], traces=2, messages=2
    ),
    "hops that a client claims": Play(
        hpub("up.1", "Nats-Trace-Hop: 7", DESTINATION, "A: b", "Nats-Trace-Hop: 8"),
        hub=["up.*"],
        traces=2,
        messages=1,
    ),
    "nobody": Play(hpub("up.1", DESTINATION, reply="_I"), traces=1),
    "an encoding": Play(
        hpub("up.1", DESTINATION, "Accept-Encoding: gzip"), hub=["up.*"], traces=2, messages=1
    ),
    "no destination": Play(hpub("up.1", "Nats-Trace-Dest: tr.*"), hub=["up.*"], messages=1),
    "an origin that a client claims": Play(
        hpub("up.1", DESTINATION, "Nats-Trace-Origin-Account: A"), hub=["up.*"], messages=1
    ),
    "a trace context": Play(hpub("up.1", PARENT, ONLY), hub=["up.*"], messages=1),
}
_MAPPED: dict[str, Play] = {
    "mapped at the leaf": Play(
        hpub("down.m", DESTINATION), "hub", leaf=["mapped"], traces=2, messages=1
    ),
    "mapped at the leaf, only traced": Play(
        hpub("down.m", DESTINATION, ONLY), "hub", leaf=["mapped"], traces=2
    ),
    "mapped, and up": Play(hpub("n", DESTINATION), hub=["up.*"], traces=2, messages=1),
}
_DENIED: dict[str, Play] = {
    "may not go up": Play(hpub("up.2", _AT_LEAF), hub=["up.*"], traces=1),
    "may not go up, only traced": Play(hpub("up.2", _AT_LEAF, ONLY), hub=["up.*"], traces=1),
    "may go up": Play(hpub("up.1", _AT_LEAF), hub=["up.*"], traces=2, messages=1),
    "may not come down": Play(hpub("down.2", DESTINATION), "hub", leaf=_BELOW, traces=1),
}
# What the leaf has besides, the rules of its link, and what is played there.
_GROUPS: list[tuple[str, str, dict[str, Play]]] = [
    ("", "", _PLAYS),
    ('mappings: { "down.m": mapped, n: up.1 }', "", _MAPPED),
    ("", 'deny_exports: "up.2", deny_imports: "down.2"', _DENIED),
]
_CASES = [(more, rules, name) for more, rules, plays in _GROUPS for name in plays]
_NAMED = {name: play for _, _, plays in _GROUPS for name, play in plays.items()}


class _Tree:
    """A hub, a leaf node of it that is ours or theirs, and another one that is theirs."""

    def __init__(self, program: Path, folder: Path, more: str, rules: str, *, ours: bool) -> None:
        self._servers: list[Any] = []
        hub = self._start(NatsServer(program, folder / "hub", config=_HUB))
        port = leaf_port(hub)
        config = _LEAF.format(name="OTHER", port=port, rules="")
        other = self._start(NatsServer(program, folder / "other", config=config))
        config = _LEAF.format(name="LEAF", port=port, rules=rules)
        config += more.replace("STORE", str(folder / "store"))
        if ours:
            leaf = self._start(headwater.Server(config))
        else:
            leaf = self._start(NatsServer(program, folder / "leaf", config=config))
        servers = {"hub": hub, "leaf": leaf, "other": other}
        self._ports = {name: int(s.client_url.rpartition(":")[2]) for name, s in servers.items()}

    def create_stream(self) -> None:
        """Let the leaf node have a stream, on ``s.>``."""
        body = '{"name":"S","subjects":["s.>"],"storage":"memory","max_msgs":1,"discard":"new"}'
        with Client(self._ports["leaf"], "creator", Peer(["created"])) as client:
            request = f"PUB $JS.API.STREAM.CREATE.S created {len(body)}\r\n{body}\r\n"
            client.send(request.encode())
            wait_until(lambda: client.settle() or client.got, what="the stream")

    def stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()

    def run(self, play: Play) -> dict[str, list[Any]]:
        """Return what is heard at each server."""
        ports = self._ports
        clients = {
            "hub": Client(ports["hub"], "hub", Peer([*play.hub, "tr.>", "settle"])),
            "leaf": Client(ports["leaf"], "leaf", Peer([*play.leaf, "tl.>", "settle"])),
            "other": Client(ports["other"], "other", Peer([*play.other, "settle"])),
        }
        sender = clients["sender"] = Client(ports[play.sender], "sender", Peer())
        try:
            _settle(clients)
            sender.send(play.data)
            wait_until(lambda: _counts(clients) == (play.traces, play.messages), what="all of it")
            _settle(clients)  # what is behind it has arrived, so has everything else
            found = heard(clients)
            return {name: _without_settling(got) for name, got in found.items()}
        finally:
            for client in clients.values():
                client.close()

    def _start(self, server: Any) -> Any:
        server.start()
        self._servers.append(server)
        return server


def _settle(clients: dict[str, Client]) -> None:
    """Wait until each server knows what the others want, and has what they have sent."""
    for sender, receiver in itertools.permutations(["hub", "leaf", "other"], 2):
        pair = clients[sender], clients[receiver]
        wait_until(partial(_arrives, *pair), what=f"{sender} heard at {receiver}")
    for client in clients.values():
        client.got = _without_settling(client.got)


def _without_settling(got: list[Any]) -> list[Any]:
    return [item for item in got if item[0] != "settle"]


def _arrives(sender: Client, receiver: Client) -> bool:
    word = f"{sender.name} to {receiver.name}"
    sender.send(f"PUB settle {len(word)}\r\n{word}\r\n".encode())
    sender.settle()
    receiver.settle()
    return any(item[0] == "settle" and item[-1] == word for item in receiver.got)


def _counts(clients: dict[str, Client]) -> tuple[int, int]:
    for client in clients.values():
        client.settle()
    got = [item for client in clients.values() for item in _without_settling(client.got)]
    found = len(traces(got))
    return found, len(got) - found


@pytest.fixture(scope="module")
def trees_with(
    nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], tuple[_Tree, _Tree]]]:
    """A function that gives two trees, of ours and theirs, with what their leaf has."""
    pairs: dict[tuple[str, str], tuple[_Tree, _Tree]] = {}

    def get(more: str, rules: str) -> tuple[_Tree, _Tree]:
        if (more, rules) not in pairs:
            ours, theirs = (tmp_path_factory.mktemp(name) for name in ("ours", "theirs"))
            pairs[more, rules] = (
                _Tree(nats_server_path, ours, more, rules, ours=True),
                _Tree(nats_server_path, theirs, more, rules, ours=False),
            )
        return pairs[more, rules]

    yield get
    for pair in pairs.values():
        for tree in pair:
            tree.stop()


@pytest.mark.parametrize(("more", "rules", "name"), _CASES, ids=[case[2] for case in _CASES])
def test_same_traces(
    trees_with: Callable[[str, str], tuple[_Tree, _Tree]], more: str, rules: str, name: str
) -> None:
    ours, theirs = trees_with(more, rules)
    play = _NAMED[name]
    assert ours.run(play) == theirs.run(play)


_STREAM = 'jetstream { store_dir: "STORE", domain: edge, max_mem: 1MB, max_file: 1MB }'
_TO_STREAM = [
    Play(hpub("s.1", DESTINATION, ONLY, reply="ack.1"), "hub", hub=["ack.*"], traces=2),
    Play(hpub("s.1", DESTINATION, reply="ack.1"), "hub", hub=["ack.*"], traces=2, messages=1),
    # It is full, which those do not find out who have nothing stored.
    Play(hpub("s.1", DESTINATION, ONLY, reply="ack.1"), "hub", hub=["ack.*"], traces=2),
    Play(hpub("s.1", DESTINATION, reply="ack.1"), "hub", hub=["ack.*"], traces=2, messages=1),
    Play(
        hpub("s.1", DESTINATION, "Nats-Expected-Stream: X", ONLY, reply="ack.1"),
        "hub",
        hub=["ack.*"],
        traces=2,
        messages=1,
    ),
]


def test_same_traces_of_a_stream_at_the_leaf(
    trees_with: Callable[[str, str], tuple[_Tree, _Tree]],
) -> None:
    ours, theirs = trees_with(_STREAM, "")
    for tree in (ours, theirs):
        tree.create_stream()
    for play in _TO_STREAM:
        assert ours.run(play) == theirs.run(play), play
