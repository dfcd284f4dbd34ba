"""Passwords and tokens of a configuration: plain ones, and bcrypt hashes."""

import hashlib
import re
import secrets
from hmac import compare_digest

_BCRYPT = re.compile(r"\$2[abxy]\$\d{2}\$.*", re.ASCII | re.DOTALL)
# bcrypt looks at no more of a password.
_BCRYPT_BYTES_MAX = 72


def is_hash(secret: str) -> bool:
    """Tell whether ``secret`` is for bcrypt, and not the password itself."""
    return _BCRYPT.fullmatch(secret) is not None


class Password:
    """What a secret that was given is compared with."""

    __slots__ = ("_plain",)

    def __init__(self, secret: str) -> None:
        self._plain = secret.encode()

    def matches(self, given: str) -> bool:
        """Tell whether ``given`` is the secret; how long that takes says nothing about it."""
        return compare_digest(given.encode(), self._plain)


class HashedPassword(Password):
    """A bcrypt hash.

    To check one costs a good part of a second on purpose.  Fleets of devices come back with the
    same password all at once; what has matched is known again by a hash of our own, whose key
    never leaves the process.
    """

    __slots__ = ("_hash", "_key", "_known")

    def __init__(self, secret: str) -> None:
        super().__init__("")
        # The letters stand for mistakes of old programs; the right algorithm is the same for all.
        self._hash = b"$2b$" + secret[4:].encode()
        self._key = secrets.token_bytes(32)
        self._known = b""

    def matches(self, given: str) -> bool:
        import bcrypt  # noqa: PLC0415 (only with hashes)

        data = given.encode()
        seen = hashlib.blake2b(data, key=self._key, digest_size=32).digest()
        if self._known and compare_digest(seen, self._known):
            return True
        try:
            matches = bcrypt.checkpw(data[:_BCRYPT_BYTES_MAX], self._hash)
        except ValueError:
            return False  # it is no hash: nothing matches it
        if matches:
            self._known = seen
        return matches


def password(secret: str) -> Password:
    """Return what compares a secret with ``secret`` of a configuration."""
    return HashedPassword(secret) if is_hash(secret) else Password(secret)
