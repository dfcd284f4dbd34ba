"""What is reached by the name of the domain: the same play here and on nats-server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel, Play, on_both

pytestmark = pytest.mark.hub

_VERBS = (
    ("STREAM.CREATE.S", {"name": "S", "subjects": ["s.>", "$KV.b.>"], "allow_direct": True}),
    ("STREAM.UPDATE.S", {"name": "S", "subjects": ["s.>", "$KV.b.>"], "allow_direct": True}),
    ("STREAM.INFO.S", b""),
    ("STREAM.NAMES", b""),
    ("STREAM.LIST", b""),
    ("$KV.b.key", b"value"),
    ("STREAM.MSG.GET.S", {"seq": 1}),
    ("DIRECT.GET.S", {"seq": 1}),
    ("DIRECT.GET.S.$KV.b.key", b""),
    ("CONSUMER.CREATE.S.C", {"stream_name": "S", "config": {"name": "C"}}),
    ("CONSUMER.INFO.S.C", b""),
    ("CONSUMER.LIST.S", b""),
    ("CONSUMER.NAMES.S", b""),
    ("CONSUMER.MSG.NEXT.S.C", {"batch": 1, "no_wait": True}),
    ("CONSUMER.DELETE.S.C", b""),
    ("STREAM.LEADER.STEPDOWN.S", b""),
    ("STREAM.MSG.DELETE.S", {"seq": 1}),
    ("STREAM.PURGE.S", b""),
    ("STREAM.SNAPSHOT.S", {}),
    ("STREAM.DELETE.S", b""),
)
# Nobody listens to these, or nobody answers.
_OTHERS = (
    *("STREAM", "STREAM.X", "CONSUMER", "CONSUMER.X", "DIRECT.X", "META.X", "SERVER.X"),
    *("ACCOUNT.X", "INFO.X", "$KV", "$MQTT.x", "$O.x", "x", "STREAMS.x", "NONSENSE"),
)


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers, each of the domain ``edge``."""
    both = Duel(nats_server_path, tmp_path_factory.mktemp("domain"), "domain: edge")
    yield both
    both.stop()


@on_both
def test_what_a_domain_reaches(play: Play) -> None:
    for prefix in ("", "edge.", "other."):
        account = play.request(f"$JS.{prefix}API.INFO", note=False)
        told, _, _ = account.payload.partition(b'"api":')
        play.note(f"{prefix} {account.status} {told.decode()}")
        for verb, body in _VERBS:
            # Without a prefix the buckets are where they always are.
            subject = verb if not prefix and verb[0] == "$" else f"$JS.{prefix}API.{verb}"
            play.put(subject, body if isinstance(body, bytes) else _json(body))


@on_both
def test_what_a_domain_does_not_reach(play: Play) -> None:
    for verb in _OTHERS:
        inbox = play.listen(f"_INBOX.{verb}")
        play.send(f"$JS.edge.API.{verb}", reply=inbox)
        play.quiet(inbox, 50)


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
