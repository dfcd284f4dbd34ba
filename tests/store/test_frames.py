"""Frames: what is written of records, what comes back, and what is taken for damage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store import frames, record, zstd
from headwater.store.block import Block
from headwater.store.frames import FrameOpener, Packing, records_in
from headwater.store.keys import StoreKeys
from headwater.store.record import CONFIG, FRAME, MESSAGE, Record
from tests.sim.stream import STREAM_ID, packing_of

BLOCK = Block(STREAM_ID, 7)

payloads = st.lists(
    st.tuples(st.binary(max_size=5), st.binary(max_size=300), st.integers(1, 40)),
    min_size=1,
    max_size=30,
)


def records(*payloads: bytes) -> Buffer:
    """Return MESSAGE records, as they are staged."""
    out = Buffer()
    for number, payload in enumerate(payloads, 1):
        record.put_record(out, MESSAGE, number, number * 10, b"a.%d" % (number % 3), payload)
    return out


def opener(data: bytes, number: int = BLOCK.number, *, encrypted: bool = True) -> FrameOpener:
    return packing_of(encrypted=encrypted).opener(data, number)


def read(data: bytes, block: Block = BLOCK, *, encrypted: bool = True) -> list[Any]:
    found: list[Any] = []
    how = opener(data, block.number, encrypted=encrypted)
    for each in records_in(data, 0, len(data), block.seed, how):
        if each is None:
            found.append(None)
        else:
            view, one = each
            found.append((one.kind, one.sequence, one.subject(view), one.payload(view)))
    return found


def expected(*payloads: bytes) -> list[tuple[int, int, bytes, bytes]]:
    return [
        (MESSAGE, number, b"a.%d" % (number % 3), payload)
        for number, payload in enumerate(payloads, 1)
    ]


@given(payloads, st.booleans(), st.booleans())
def test_there_and_back(parts, compressed, encrypted):
    bodies = [prefix + body * times for prefix, body, times in parts]
    packed = packing_of(compressed=compressed, encrypted=encrypted).pack(records(*bodies), BLOCK)
    assert read(packed.buffer.contents()) == expected(*bodies)


def test_what_is_not_compressed_is_as_it_was_staged():
    staged = records(b"x" * 500)
    packed = packing_of().pack(staged, BLOCK)
    assert packed.buffer is staged
    assert (packed.frames, packed.plain) == (0, staged.size)


def test_a_frame_is_a_record_of_its_own():
    packed = packing_of(compressed=True).pack(records(b"x" * 500, b"y" * 500), BLOCK)
    data = memoryview(packed.buffer.contents())
    frame = Record()
    assert frame.read(data, 0, len(data))
    assert frame.is_intact(data, BLOCK.seed)
    assert (frame.kind, frame.sequence, frame.flags) == (FRAME, 1, record.BATCH_START)
    assert frame.end == len(data) < 300
    assert (packed.frames, packed.plain) == (1, 0)


def test_what_does_not_pay_is_left_as_it_is():
    packed = packing_of(compressed=True).pack(records(b"short"), BLOCK)
    assert (packed.frames, packed.plain) == (0, packed.buffer.size)
    assert read(packed.buffer.contents()) == expected(b"short")


def test_long_batches_become_several_frames():
    bodies = [bytes([number]) * 100_000 for number in range(9)]
    packed = packing_of(compressed=True).pack(records(*bodies), BLOCK)
    assert packed.frames == 5  # two of them fit into each
    data = packed.buffer.contents()
    assert read(data) == expected(*bodies)
    assert data[record.KIND_AT] == FRAME | record.BATCH_START
    second = int.from_bytes(data[4:8], "little")
    assert data[second + record.KIND_AT] == FRAME


def test_one_that_is_larger_than_a_frame_has_its_own(monkeypatch):
    bodies = [b"a" * 10, b"b" * (frames.RUN_BYTES + 1), b"c" * 10]
    packed = packing_of(compressed=True).pack(records(*bodies), BLOCK)
    assert packed.frames == 1
    assert read(packed.buffer.contents()) == expected(*bodies)
    # One that is larger still is not compressed: it could not be told from a trap.
    monkeypatch.setattr(frames, "INFLATED_BYTES_MAX", 1000)
    assert packing_of(compressed=True).pack(records(*bodies), BLOCK).frames == 0


def test_records_that_were_read_are_packed_again():
    sealed = packing_of().pack(records(b"x" * 300, b"x" * 300), BLOCK).buffer
    fresh = packing_of(compressed=True).pack(records(b"x" * 300, b"x" * 300), BLOCK)
    again = packing_of(compressed=True).repack(sealed, BLOCK)
    assert again.buffer.contents() == fresh.buffer.contents()


def test_every_flip_is_found():
    data = (
        packing_of(compressed=True).pack(records(b"x" * 100, b"y" * 100), BLOCK).buffer.contents()
    )
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        assert read(bytes(damaged)) == [None]


def test_a_frame_of_another_block_is_damage():
    data = packing_of(compressed=True).pack(records(b"x" * 100), BLOCK).buffer.contents()
    assert read(data, Block(STREAM_ID, 8)) == [None]


def frame(content: bytes, flags: int = 1, size: int | None = None) -> bytes:
    """Return a frame whose checksum is right, whatever is in it."""
    if size is None:
        size = len(content)
    out = Buffer()
    head = flags.to_bytes(4, "little") + size.to_bytes(4, "little")
    record.put_record(out, FRAME, 1, 0, b"", head + compressed(content))
    record.seal(out, BLOCK.seed)
    return out.contents()


def compressed(content: bytes) -> bytes:
    return zstd.compress(memoryview(content))


RUN = records(b"x" * 100).contents()


def test_frames_of_the_right_checksum_and_the_wrong_content():
    nested = Buffer()
    record.put_record(nested, FRAME, 1, 0, b"", bytes(50))
    assert read(frame(RUN)) == expected(b"x" * 100)
    for bad in (
        frame(RUN, flags=0),
        frame(RUN, flags=5),
        frame(RUN, flags=1 << 8),
        frame(RUN, size=len(RUN) - 1),
        frame(RUN, size=1 << 31),
        frame(RUN[:-1]),
        frame(RUN + b"\0"),
        frame(b""),
        frame(nested.contents()),
    ):
        assert read(bad) == [None]


def test_a_frame_without_room_for_its_head_is_damage():
    out = Buffer()
    record.put_record(out, FRAME, 1, 0, b"", b"\1\0\0")
    record.seal(out, BLOCK.seed)
    assert read(out.contents()) == [None]


def test_what_a_block_may_claim_is_bounded(monkeypatch):
    data = frame(RUN) * 3
    monkeypatch.setattr(frames, "_BLOCK_INFLATED_MAX", 2 * len(RUN))
    assert read(data) == [*expected(b"x" * 100) * 2, None]
    monkeypatch.setattr(frames, "INFLATED_BYTES_MAX", len(RUN) - 1)
    assert read(data) == [None] * 3


def test_an_opener_counts():
    data = (
        frame(RUN)
        + frame(b"no run")
        + packing_of(compressed=True).pack(records(b"x"), BLOCK).buffer.contents()
    )
    used = opener(data)
    list(records_in(data, 0, len(data), BLOCK.seed, used))
    assert used.frames == 2
    assert used.frame_bytes == len(frame(RUN)) + len(frame(b"no run"))
    assert used.content_bytes == len(RUN) + len(b"no run")
    assert used.damaged == [len(frame(RUN))]


@pytest.mark.parametrize("kind", [MESSAGE, CONFIG])
def test_records_beside_frames(kind):
    out = Buffer()
    record.put_record(out, kind, 9, 0, b"n", b"p")
    record.seal(out, BLOCK.seed)
    data = out.contents() + frame(RUN) + out.contents()
    plain = (kind, 9, b"n", b"p")
    assert read(data) == [plain, *expected(b"x" * 100), plain]


def encrypted(*bodies: bytes, compressed: bool = False, number: int = 7) -> bytes:
    packing = packing_of(compressed=compressed, encrypted=True)
    return packing.pack(records(*bodies), Block(STREAM_ID, number)).buffer.contents()


@pytest.mark.parametrize("compressed", [False, True])
def test_nothing_of_it_is_seen(compressed):
    data = encrypted(b"secret" * 20, b"words" * 20, compressed=compressed)
    assert read(data) == expected(b"secret" * 20, b"words" * 20)
    for part in (b"secret", b"words", b"a.1", b"a.2"):
        assert part not in data


def test_small_ones_are_encrypted_too():
    data = encrypted(b"s", compressed=True)
    assert read(data) == expected(b"s")
    assert data[record.KIND_AT] == FRAME | record.BATCH_START


def test_the_same_is_never_written_twice():
    assert encrypted(b"s") != encrypted(b"s")


def resealed(data: bytes, block: Block) -> bytes:
    """Return frames with the right checksums for a block, whatever they are."""
    out = Buffer()
    out.append(data)
    record.seal(out, block.seed)
    return out.contents()


def test_every_change_is_found_even_if_the_checksum_is_made_right():
    data = encrypted(b"x" * 30)
    for at in range(8, len(data)):
        if 8 <= at < 11 or 19 <= at < 27 or 35 <= at < 43:
            continue  # what makes it no frame, or another key's; and its time, which says nothing
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        assert None in read(resealed(bytes(damaged), BLOCK)), at


def test_frames_belong_to_their_block_and_stream():
    other = Block(STREAM_ID, 8)
    assert read(resealed(encrypted(b"x"), other), other) == [None]
    stranger = Packing(b"stranger", packing_of(encrypted=True).keys)
    data = stranger.pack(records(b"x"), BLOCK).buffer.contents()
    assert read(resealed(data, BLOCK)) == [None]


def test_a_key_that_is_not_there_is_no_damage():
    data = encrypted(b"x")
    with pytest.raises(StoreError, match="its key is not here"):
        read(data, encrypted=False)
    stranger = Packing(STREAM_ID, StoreKeys(bytes(32)))
    with pytest.raises(StoreError, match="block 7: it is encrypted"):
        stranger.opener(data, 7).open(0)


def test_what_is_encrypted_and_not_compressed_may_be_of_any_size(monkeypatch):
    monkeypatch.setattr(frames, "INFLATED_BYTES_MAX", 100)
    data = encrypted(b"x" * 1000, compressed=True)
    assert read(data) == expected(b"x" * 1000)


def test_frames_are_counted_without_being_opened():
    data = encrypted(b"x" * 100) + packing_of().pack(records(b"y"), BLOCK).buffer.contents()
    used = opener(data)
    used.skim(0, len(data))
    plain = len(records(b"y").contents())
    assert (used.frames, used.frame_bytes) == (1, len(data) - plain)
    assert used.content_bytes == len(records(b"x" * 100).contents())


def test_stretches_are_plain_records_and_frames_by_turns():
    plain = packing_of().pack(records(b"y", b"y"), BLOCK).buffer.contents()
    data = plain + frame(RUN) + frame(b"no run") + plain
    found = [bytes(view[start:end]) for view, start, end in opener(data).stretches(0, len(data))]
    assert found == [plain, RUN, plain]
    assert list(opener(data).stretches(5, 5)) == []
