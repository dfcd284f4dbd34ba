"""The seam between connection and session: the buffer, and what must be implemented."""

import pytest

from headwater.base.buffer import BufferPool
from headwater.base.link import Link, Receiver


def make_receiver():
    return Receiver(BufferPool(16, capacity_max=64, count_max=2))


def test_out_is_taken_when_needed_and_given_back():
    receiver = make_receiver()
    assert receiver.out is None
    out = receiver.open_out()
    out.append(b"bytes")
    assert receiver.open_out() is out
    receiver.release_out()
    assert receiver.out is None
    assert receiver.open_out() is out
    assert out.contents() == b""


def test_release_without_a_buffer_is_nothing():
    receiver = make_receiver()
    receiver.release_out()
    assert receiver.out is None


@pytest.mark.parametrize(
    "call",
    [
        lambda link: link.flush(),
        lambda link: link.close(),
        lambda link: link.abort(),
        lambda link: link.pause(1),
        lambda link: link.resume(),
        lambda link: link.pending_bytes(),
    ],
)
def test_a_link_must_be_implemented(call):
    with pytest.raises(NotImplementedError):
        call(Link())


@pytest.mark.parametrize(
    "call",
    [
        lambda receiver: receiver.connected(),
        lambda receiver: receiver.receive(memoryview(b"x"), 0, 1),
        lambda receiver: receiver.drained(),
        lambda receiver: receiver.overflowed(1),
        lambda receiver: receiver.closed(""),
    ],
)
def test_a_receiver_must_be_implemented(call):
    with pytest.raises(NotImplementedError):
        call(make_receiver())
