"""Acknowledgements that wait for their batch, and who gets what when it is through."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream.publish_acks import PublishAcks
from headwater.wire.message import Message
from tests.broker.fakes import Client, new_node

PREFIX = b'{"stream":"S","seq":'


def _asking(reply: bytes) -> Message:
    message = Message()
    message.compose(b"s.a", reply, b"", b"payload")
    return message


def _heard(acks: PublishAcks, call: str, *arguments: object) -> bytes:
    """Return what a client that listens to everything hears."""
    node = new_node()
    client = Client(node)
    client.say(b"SUB > 1\r\n")
    node.router.begin()
    getattr(acks, call)(node.router, node.accounts.globals, *arguments)
    node.router.flush()
    return client.take()


def _shown(subject: bytes, payload: bytes) -> bytes:
    return b"MSG %b 1 %d\r\n%b\r\n" % (subject, len(payload), payload)


def test_everybody_is_told_in_order() -> None:
    acks = PublishAcks()
    assert acks.is_empty()
    acks.add(_asking(b"r.1"), 7, False)
    acks.add(_asking(b"r.2"), 3, True)
    acks.add(_asking(b"r.1"), 123456789012, False)
    assert not acks.is_empty()
    assert _heard(acks, "send", PREFIX) == (
        _shown(b"r.1", PREFIX + b"7}")
        + _shown(b"r.2", PREFIX + b'3,"duplicate": true}')
        + _shown(b"r.1", PREFIX + b"123456789012}")
    )
    assert acks.is_empty()
    assert _heard(acks, "send", PREFIX) == b""


def test_everybody_is_refused() -> None:
    acks = PublishAcks()
    for number in (1, 2):
        acks.add(_asking(b"r.%d" % number), number, False)
    answer = b'{"error":{"code":503}}'
    assert _heard(acks, "refuse", answer) == _shown(b"r.1", answer) + _shown(b"r.2", answer)
    assert acks.is_empty()


def test_the_sequences_of_a_batch_are_kept() -> None:
    acks = PublishAcks()
    for sequence in (5, 6, 9):
        acks.note(sequence)
    assert (acks.first_sequence, acks.last_sequence) == (5, 9)
    acks.clear()
    assert (acks.first_sequence, acks.last_sequence) == (0, 0)


def test_callbacks_alone_are_something() -> None:
    acks = PublishAcks()
    acks.callbacks.append(lambda error: None)
    assert not acks.is_empty()


_replies = st.from_regex(rb"[a-zA-Z0-9$_.-]{1,200}", fullmatch=True).filter(
    lambda reply: b".." not in reply and reply[:1] != b"." and reply[-1:] != b"."
)


@given(st.lists(st.tuples(_replies, st.integers(1, 2**63 - 1), st.booleans()), max_size=30))
def test_any_acknowledgements(entries: list[tuple[bytes, int, bool]]) -> None:
    acks = PublishAcks()
    wanted = b""
    for reply, sequence, duplicate in entries:
        acks.add(_asking(reply), sequence, duplicate)
        tail = b',"duplicate": true}' if duplicate else b"}"
        wanted += _shown(reply, PREFIX + b"%d" % sequence + tail)
    assert _heard(acks, "send", PREFIX) == wanted
