"""Buffers grow without losing bytes; a pool keeps few and small ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer, BufferPool


@given(st.lists(st.binary(max_size=400)), st.integers(0, 64))
def test_contents_are_what_was_appended(parts, capacity):
    buffer = Buffer(capacity)
    for part in parts:
        buffer.append(part)
    assert buffer.contents() == b"".join(parts)
    assert buffer.size == sum(map(len, parts))
    assert len(buffer.data) == buffer.capacity >= buffer.size


def test_growing_replaces_the_data_and_keeps_old_views_whole():
    buffer = Buffer(4)
    buffer.append(b"abcd")
    old = memoryview(buffer.data)
    buffer.append(b"efgh")
    assert buffer.contents() == b"abcdefgh"
    assert bytes(old) == b"abcd"


def test_the_capacity_doubles():
    buffer = Buffer(4)
    buffer.append(b"12345")
    assert buffer.capacity == 8
    buffer.append(b"x" * 100)
    assert buffer.capacity == 128


def test_a_buffer_that_says_it_holds_more_than_it_has_is_refused():
    buffer = Buffer(4)
    buffer.size = 5
    with pytest.raises(IndexError):
        buffer.contents()


def test_none_is_an_error_not_a_crash():
    with pytest.raises((TypeError, IndexError)):
        Buffer(4).append(None)


def test_a_pool_gives_the_same_buffer_again_empty():
    pool = BufferPool(16, capacity_max=64, count_max=2)
    buffer = pool.take()
    assert buffer.capacity == 16
    buffer.append(b"left over")
    pool.give(buffer)
    assert pool.take() is buffer
    assert buffer.contents() == b""


def test_a_pool_keeps_no_buffer_that_a_burst_made_large():
    pool = BufferPool(16, capacity_max=64, count_max=2)
    kept, large = pool.take(), pool.take()
    kept.append(b"x" * 64)
    large.append(b"x" * 65)
    pool.give(large)
    pool.give(kept)
    assert pool.take() is kept
    assert pool.take() is not large


def test_a_pool_keeps_no_more_than_its_limit():
    pool = BufferPool(16, capacity_max=64, count_max=2)
    buffers = [pool.take() for _ in range(3)]
    for buffer in buffers:
        pool.give(buffer)
    again = [pool.take() for _ in range(3)]
    assert sum(any(buffer is old for old in buffers) for buffer in again) == 2
