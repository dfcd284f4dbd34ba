"""Files as a nats-server writes them, for tests of what reads them."""

import json
from pathlib import Path

from headwater.natsstore.consumer_state import ConsumerState, encode
from headwater.natsstore.highway import Hasher
from headwater.natsstore.varints import put_unsigned
from headwater.wire import s2_stream

ERASED = 1 << 63
TOMBSTONE = 1 << 62
CREATED = "2026-11-27T21:06:40.086766428Z"


def checksum(key: str, data: bytes) -> bytes:
    return Hasher(key.encode()).digest(memoryview(data), 0, len(data))


def record(
    key: str,
    sequence: int,
    time_ns: int,
    subject: bytes = b"",
    headers: bytes = b"",
    payload: bytes = b"",
) -> bytes:
    """Return one record of the block whose checksums have the key ``key``."""
    middle = len(headers).to_bytes(4, "little") + headers if headers else b""
    size = 30 + len(subject) + len(middle) + len(payload)
    numbers = sequence.to_bytes(8, "little") + time_ns.to_bytes(8, "little", signed=True)
    return b"".join(
        (
            (size | (1 << 31 if headers else 0)).to_bytes(4, "little"),
            numbers,
            len(subject).to_bytes(2, "little"),
            subject + middle + payload,
            checksum(key, numbers + subject + headers + payload),
        )
    )


def compressed(records: bytes) -> bytes:
    """Return the file of a block that was compressed."""
    head = bytearray(b"cmp\x01")
    put_unsigned(head, len(records))
    return bytes(head) + s2_stream.HEAD + s2_stream.plain_chunks(records[:-8]) + records[-8:]


def write_meta(folder: Path, key: str, fields: dict) -> None:
    """Write a configuration and its checksum."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(fields).encode()
    (folder / "meta.inf").write_bytes(data)
    (folder / "meta.sum").write_text(checksum(key, data).hex())


def write_stream(folder: Path, name: str, blocks: dict[int, bytes], **config) -> None:
    """Write a stream whose blocks are ``blocks``, by number."""
    write_meta(folder, name, {"Created": CREATED, "name": name, **config})
    (folder / "msgs").mkdir()
    for number, data in blocks.items():
        (folder / "msgs" / f"{number}.blk").write_bytes(data)


def write_consumer(folder: Path, stream: str, name: str, state: ConsumerState, **config) -> None:
    """Write a consumer of the stream in ``folder``."""
    path = folder / "obs" / name
    fields = {"Created": CREATED, "Name": name, "name": name, "durable_name": name, **config}
    write_meta(path, f"{stream}/{name}", fields)
    (path / "o.dat").write_bytes(encode(state, 0))
