"""Tails: what the journal has and the file of a block does not."""

from headwater.base.buffer import Buffer
from headwater.store.block import Block
from headwater.store.tail import Tail


def test_a_tail_grows_by_what_batches_write():
    block = Block(b"identity", 1)
    tail = Tail(block, 64, 7)
    assert (tail.block, tail.offset, tail.entry, bytes(tail.data())) == (block, 64, 7, b"")
    for piece in (b"one", b"", b"x" * 5000):
        buffer = Buffer()
        buffer.append(piece)
        tail.append(buffer)
    assert bytes(tail.data()) == b"one" + b"x" * 5000
    assert (tail.busy, tail.written, tail.suspect) == (False, False, False)
