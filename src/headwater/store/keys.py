"""The keys of an encrypted store.

Everything is encrypted by one random key of the store, from which each stream's is derived by its
identity.  That key lies in two files, wrapped by the secret that the configuration gives.  Another
secret changes these files and nothing else, one after the other: a crash leaves one that is whole,
and none that neither the old secret nor the new one opens.

Imported only where there is a key.
"""

from typing import Any

import msgspec

from headwater.base.errors import StoreError
from headwater.store import crypt
from headwater.store.secrets import KEY_FILES, Secrets

KEY_ID_BYTES = 8
_VERSION = 1
# Deriving a key from a secret takes some 50 ms and so much memory, once a start.
_PASSES = 3
_MEMORY_BYTES = 16 * 1024 * 1024
# What a file may ask for.
_PASSES_MAX = 10
_MEMORY_BYTES_MIN, _MEMORY_BYTES_MAX = 8192, 256 * 1024 * 1024
# What keys are for: at most 16 bytes.
_TO_WRAP = b"headwater store"
_OF_STREAM = b"headwater stream"
_IDENTITY = b"headwater key id"
_CHECKSUM = b"headwater keys"


class StreamKey:
    """The key of one stream; ``id`` says of which store."""

    def __init__(self, key: bytes, store_id: bytes) -> None:
        self._key = key
        self.id = store_id

    def seal(self, data: bytes, bound_to: bytes) -> bytes:
        """Return ``data`` encrypted: see ``crypt.seal``."""
        return crypt.seal(self._key, data, bound_to)

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        """Return what was sealed, None when that is damaged."""
        return crypt.unseal(self._key, sealed, bound_to)


class StoreKeys:
    """The key of a store, and those of its streams."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = crypt.derive(key, _IDENTITY, b"", KEY_ID_BYTES)

    def of_stream(self, stream_id: bytes) -> StreamKey:
        """Return the key of a stream."""
        return StreamKey(crypt.derive(self._key, _OF_STREAM, stream_id), self.id)

    def wrapped(self, outer_key: bytes) -> bytes:
        """Return the key, encrypted by another one."""
        return crypt.seal(outer_key, self._key, _TO_WRAP)


class _KeyFile(msgspec.Struct):
    """What one of the files says: the key of the store, and how the one that wraps it is made."""

    version: int
    passes: int
    memory_bytes: int
    salt: bytes
    key: bytes
    check: bytes = b""

    def checksum(self) -> bytes:
        numbers = f"{self.version} {self.passes} {self.memory_bytes} ".encode()
        return crypt.derive(b"", _CHECKSUM, numbers + self.salt + self.key, KEY_ID_BYTES)

    def outer_key(self, secret: str) -> bytes:
        return crypt.stretch(secret.encode(), self.salt, self.passes, self.memory_bytes)

    def opened(self, secret: str) -> StoreKeys | None:
        """Return the keys, None when this is not the secret."""
        key = crypt.unseal(self.outer_key(secret), self.key, _TO_WRAP)
        return None if key is None else StoreKeys(key)

    def makes_sense(self) -> bool:
        return (
            len(self.salt) == crypt.SALT_BYTES
            and 0 < self.passes <= _PASSES_MAX
            and _MEMORY_BYTES_MIN <= self.memory_bytes <= _MEMORY_BYTES_MAX
        )


class KeyFiles:
    """The ``keys`` of a store, opened; ``note`` is what there is to tell of that.

    Nothing is written before ``write``.
    """

    def __init__(self, disk: Any, secrets: Secrets, there: list[str]) -> None:
        """Read the files that are there, or begin new ones.

        Raises:
            StoreError: these secrets do not open the store.
        """
        self._disk = disk
        self._secrets = secrets
        self._file: _KeyFile | None = None  # what both are to be
        self._due = list(KEY_FILES)  # those that are not
        self.is_new = not there
        self.note = "" if there else "what is written from now on is encrypted"
        self.keys = self._opened(there) if there else StoreKeys(crypt.random_bytes(crypt.KEY_BYTES))

    def write(self) -> None:
        """Let both files be there, and the secret in force open them."""
        if self._file is None:
            self._file = self._wrapped()
        for name in self._due:
            self._disk.replace(name, msgspec.json.encode(self._file) + b"\n")
        self._due = []

    def _wrapped(self) -> _KeyFile:
        salt = crypt.random_bytes(crypt.SALT_BYTES)
        file = _KeyFile(_VERSION, _PASSES, _MEMORY_BYTES, salt, b"")
        file.key = self.keys.wrapped(file.outer_key(self._secrets.current))
        file.check = file.checksum()
        return file

    def _opened(self, there: list[str]) -> StoreKeys:
        secrets = self._secrets
        if not secrets.current:
            raise StoreError(
                "the store is encrypted and no key is given: give the one that it was written "
                "with, as key, key_file or key_command of the jetstream block"
            )
        files = {name: file for name in there if (file := self._read(name)) is not None}
        if not files:
            raise StoreError(
                f"the store is encrypted and damaged: {' and '.join(there)} cannot be read, and "
                "without one of them nothing can; put one back from a backup"
            )
        for file in files.values():
            keys = file.opened(secrets.current)
            if keys is not None:
                self._file = file
                self._due = [name for name in KEY_FILES if files.get(name) != file]
                return keys
        keys = self._opened_before(files) if secrets.previous else None
        if keys is None:
            raise StoreError(
                "the store is encrypted with another key than the one that is given: give that "
                "one as key, or as prev_key where it is to be replaced"
            )
        self.note = "its keys are under the new key from now on"
        return keys

    def _opened_before(self, files: dict[str, _KeyFile]) -> StoreKeys | None:
        found = (file.opened(self._secrets.previous) for file in files.values())
        return next((keys for keys in found if keys is not None), None)

    def _read(self, name: str) -> _KeyFile | None:
        """Return what is in a file, None when it is damaged.

        Raises:
            StoreError: it is of a newer version.
        """
        try:
            file = msgspec.json.decode(bytes(self._disk.read(name)), type=_KeyFile)
        except (msgspec.MsgspecError, OSError):
            return None
        if file.check != file.checksum():
            return None
        if file.version != _VERSION:
            raise StoreError(
                f"{name} is of version {file.version}; this server reads version {_VERSION}: "
                "use the version of the server that wrote it"
            )
        return file if file.makes_sense() else None
