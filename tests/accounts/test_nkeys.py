"""Keys as text."""

import base64

import pytest

from headwater.accounts import nkeys
from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import FormatError

# The example in the documentation of NKeys.
_SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
_PUBLIC = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


def test_a_known_key() -> None:
    key = KeyPair.from_seed(_SEED)
    assert (key.public, key.seed, key.kind) == (_PUBLIC, _SEED, "U")
    assert _SEED not in repr(key)


@pytest.mark.parametrize("kind", ["O", "A", "U", "N"])
def test_there_and_back(kind: str) -> None:
    key = KeyPair.generate(kind)
    assert key.public[0] == key.seed[1] == kind
    assert KeyPair.from_seed(key.seed).public == key.public
    assert nkeys.decode_public(key.public)[0] == kind
    assert nkeys.encode_public(*nkeys.decode_public(key.public)) == key.public
    assert nkeys.verifies(key.public, b"data", key.sign(b"data"))
    assert not nkeys.verifies(key.public, b"date", key.sign(b"data"))
    assert not nkeys.verifies(KeyPair.generate(kind).public, b"data", key.sign(b"data"))


@pytest.mark.parametrize(
    "text",
    ["", "U", _PUBLIC, _SEED[:-1], _SEED.lower(), _SEED[:-1] + "A", "SU" + "=" * 56, _SEED + "A"],
)
def test_what_is_no_seed(text: str) -> None:
    with pytest.raises(FormatError):
        KeyPair.from_seed(text)


@pytest.mark.parametrize(
    "text", ["", _SEED, _PUBLIC[:-1], _PUBLIC.lower(), _PUBLIC[:-1] + "5", "é" * 56, "=" * 56]
)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(FormatError):
        nkeys.decode_public(text)
    assert not nkeys.verifies(text, b"", bytes(64))


def test_signatures_as_text() -> None:
    raw = bytes([0xFB, 0xFF]) * 32
    url, standard = base64.urlsafe_b64encode(raw).decode(), base64.b64encode(raw).decode()
    for text in (url.rstrip("="), standard):
        assert nkeys.decode_signature(text) == raw
    for text in ("", url, standard.rstrip("="), "A", "A" * 89, "é" * 86, url[:40], "=" * 86):
        assert nkeys.decode_signature(text) is None
