"""What is encoded is what a naive formatting gives, and what the parser reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer
from headwater.wire.message import Message
from headwater.wire.nats_encoder import put_message, put_routed
from tests.wire.protocol_text import words
from tests.wire.test_nats_parser import Recorder, feed

body = st.binary(max_size=80)
replies = st.one_of(st.just(b""), words)


def make(subject, reply, headers, payload, shown=None):
    """Return a message, shown to subscribers as ``shown`` when that is given."""
    message = Message()
    message.compose(shown or subject, reply, headers, payload)
    message.subject = subject
    message.rewritten = shown is not None
    return message


@given(words, words, replies, body, body, st.booleans(), st.integers(1, 300))
def test_put_message(subject, sid, reply, headers, payload, with_headers, capacity):
    out = Buffer(capacity)
    out.append(b"before ")
    put_message(out, make(subject, reply, headers, payload), sid, with_headers)
    words = [subject, sid, *([reply] if reply else [])]
    if headers and with_headers:
        total = len(headers) + len(payload)
        line = b" ".join([b"HMSG", *words, b"%d %d" % (len(headers), total)])
        expected = line + b"\r\n" + headers + payload + b"\r\n"
    else:
        expected = b" ".join([b"MSG", *words, b"%d" % len(payload)]) + b"\r\n" + payload + b"\r\n"
    assert out.contents() == b"before " + expected


def test_put_message_tells_where_it_ended():
    out = Buffer(16)
    assert put_message(out, make(b"a", b"", b"", b"x"), b"1", True) == out.size


def test_subscribers_are_shown_the_rewritten_subject():
    out = Buffer(16)
    put_message(out, make(b"_INBOX.1", b"", b"", b"x", shown=b"orders"), b"7", True)
    assert out.contents() == b"MSG orders 7 1\r\nx\r\n"


@given(words, replies, st.lists(words, max_size=3), body, body, st.booleans())
def test_a_peer_reads_what_was_routed(subject, reply, queues, headers, payload, with_headers):
    out = Buffer(16)
    put_routed(out, make(subject, reply, headers, payload), queues, with_headers)
    peer = Recorder(peer=True, line_max=1000, payload_max=1000)
    assert feed(peer, [out.contents()]) == (None, b"")
    kept = headers if with_headers else b""
    assert peer.operations == [(subject, reply, tuple(queues) if queues else None, kept, payload)]


@pytest.mark.parametrize(
    ("reply", "queues", "line"),
    [
        (b"", [], b"LMSG inbox 1"),
        (b"r", [], b"LMSG inbox r@shown 1"),
        (b"r", [b"q"], b"LMSG inbox + r@shown q 1"),
        (b"", [b"q", b"p"], b"LMSG inbox | q p 1"),
    ],
)
def test_a_rewritten_subject_rides_on_the_reply(reply, queues, line):
    out = Buffer(16)
    put_routed(out, make(b"inbox", reply, b"", b"x", shown=b"shown"), queues, True)
    assert out.contents() == line + b"\r\nx\r\n"


def test_a_message_whose_range_is_wrong_writes_nothing():
    message = make(b"a", b"", b"", b"x")
    message.body_end = 100
    out = Buffer(16)
    with pytest.raises(IndexError):
        put_message(out, message, b"1", True)
    assert out.contents() == b""
