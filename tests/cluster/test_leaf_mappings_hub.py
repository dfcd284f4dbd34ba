"""Mappings of a leaf node: ours and a nats-server as leaf nodes of the same hub do the same."""

from collections.abc import Callable

import pytest

import headwater
from tests.cluster.test_leaf_hub import client, hub_config, leaf_port, reaches
from tests.support.nats_server import NatsServer
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.hub

_LEAF = """
host: "127.0.0.1"
port: -1
mappings {{
  "in.*": "out.$1"
  "q.*": "r.$1"
  "part.*": "part.{{{{partition(100,1)}}}}.$1"
  gone: [ {{ destination: gone, weight: 0 }} ]
}}
leafnodes {{ remotes: [ {{ url: "nats-leaf://lf:pw@127.0.0.1:{}", {} }} ] }}
"""
_SUBJECTS = [b"in.1", b"out.1", b"q.1", b"r.1", b"part.1", b"part.2", b"gone", b"in.1.2"]


def _settled(one: RawClient, other: RawClient) -> None:
    """Wait until all that was published before has crossed the link, both ways."""
    reaches(one, b"settle", other, b"9")
    reaches(other, b"settle", one, b"9")


def _heard(hub_port: int, leaf_port: int) -> list[list[bytes]]:
    """Publish at both ends of a link; return what was heard at each."""
    hub = client(hub_port, b"> 1", b"r.* g 2", b"settle 9")
    leaf = client(leaf_port, b"> 1", b"r.* h 2", b"settle 9")
    with hub, leaf:
        _settled(hub, leaf)
        found = []
        for here, there in ((hub, leaf), (leaf, hub)):
            for subject in _SUBJECTS:
                here.send(b"PUB %b re 1\r\nx\r\n" % subject)
            # Messages keep their order: behind these two nothing is left to come.
            here.send(b"PUB end 3\r\nend\r\n")
            heard_there = there.read_until(b"MSG end 1 3\r\nend\r\n")
            there.send(b"PUB end 4\r\nback\r\n")
            heard_here = here.read_until(b"MSG end 1 4\r\nback\r\n")
            found += [_messages(heard_here), _messages(heard_there)]
        return found


def _messages(received: bytes) -> list[bytes]:
    lines = [line for line in received.split(b"\r\n") if line.startswith(b"MSG ")]
    return sorted(line for line in lines if line.split()[1] not in (b"end", b"settle"))


@pytest.mark.parametrize("rules", ["", 'deny_exports: ["r.*"]', 'deny_exports: ["q.*"]'])
def test_same_at_both_ends(nats_server: Callable[..., NatsServer], rules: str) -> None:
    hub = nats_server(config=hub_config())
    config = _LEAF.format(leaf_port(hub), rules)
    with headwater.Server(config) as ours:
        our_port = int(ours.client_url.rpartition(":")[2])
        our_heard = _heard(hub.port(), our_port)
    their_heard = _heard(hub.port(), nats_server(config=config).port())
    assert our_heard == their_heard
    assert b"MSG out.1 1 re 1" in our_heard[1]
