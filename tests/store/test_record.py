"""Records: what is written is read, and nothing else passes for one."""

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer
from headwater.store.record import (
    BATCH_START,
    CONSUMER,
    HEAD_BYTES,
    KIND_LAST,
    MESSAGE,
    Record,
    block_seed,
    put_message,
    put_record,
    seal,
)
from headwater.wire.message import Message

SEED = 12345
texts = st.binary(max_size=60)
numbers = st.integers(0, 2**62)
entries = st.lists(
    st.one_of(
        st.tuples(st.just(MESSAGE), numbers, numbers, texts, texts, texts),
        st.tuples(st.integers(2, KIND_LAST), numbers, numbers, texts, st.just(b""), texts),
    ),
    max_size=8,
)


def encode(records) -> Buffer:
    out = Buffer(16)
    for kind, sequence, time_ns, name, headers, payload in records:
        if kind == MESSAGE:
            message = Message()
            message.compose(name, b"reply", headers, payload)
            size = put_message(out, sequence, time_ns, message)
        else:
            size = put_record(out, kind, sequence, time_ns, name, payload)
        parts_bytes = len(name) + len(headers) + len(payload)
        assert size == HEAD_BYTES + parts_bytes + (4 if headers else 0)
    seal(out, SEED)
    return out


def decode(out: Buffer, seed: int = SEED):
    view = memoryview(out.contents())
    record = Record()
    found = []
    at = 0
    while at < len(view) and record.read(view, at, len(view)):
        assert record.is_intact(view, seed)
        parts = (record.subject(view), record.headers(view), record.payload(view))
        found.append((record.kind, record.sequence, record.time_ns, *parts))
        assert (record.start, record.flags) == (at, BATCH_START if at == 0 else 0)
        at = record.end
    assert at == len(view)
    return found


@given(entries)
def test_what_is_written_is_read(records):
    assert decode(encode(records)) == records


@given(entries)
def test_a_batch_may_be_sealed_again_for_another_block(records):
    out = encode(records)
    seal(out, 99)
    assert decode(out, 99) == records


@given(entries.filter(bool), st.data())
def test_any_changed_bit_is_noticed(records, data):
    view = memoryview(bytearray(encode(records).contents()))
    record = Record()
    assert record.read(view, 0, len(view))
    end = record.end
    place = data.draw(st.integers(0, end * 8 - 1))
    view[place >> 3] ^= 1 << (place & 7)
    assert not (record.read(view, 0, len(view)) and record.is_intact(view, SEED))


@given(entries.filter(bool), st.data())
def test_a_record_that_is_cut_is_noticed(records, data):
    view = memoryview(encode(records).contents())
    record = Record()
    record.read(view, 0, len(view))
    cut = data.draw(st.integers(0, record.end - 1))
    assert not record.read(view, 0, cut)


def test_a_record_is_of_one_seed():
    view = memoryview(encode([(CONSUMER, 1, 2, b"name", b"", b"payload")]).contents())
    record = Record()
    assert record.read(view, 0, len(view))
    assert record.is_intact(view, SEED)
    assert not record.is_intact(view, SEED + 1)


@given(st.binary(max_size=80), st.integers(0, 20))
def test_any_bytes_are_read_or_refused(data, start):
    record = Record()
    view = memoryview(data)
    if record.read(view, min(start, len(data)), len(data)):
        assert record.start + HEAD_BYTES <= record.end <= len(data)
        assert record.subject_start <= record.subject_end <= record.payload_start <= record.end
        record.subject(view)
        record.headers(view)
        record.payload(view)
        record.is_intact(view, SEED)


def test_zeros_are_no_record():
    assert not Record().read(memoryview(bytes(100)), 0, 100)


def test_an_empty_batch_can_be_sealed():
    out = Buffer(8)
    seal(out, SEED)
    assert out.contents() == b""


def test_checksums_of_any_size_are_those_of_zlib():
    # The compiled form goes about longer ranges in another way.
    data = bytes((7 * number + number // 251) & 255 for number in range(5000))
    for size in (*range(400), 1000, 1023, 1024, 4096, 4999):
        number = size * 1_000_003
        expected = crc32(data[:size] + number.to_bytes(8, "little"))
        assert block_seed(data[:size], number) == expected, size
