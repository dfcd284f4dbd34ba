"""The cryptography of a store: XChaCha20-Poly1305, Argon2id and BLAKE2b, all of libsodium.

Imported only where there is a key.  Its nonces have 24 bytes and are random: none is ever used
twice, however often a part of a file is written again.
"""

from hashlib import blake2b

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

KEY_BYTES = 32
SALT_BYTES = argon2id.SALTBYTES
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES


def random_bytes(count: int) -> bytes:
    """Return random bytes of the system."""
    return bindings.randombytes(count)


def seal(key: bytes, data: bytes, bound_to: bytes) -> bytes:
    """Return ``data`` encrypted, behind its nonce; only with ``bound_to`` is it opened again."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(data, bound_to, nonce, key)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes | None:
    """Return what was sealed; None when it was with another key, for another place, or changed."""
    nonce = sealed[:NONCE_BYTES]
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        return None
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE_BYTES:], bound_to, nonce, key
        )
    except CryptoError:
        return None


def derive(key: bytes, purpose: bytes, name: bytes, size: int = KEY_BYTES) -> bytes:
    """Return the key that belongs to a name, for a purpose of at most 16 bytes."""
    return blake2b(name, key=key, person=purpose, digest_size=size).digest()


def stretch(secret: bytes, salt: bytes, passes: int, memory_bytes: int) -> bytes:
    """Return the key of a secret that somebody may have made up: to try one costs time."""
    return argon2id.kdf(KEY_BYTES, secret, salt, opslimit=passes, memlimit=memory_bytes)
