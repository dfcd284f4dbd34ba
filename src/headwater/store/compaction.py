"""Giving back room: a block that is sparse is written anew, or one that could be denser.

The latter is one of many small writes, which together are compressed much better than each.  What
was written before its store was encrypted is written anew as well.

The new file has the name, number and checksums of the old one, and of its records only the
messages that were there when the block was chosen.  It takes the old one's place by a rename, so
that a crash leaves either.  Between the choice and the writing lie two checkpoints: a start from
either of them knows that what is not in the file is gone, and needs nothing else that was in it.
"""

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store.block import HEAD_BYTES, decode_head
from headwater.store.frames import RUN_BYTES, records_in
from headwater.store.record import MESSAGE

# A block is sparse when fewer than one in so many of its messages are left.
_SPARSE = 2
# What a new file has to spare at least, as a part of the size at which blocks are full.
_GAIN_PART = 16
# Frames are small when they take less on average than one of so many parts of a large one.
_SMALL_PART = 64


class Choice:
    """A block that is to be written anew, as it was when it was chosen."""

    def __init__(self, block, gain, *, is_due):
        self.block = block
        self.gain = gain  # about how many bytes that saves
        self.is_due = is_due  # whether it is not to wait for its turn
        self.messages = block.live
        self._first = block.first_sequence
        self._last = block.last_sequence
        self._deleted = b"" if block.deleted is None else bytes(block.deleted)

    def wants(self, sequence):
        """Tell whether a message was there; from any thread."""
        if not self._first <= sequence <= self._last:
            return False
        place, bit = divmod(sequence - self._first, 8)
        return place >= len(self._deleted) or not self._deleted[place] >> bit & 1


def choose(store, limit_bytes, given_up=()):
    """Return a Choice for each block that is worth writing anew, until they exceed a limit.

    ``given_up`` are the numbers of those that are not tried again for not being encrypted.
    """
    choices = []
    encrypts = store.log.packing.keys is not None
    for block in store.index.blocks:
        if block.number >= store.position_number or limit_bytes <= 0:
            break
        whole = not store.log.patches(block)
        gain = _gain(store, block) if block.live and whole else 0
        is_bare = encrypts and block.plain > 0 and block.live > 0 and block.number not in given_up
        if gain or (is_bare and whole):
            choices.append(Choice(block, gain, is_due=is_bare))
            limit_bytes -= block.size
    return choices


def rewrite(log, choice):
    """Write a block anew; return its new size, and what of it is in frames as Packed.

    Runs on a thread.

    Raises:
        StoreError: the block is damaged; it is left as it is, so that it can be looked into.
    """
    block = choice.block
    path = log.path(block.name())
    data = log.disk.read(path, 0, block.size)
    head = decode_head(data)
    whole = head is not None and (head.compacted or len(data) == block.size)
    if not whole or head.number != block.number:
        raise StoreError(f"{path} is damaged")
    head.compacted = True
    kept = Buffer(len(data))
    opener = log.packing.opener(data, block.number)
    for found in records_in(data, HEAD_BYTES, len(data), block.seed, opener):
        if found is None:
            raise StoreError(f"{path} is damaged")
        view, record = found
        if record.kind == MESSAGE and choice.wants(record.sequence):
            kept.append(bytes(view[record.start : record.end]))
    packed = log.packing.repack(kept, block)
    log.disk.replace(path, head.encode() + packed.buffer.contents())
    return HEAD_BYTES + packed.buffer.size, packed


def _gain(store, block):
    """Return how many bytes a new file of a block would about save; 0 when it is not worth it."""
    # What is gone from the front of a stream goes on going: that block is soon empty.
    first = max(block.first_sequence, store.index.first_sequence)
    written = block.packed or block.last_sequence - first + 1
    gain = _packing_gain(store.log, block)
    if block.live * _SPARSE < written:
        gain = max(gain, block.size - block.size * block.live // written)
    return gain if gain >= store.log.block_bytes // _GAIN_PART else 0


def _packing_gain(log, block):
    """Return how many bytes a block that was never written anew may spare in larger frames."""
    if not log.packing.compresses or block.packed:
        return 0
    framed = block.size - HEAD_BYTES - block.plain
    small = block.frames and framed // block.frames < RUN_BYTES // _SMALL_PART
    return (block.plain + (framed if small else 0)) // 2
