"""A message is a set of ranges; nothing of it stays once its views are let go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.wire.message import Message

part = st.binary(max_size=20)


@given(part, part, part, part)
def test_a_composed_message_has_its_parts(subject, reply, headers, payload):
    message = Message()
    message.compose(subject, reply, headers, payload)
    assert message.subject == message.shown_subject() == subject
    assert message.reply() == reply
    assert message.headers() == headers
    assert message.payload() == payload
    assert message.header_size == len(headers)
    assert message.body_end - message.body_start == len(headers) + len(payload)


def test_compose_leaves_nothing_of_the_message_before():
    message = Message()
    message.queues = [b"group"]
    message.rewritten = message.mapped = True
    message.compose(b"a", b"", b"", b"x")
    assert (message.queues, message.reply()) == (None, b"")
    assert not message.rewritten
    assert not message.mapped


@given(part, part)
def test_a_renamed_message_keeps_all_but_its_subject(subject, other):
    message = Message()
    message.compose(subject, b"reply", b"headers", b"payload")
    message.rename(other)
    assert message.mapped
    assert message.subject == message.shown_subject() == other
    assert (message.reply(), message.headers(), message.payload()) == (
        b"reply",
        b"headers",
        b"payload",
    )


@given(part, part, part)
def test_headers_can_be_replaced(headers, other, payload):
    message = Message()
    message.compose(b"subject", b"reply", headers, payload)
    message.replace_headers(other)
    assert (message.headers(), message.payload()) == (other, payload)
    assert (message.shown_subject(), message.reply()) == (b"subject", b"reply")
    assert message.header_size == len(other)
    assert message.body_end - message.body_start == len(other) + len(payload)


def test_release_lets_go_of_the_buffer():
    buffer = bytearray(b"subject")
    view = memoryview(buffer)
    message = Message()
    message.set_view(view)
    message.subject_end = 7
    assert message.shown_subject() == b"subject"
    message.release()
    view.release()
    buffer.append(0)  # BufferError while anybody holds a view
    with pytest.raises(IndexError):
        message.shown_subject()


@pytest.mark.parametrize(("start", "end"), [(0, 4), (2, 1), (-1, 1)])
def test_a_range_outside_the_view_is_refused(start, end):
    message = Message()
    message.set_view(memoryview(b"abc"))
    message.reply_start, message.reply_end = start, end
    with pytest.raises(IndexError):
        message.reply()
