"""The folder of one stream of a nats-server: what it is, its consumers, and its messages.

``disk`` is a store.disk.Disk, or what does the same; nothing is ever written with it.  All of this
blocks.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from headwater.base import gojson
from headwater.base.errors import FormatError
from headwater.natsstore import blocks, consumer_state, index_file
from headwater.natsstore.blocks import Cut, Record
from headwater.natsstore.consumer_state import ConsumerState
from headwater.natsstore.highway import HASH_BYTES, Hasher
from headwater.natsstore.index_file import IndexFile

_META = "meta.inf"
_CHECKSUM = "meta.sum"
_KEY = "meta.key"
_BLOCK_SUFFIX = ".blk"
_BLOCK_NAME = re.compile(r"[1-9][0-9]{0,9}\.blk", re.ASCII)


class Consumer(msgspec.Struct):
    """A consumer: its configuration as JSON, and how far it is."""

    name: str
    created_ns: int
    config: bytes
    state: ConsumerState


class Meta(msgspec.Struct):
    """What ``meta.inf`` says: the name, when it was made, and the configuration as JSON."""

    name: str
    created_ns: int
    config: bytes


class StreamFolder:
    """One stream, read from its files."""

    def __init__(self, disk: Any, path: str) -> None:
        self._disk = disk
        self._path = path
        self.reports: list[str] = []  # what is not as it should be, and was passed over
        self.meta = self._read_meta(path, "name", "")
        self._index = self._read_index()

    def consumers(self) -> list[Consumer]:
        """Return the consumers."""
        found = []
        folder = f"{self._path}/obs"
        for name in self._disk.names(folder):
            try:
                found.append(self._consumer(f"{folder}/{name}"))
            except (FormatError, OSError) as error:
                self.reports.append(f"consumer {name} was left out: {error}")
        return found

    def first_sequence(self) -> int:
        """Return where the stream begins, 0 where only its first message can tell."""
        return 0 if self._index is None else self._index.first

    def messages(self) -> Iterator[Record]:
        """Give messages, sequences rising; in the end one without a message, the last sequence."""
        if self._index is not None:
            return self._indexed_messages(self._index)
        return self._scanned_messages(self._deleted())

    def _indexed_messages(self, index: IndexFile) -> Iterator[Record]:
        for number, block in sorted(index.blocks.items()):
            for record in self._records(number):
                if not (record.tombstone or record.erased) and block.has(record.sequence):
                    yield record
        yield Record(index.last, index.last_time_ns, erased=True)

    def _scanned_messages(self, deleted: set[int]) -> Iterator[Record]:
        last = 0
        last_time_ns = 0
        for number in self._numbers():
            for record in self._records(number):
                if record.sequence <= last:
                    continue
                last = record.sequence
                last_time_ns = record.time_ns or last_time_ns
                if not (record.tombstone or record.erased or record.sequence in deleted):
                    yield record
        yield Record(last, last_time_ns, erased=True)

    def _deleted(self) -> set[int]:
        """Return the sequences whose messages were deleted though a block still has them."""
        found: set[int] = set()
        for number in self._numbers():
            try:
                data = self._block(number)
            except FormatError:
                continue  # told of when the messages are read
            found.update(blocks.tombstones(data, self._hasher(number)))
        return found

    def _read_index(self) -> IndexFile | None:
        """Return what ``index.db`` says, if it is of the blocks as they are."""
        path = f"{self._path}/msgs/index.db"
        if self._block_folder() != f"{self._path}/msgs" or not self._disk.exists(path):
            return None
        try:
            hasher = Hasher(self.meta.name.encode())
            index = index_file.decode(bytes(self._disk.read(path)), hasher)
        except FormatError as error:
            self.reports.append(f"index.db was not used: {error}")
            return None
        numbers = self._numbers()
        missing = {block.number for block in index.blocks.values() if block.first <= block.last}
        if not numbers or numbers[-1] != index.last_block or missing - {*numbers}:
            return None
        last = f"{self._path}/msgs/{index.last_block}{_BLOCK_SUFFIX}"
        size = self._disk.size(last)
        tail = bytes(self._disk.read(last, max(0, size - HASH_BYTES)))
        return index if tail in (index.last_checksum, b"") else None

    def _consumer(self, path: str) -> Consumer:
        meta = self._read_meta(path, "Name", f"{self.meta.name}/")
        state_path = f"{path}/o.dat"
        state = ConsumerState()
        if self._disk.exists(state_path):
            state = consumer_state.decode(bytes(self._disk.read(state_path)))
        return Consumer(meta.name, meta.created_ns, meta.config, state)

    def _read_meta(self, path: str, name_key: str, hash_prefix: str) -> Meta:
        """Read ``meta.inf``, whose checksum has to be right.

        Raises:
            FormatError: it is none, damaged or encrypted.
            OSError: there is none.
        """
        if self._disk.exists(f"{path}/{_KEY}"):
            raise FormatError(
                "it is encrypted: take a snapshot of it through the JetStream API instead"
            )
        data = bytes(self._disk.read(f"{path}/{_META}"))
        try:
            found = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
            name = msgspec.json.decode(found.get(name_key, b""), type=str)
            created = msgspec.json.decode(found.pop("Created", b'""'), type=str)
            found.pop("Name", None)
            created_ns = gojson.parse_time(created) if created else 0
        except (msgspec.MsgspecError, ValueError) as error:
            raise FormatError(f"{_META} makes no sense: {error}") from error
        wanted = bytes(self._disk.read(f"{path}/{_CHECKSUM}")).strip().decode("latin-1")
        hasher = Hasher(f"{hash_prefix}{name}".encode())
        if hasher.digest(memoryview(data), 0, len(data)).hex() != wanted:
            raise FormatError(f"the checksum of {_META} is wrong")
        return Meta(name, created_ns, msgspec.json.encode(found))

    def _records(self, number: int) -> Iterator[Record]:
        try:
            data = self._block(number)
        except (FormatError, FileNotFoundError) as error:
            self.reports.append(f"block {number} was left out: {error}")
            return
        cut = Cut()
        yield from blocks.read_records(data, self._hasher(number), cut)
        if cut.reason:
            left = len(data) - cut.offset
            self.reports.append(
                f"block {number}: the last {left} bytes were left out: {cut.reason}"
            )

    def _numbers(self) -> list[int]:
        """Return the numbers of the blocks, the oldest first."""
        return sorted(
            int(name.removesuffix(_BLOCK_SUFFIX))
            for name in self._disk.names(self._block_folder())
            if _BLOCK_NAME.fullmatch(name)
        )

    def _block(self, number: int) -> bytes:
        path = f"{self._block_folder()}/{number}{_BLOCK_SUFFIX}"
        return blocks.records_of(bytes(self._disk.read(path)))

    def _hasher(self, number: int) -> Hasher:
        return Hasher(f"{self.meta.name}-{number}".encode())

    def _block_folder(self) -> str:
        """Return where the blocks are: elsewhere while a purge is about to be finished."""
        purged = f"{self._path}/__new_msgs__"
        if any(name.endswith(_BLOCK_SUFFIX) for name in self._disk.names(purged)):
            return purged
        return f"{self._path}/msgs"
