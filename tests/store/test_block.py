"""Blocks: their heads, what is deleted in them, and their form in memory, against naive models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store.block import (
    HEAD_BYTES,
    Block,
    BlockHead,
    CachedBlock,
    decode_head,
    file_name,
    next_intact,
    number_of,
)
from headwater.store.record import CONSUMER, Record, put_message, put_record, seal
from headwater.wire.message import Message

ID = b"identity"


def test_a_head_says_what_it_was_told():
    data = BlockHead(ID, 7, 8, 5, 9).encode()
    assert len(data) == HEAD_BYTES
    head = decode_head(data + b"records")
    fields = (head.stream_id, head.number, head.first_sequence)
    assert fields == (ID, 7, 8)
    assert (head.previous_number, head.previous_size) == (5, 9)


@given(st.integers(0, HEAD_BYTES * 8 - 1))
def test_a_damaged_head_is_none(place):
    data = bytearray(BlockHead(ID, 7, 8, 5, 9).encode())
    data[place >> 3] ^= 1 << (place & 7)
    assert decode_head(data) is None


@pytest.mark.parametrize("size", [0, 8, HEAD_BYTES - 1])
def test_a_short_head_is_none(size):
    assert decode_head(BlockHead(ID, 7, 8, 5, 9).encode()[:size]) is None


def test_a_head_of_a_newer_version_is_an_error():
    from headwater.base import octets

    data = bytearray(BlockHead(ID, 7, 8, 5, 9).encode())
    data[8] = 9
    data[60:64] = octets.checksum(memoryview(data), 0, 60, 0).to_bytes(4, "little")
    with pytest.raises(StoreError, match="version 9"):
        decode_head(data)


@given(st.integers(1, (1 << 31) - 1))
def test_file_names(number):
    assert number_of(file_name(number)) == number


@pytest.mark.parametrize(
    "name", ["", "1.blk", "0000000001", "0000000001.blk.tmp", "abcdefghij.blk"]
)
def test_other_names_are_no_blocks(name):
    assert number_of(name) == 0


scripts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 20)),
        st.tuples(st.just("delete"), st.integers(0, 200)),
        st.tuples(st.just("clear"), st.just(0)),
    ),
    max_size=40,
)


@given(scripts, st.integers(0, 220))
def test_a_block_knows_what_is_in_it(script, asked):
    block = Block(ID, 1)
    live, last = set(), 0
    for action, value in script:
        if action == "add":
            last += value
            block.note(last, last * 10)
            live.add(last)
        elif action == "delete":
            assert block.delete(value) == (value in live)
            live.discard(value)
        else:
            block.clear()
            live.clear()
    assert block.live == len(live)
    assert {sequence for sequence in range(last + 2) if block.has(sequence)} == live
    assert block.count_from(asked) == len([s for s in live if s >= asked])
    assert block.first_from(asked) == min((s for s in live if s >= asked), default=0)


messages = st.lists(
    st.tuples(st.integers(1, 5), st.binary(max_size=20), st.booleans()), min_size=1, max_size=20
)


def encode(script) -> tuple[memoryview, dict[int, bytes]]:
    """Encode messages (with other records between them); return them and sequence -> payload."""
    out = Buffer(16)
    wanted = {}
    sequence = 0
    message = Message()
    for gap, payload, other in script:
        sequence += gap
        message.compose(b"subject", b"", b"head", payload)
        put_message(out, sequence, 5, message)
        wanted[sequence] = payload
        if other:
            put_record(out, CONSUMER, sequence, 5, b"name", payload)
    seal(out, 77)
    return memoryview(bytearray(out.contents())), wanted


@given(messages, st.integers(0, 120))
def test_a_cached_block_finds_its_messages(script, asked):
    out, wanted = encode(script)
    cached = CachedBlock()
    cached.append_messages(out, 0, len(out))
    assert cached.entries == len(wanted)
    for sequence in {*wanted, asked}:
        assert cached.find(sequence) == (sequence in wanted)
        if sequence in wanted:
            found = (cached.subject(), cached.headers(), cached.payload())
            assert found == (b"subject", b"head", wanted[sequence])
            assert cached.record.sequence == sequence
    assert cached.memory_bytes() >= len(out)


@given(messages, st.data())
def test_loading_leaves_out_what_is_damaged(script, data):
    out, wanted = encode(script)
    place = data.draw(st.integers(0, len(out) - 1))
    record = Record()
    at = 0
    while record.read(out, at, len(out)) and record.end <= place:
        at = record.end
    if record.kind == 1:
        del wanted[record.sequence]
    out[place] ^= 255
    cached = CachedBlock()
    assert cached.load(out, 0, len(out), 77) == 1
    assert [s for s in range(120) if cached.find(s)] == sorted(wanted)


def test_a_file_that_is_shorter_than_its_head_holds_nothing():
    cached = CachedBlock()
    assert cached.load(memoryview(bytes(9)), HEAD_BYTES, 9, 77) == 0
    assert cached.entries == 0


def test_loading_what_is_whole_finds_no_damage():
    out, wanted = encode([(1, b"a", True), (1, b"b", False)])
    cached = CachedBlock()
    assert cached.load(out, 0, len(out), 77) == 0
    assert cached.entries == len(wanted)
    assert CachedBlock().find(1) is False


def test_the_next_intact_record():
    out, _ = encode([(1, b"a", False), (1, b"b", False), (1, b"c", False)])
    record = Record()
    record.read(out, 0, len(out))
    second = record.end
    assert next_intact(out, 0, len(out), 77, record) == 0
    assert next_intact(out, 1, len(out), 77, record) == second
    assert next_intact(out, 0, len(out), 78, record) == len(out)
