"""NKeys: Ed25519 keys as text, with a first letter that says whose they are."""

import base64
import re

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from headwater.base.errors import FormatError
from headwater.base.ids import decode_key, encode_key

OPERATOR, ACCOUNT, USER, SERVER = "O", "A", "U", "N"

# The byte that makes base 32 begin with the letter.
_PREFIXES = {OPERATOR: 14 << 3, ACCOUNT: 0, USER: 20 << 3, SERVER: 13 << 3}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}
_SEED = 18 << 3
_KEY_BYTES = 32
# The 64 bytes of a signature.
_URL_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86}")
_STANDARD_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==")


class KeyPair:
    """A key that signs; its seed stays out of every ``repr``."""

    __slots__ = ("_key", "kind", "public")

    def __init__(self, kind: str, raw: bytes) -> None:
        self.kind = kind
        self._key = SigningKey(raw)
        self.public = encode_public(kind, bytes(self._key.verify_key))

    def __repr__(self) -> str:
        return f"KeyPair({self.public})"

    @classmethod
    def generate(cls, kind: str) -> "KeyPair":
        """Return a new key."""
        return cls(kind, bytes(SigningKey.generate()))

    @classmethod
    def from_seed(cls, seed: str) -> "KeyPair":
        """Return the key of a seed.

        Raises:
            FormatError: it is no seed of a key that signs.
        """
        raw = _decode(seed, 2 + _KEY_BYTES)
        kind = _KINDS.get((raw[0] & 7) << 5 | raw[1] >> 3)
        if raw[0] & 0xF8 != _SEED or raw[1] & 7 or kind is None:
            raise FormatError("no seed of an NKey")
        return cls(kind, raw[2:])

    @property
    def seed(self) -> str:
        """The secret, as text."""
        prefix = _PREFIXES[self.kind]
        return encode_key(bytes([_SEED | prefix >> 5, (prefix & 31) << 3]) + bytes(self._key))

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``."""
        return self._key.sign(data).signature


def encode_public(kind: str, raw: bytes) -> str:
    """Return the text of a public key."""
    return encode_key(bytes([_PREFIXES[kind]]) + raw)


def decode_public(text: str) -> tuple[str, bytes]:
    """Return the kind of a public key, and its bytes.

    Raises:
        FormatError: it is none.
    """
    raw = _decode(text, 1 + _KEY_BYTES)
    kind = _KINDS.get(raw[0])
    if kind is None:
        raise FormatError("no public NKey")
    return kind, raw[1:]


def verifies(public: str, data: bytes, signature: bytes) -> bool:
    """Tell whether the owner of the public key has signed ``data``."""
    try:
        VerifyKey(decode_public(public)[1]).verify(data, signature)
    except (FormatError, BadSignatureError, ValueError):
        return False
    return True


def decode_signature(text: str) -> bytes | None:
    """Return the signature in a CONNECT: base64 of URLs without padding, or of the usual kind."""
    if _URL_SIGNATURE.fullmatch(text):
        return base64.urlsafe_b64decode(text + "==")
    if _STANDARD_SIGNATURE.fullmatch(text):
        return base64.b64decode(text)
    return None


def _decode(text: str, size: int) -> bytes:
    """Return the ``size`` bytes that a text stands for; any other text is a FormatError."""
    raw: bytes | None = decode_key(text, size)
    if raw is None:
        raise FormatError("no NKey, or one whose check sum is wrong")
    return raw
