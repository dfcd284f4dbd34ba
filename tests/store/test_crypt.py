"""The cryptography: there and back, and whatever is not as it was is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.store import crypt

KEY = bytes(range(32))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_there_and_back(data, bound_to):
    sealed = crypt.seal(KEY, data, bound_to)
    assert len(sealed) == len(data) + crypt.NONCE_BYTES + crypt.TAG_BYTES
    assert crypt.unseal(KEY, sealed, bound_to) == data


def test_changes_are_refused():
    sealed = crypt.seal(KEY, b"data", b"place")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        assert crypt.unseal(KEY, bytes(changed), b"place") is None
        assert crypt.unseal(KEY, sealed[:at], b"place") is None
    assert crypt.unseal(KEY, sealed, b"other place") is None
    assert crypt.unseal(bytes(32), sealed, b"place") is None
    assert crypt.unseal(KEY, b"", b"") is None


def test_a_vector_of_the_standard():
    # draft-irtf-cfrg-xchacha, A.3.1
    key = bytes.fromhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")
    nonce = bytes.fromhex("404142434445464748494a4b4c4d4e4f5051525354555657")
    bound_to = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        b"future, sunscreen would be it."
    )
    tag = bytes.fromhex("c0875924c1c7987947deafd8780acf49")
    sealed = nonce + crypt.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        text, bound_to, nonce, key
    )
    assert sealed.endswith(tag)
    assert crypt.unseal(key, sealed, bound_to) == text


def test_derived_keys_differ_by_purpose_name_and_key():
    found = {
        crypt.derive(KEY, b"a", b"x"),
        crypt.derive(KEY, b"b", b"x"),
        crypt.derive(KEY, b"a", b"y"),
        crypt.derive(bytes(32), b"a", b"x"),
    }
    assert len(found) == 4
    assert crypt.derive(KEY, b"a", b"x") in found
    assert len(crypt.derive(KEY, b"a", b"x", 8)) == 8


@pytest.mark.parametrize("secret", [b"secret", b"", "schlüssel".encode()])
def test_secrets_are_stretched(secret):
    key = crypt.stretch(secret, bytes(16), 1, 8192)
    assert len(key) == crypt.KEY_BYTES
    assert key == crypt.stretch(secret, bytes(16), 1, 8192)
    assert key != crypt.stretch(secret, b"x" * 16, 1, 8192)
