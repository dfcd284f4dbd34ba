"""Frames of a block: whatever is in one whose checksum is right, records come of it or damage.

An input begins with a byte that says what the rest is: the content of a frame, that of a frame
which is compressed here, or a whole file of frames.
"""

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store import crypt, record, zstd
from headwater.store.block import Block, CachedBlock
from headwater.store.frames import INFLATED_BYTES_MAX, records_in
from headwater.store.record import FRAME, MESSAGE
from tests.fuzz.dice import Dice
from tests.fuzz.target import Target, require
from tests.sim.stream import STREAM_ID, packing_of

_BLOCK = Block(STREAM_ID, 1)
_CLAIMS = (0, 1, 31, 1 << 16, INFLATED_BYTES_MAX, INFLATED_BYTES_MAX + 1, (1 << 32) - 1)


class FramesTarget(Target):
    """A frame gives whole records of the size that it claims, is damaged, or takes another key."""

    name = "frames"

    def __init__(self) -> None:
        self._packing = packing_of(compressed=True, encrypted=True)
        staged = Buffer()
        for number in range(1, 6):
            record.put_record(staged, MESSAGE, number, number, b"a.b", b"payload %d " % number * 9)
        self._run = staged.contents()
        usual = crypt.random_bytes
        crypt.random_bytes = bytes  # the same inputs come from the same seed
        try:
            self._sealed = self._packing.pack(staged, _BLOCK).buffer.contents()
        finally:
            crypt.random_bytes = usual

    def make(self, dice: Dice) -> bytes:
        kind = dice.below(3)
        if kind == 2:
            data = bytearray(self._sealed * (1 + dice.below(2)))
        else:
            size = dice.pick(_CLAIMS) if dice.chance(0.3) else len(self._run)
            flags = dice.pick((0, 1, 1, 1, 2, 3, 4, 257))
            content = self._run if kind else zstd.compress(memoryview(self._run))
            data = bytearray(flags.to_bytes(4, "little") + size.to_bytes(4, "little") + content)
        for _ in range(dice.below(4)):
            data[dice.below(len(data))] = dice.below(256)
        return bytes([kind]) + bytes(data[: 1 + dice.below(2 * len(data))])

    def play(self, data: bytes) -> object:
        kind, rest = data[:1], data[1:]
        if kind == b"\1" and len(rest) > 8:
            rest = rest[:8] + zstd.compress(memoryview(rest[8:]))
        file = rest if kind == b"\2" else _sealed(rest)
        opener = self._packing.opener(file, _BLOCK.number)
        found = []
        try:
            for each in records_in(file, 0, len(file), _BLOCK.seed, opener):
                if each is not None:
                    view, one = each
                    require(one.kind != FRAME, "a frame in a frame")
                    found.append((one.kind, one.sequence, one.subject(view), one.payload(view)))
            cached = CachedBlock()
            again = self._packing.opener(file, _BLOCK.number)
            cached.load(memoryview(file), 0, len(file), _BLOCK.seed, again)
        except StoreError as error:
            return str(error)
        messages = sum(kind == MESSAGE for kind, *_ in found)
        require(cached.entries == messages, f"{cached.entries} for {messages} messages")
        require(again.damaged == opener.damaged, "damage depends on who looks")
        return found, opener.damaged, opener.frames, opener.content_bytes


def _sealed(payload: bytes) -> bytes:
    """Return a frame of any payload, with the right checksum."""
    out = Buffer()
    record.put_record(out, FRAME, 1, 0, b"", payload)
    record.seal(out, _BLOCK.seed)
    return out.contents()
