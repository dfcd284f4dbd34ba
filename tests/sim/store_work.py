"""A little of everything that a store asks of its disk."""

from typing import Any

from headwater.store.record import PURGE
from headwater.store.stream_work import Purge
from tests.sim.stream import FOLDER, Stream


def work(disk: Any) -> None:
    """Fill blocks, write checkpoints, remove blocks, start again."""
    disk.make_directory(FOLDER)
    stream = Stream(disk, block_bytes=300)
    for _ in range(5):
        stream.put(b"subject", bytes(100))
    stream.files.checkpoint()
    stream.store.propose(PURGE, b"", Purge(b"", 6, 0).encode())
    stream.commit()
    for _ in range(3):
        stream.files.checkpoint()
    stream.store.log.close()
    other = Stream(disk, block_bytes=300)
    other.recover()
    other.put(b"subject", b"")
    other.store.log.close()
