"""Exports and imports: our server beside the real nats-server, with the same configuration."""

import re
from collections.abc import Callable, Sequence

import pytest

from tests.server.duel import Duel, Peer, Step, normal
from tests.server.sharing_scenarios import CONFIG, SCENARIOS

pytestmark = pytest.mark.hub

MADE_UP = re.compile(rb"_R_\.[0-9A-Za-z.]+")
_HEADERS = re.compile(rb"HMSG ([^\r\n]*?)\d+ \d+\r\n(NATS/1.0)")


def _play(port: int, steps: Sequence[Step]) -> dict[str, tuple[list[bytes], bool]]:
    """Play the steps; ``echo`` answers the last request that its peer has got."""
    peers: dict[str, Peer] = {}
    try:
        for step in steps:
            peer = peers.get(step.peer) or peers.setdefault(step.peer, Peer(port))
            data = step.data
            if data == b"echo":
                found = MADE_UP.findall(peer.received)
                data = b"PUB %b 6\r\nanswer\r\n" % found[-1] if found else b""
            peer.send(data)
            for _ in range(step.times if step.mark else 0):
                peer.read(step.mark)
        return {name: (told(peer.received), peer.closed) for name, peer in peers.items()}
    finally:
        for peer in peers.values():
            peer.finish()


def told(received: bytes) -> list[bytes]:
    """Return what a peer has heard, without what differs from time to time, in any order."""
    text = MADE_UP.sub(b"_R_", normal(received))
    text = re.sub(rb'"(start|host|server)":"[^"]*"|"(rtt|id)":\d+', rb'"\1\2":?', text)
    text = _HEADERS.sub(rb"HMSG \1? ?\r\n\2", text)
    return sorted(re.split(rb"\bH?MSG |\b(?=PONG\r\n)", text))


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_answers(duel_with: Callable[[str], Duel], name: str) -> None:
    ours, theirs = (_play(port, SCENARIOS[name]) for port in duel_with(CONFIG).ports())
    assert ours == theirs
