"""What lies on the disk of a stream: blocks and checkpoints with any damage are recovered.

An input is damage: three bytes choose a file and a place, and say what is done there.
"""

from headwater.base.errors import StoreError
from tests.fuzz.dice import Dice
from tests.fuzz.target import Target, require
from tests.sim.simdisk import SimDisk
from tests.sim.stream import FOLDER, Stream

_BLOCK_BYTES = 600
_MESSAGES = 24
_DAMAGES_MAX = 40


class StoreTarget(Target):
    """Recovery ends with what was written or less, without a stream, or with a StoreError."""

    name = "store"

    def begin(self) -> None:
        disk = SimDisk()
        disk.make_directory(FOLDER)
        stream = Stream(disk, block_bytes=_BLOCK_BYTES)
        for number in range(_MESSAGES):
            stream.put(b"s.%d" % (number % 3), b"%d " % number * 9, b"NATS/1.0\r\n\r\n")
            if number in (8, 15):
                stream.files.checkpoint()
        stream.store.log.close()
        self._disk = disk
        self._written = stream.read_all()
        self._paths = [f"{FOLDER}/{name}" for name in sorted(disk.names(FOLDER))]

    def make(self, dice: Dice) -> bytes:
        return bytes(dice.below(256) for _ in range(3 * (1 + dice.below(5))))

    def play(self, data: bytes) -> object:
        disk = self._disk.copy()
        for at in range(0, min(len(data), 3 * _DAMAGES_MAX) - 2, 3):
            self._damage(disk, *data[at : at + 3])
        stream = Stream(disk, block_bytes=_BLOCK_BYTES)
        try:
            found = stream.recover()
        except StoreError as error:
            return str(error)
        if not found:
            return stream.reports
        kept = stream.read_all()
        for sequence, message in kept.items():
            # A checksum of 32 bits lets damage through once in four thousand million times.
            require(self._written.get(sequence) == message, f"{sequence} has become {message}")
        last = stream.store.index.last_sequence
        require(stream.put(b"new", b"") == last + 1, "a sequence is left out")
        return sorted(kept), stream.reports

    def _damage(self, disk: SimDisk, what: int, place: int, value: int) -> None:
        path = self._paths[what % len(self._paths)]
        if not disk.exists(path):
            return
        content = bytearray(disk.read(path))
        at = min(len(content), place * len(content) // 256 + value % 5)
        action = what // len(self._paths) % 6
        if action == 0:
            content[at : at + 1] = bytes([value])
        elif action == 1:
            del content[at:]
        elif action == 2:
            content[at : at + 16] = bytes(16)
        elif action == 3:
            content[at:at] = content[: value * 3]
        elif action == 4:
            del content[at : at + value]
        else:
            other = self._paths[value % len(self._paths)]
            content = bytearray(self._disk.read(other))
        disk.overwrite(path, bytes(content))
