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
from headwater.natsstore import blocks, consumer_state
from headwater.natsstore.blocks import Cut, Record
from headwater.natsstore.consumer_state import ConsumerState
from headwater.natsstore.highway import Hasher

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

    def deleted(self) -> set[int]:
        """Return the sequences whose messages were deleted though a block still has them."""
        found: set[int] = set()
        for number in self._numbers():
            try:
                data = self._block(number)
            except FormatError:
                continue  # told of when the messages are read
            found.update(blocks.tombstones(data, self._hasher(number)))
        return found

    def messages(self, deleted: set[int]) -> Iterator[Record]:
        """Give messages, sequences rising; in the end one without a message, the last sequence."""
        last = 0
        last_time_ns = 0
        for record in self._records():
            if record.tombstone:
                last_time_ns = record.time_ns if record.sequence > last else last_time_ns
                last = max(last, record.sequence)
            elif record.sequence > last:
                last = record.sequence
                last_time_ns = record.time_ns or last_time_ns
                if not record.erased and record.sequence not in deleted:
                    yield record
        yield Record(last, last_time_ns, erased=True)

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

    def _records(self) -> Iterator[Record]:
        for number in self._numbers():
            try:
                data = self._block(number)
            except FormatError as error:
                self.reports.append(f"block {number} was left out: {error}")
                continue
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
