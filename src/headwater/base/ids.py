"""Identifiers: random ones from a given generator, and the hashes that NATS derives from names."""

import base64
import binascii
import hashlib

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def random_id(rng, length):
    """Return ``length`` random letters and digits (bytes) from ``rng`` (a ``random.Random``)."""
    return bytes(_DIGITS[rng.randrange(62)] for _ in range(length))


def unique_id(rng):
    """Return 22 random letters and digits: the length of a NUID."""
    return random_id(rng, 22)


def nonce(rng):
    """Return what a client is asked to sign: 15 characters, as nats-server's."""
    return base64.urlsafe_b64encode(rng.randbytes(11)).decode().rstrip("=")


def name_hash(name, length=8):
    """Return the hash by which NATS servers name accounts, servers and streams to one another.

    Each of the first ``length`` bytes of SHA-256 picks a digit of base 62 (WIRE: node and account
    ids have 8, gateways 6).
    """
    return bytes(_DIGITS[byte % 62] for byte in hashlib.sha256(name).digest()[:length])


def server_id(rng):
    """Return a fresh server id: 56 characters in the form of a server's public NKey."""
    return encode_key(bytes([13 << 3]) + rng.randbytes(32)).encode()


def is_public_key(text, kind):
    """Tell whether ``text`` is a public NKey of ``kind``: its first letter, such as A or U."""
    raw = decode_key(text, 33) if text[:1] == kind else None
    return raw is not None and raw[0] & 7 == 0


def encode_key(raw):
    """Return the text of an NKey."""
    checked = raw + _crc16(raw).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


def decode_key(text, size):
    """Return the ``size`` bytes of which ``text`` is the NKey, None when it is none."""
    characters = -(-(size + 2) * 8 // 5)
    if len(text) != characters:
        return None
    try:
        raw = base64.b32decode(text + "=" * (-characters % 8))
    except (binascii.Error, ValueError):
        return None
    return raw[:size] if _crc16(raw[:size]) == int.from_bytes(raw[size:], "little") else None


def _crc16(data):
    # CRC-16/XMODEM, the check sum of NKeys.
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1 & 0xFFFF
    return crc
