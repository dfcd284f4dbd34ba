"""Secrets of a configuration."""

import bcrypt
import pytest

from headwater.accounts.passwords import is_hash, password


@pytest.mark.parametrize(
    ("secret", "hashed"),
    [
        ("$2a$11$x", True),
        ("$2y$04$", True),
        ("$2a$x", False),
        ("$2c$11$x", False),
        ("x$2a$11$x", False),
        ("", False),
    ],
)
def test_which_are_hashes(secret: str, hashed: bool) -> None:
    assert is_hash(secret) == hashed


def test_a_plain_one() -> None:
    secret = password("pässword")
    assert secret.matches("pässword")
    assert not secret.matches("password")


def test_a_hashed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "x" * 72
    secret = password(bcrypt.hashpw(long.encode(), bcrypt.gensalt(4)).decode())
    assert not secret.matches("x")
    # No more than 72 bytes count.
    assert secret.matches(long + "y")
    assert secret.matches(long)
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("hashed again"))
    assert secret.matches(long)


@pytest.mark.parametrize("secret", ["$2a$11$x", "$2a$99$" + "x" * 53, "$2a$04$é"])
def test_nothing_matches_a_broken_hash(secret: str) -> None:
    for given in ("", "x", secret, "\x00"):
        assert not password(secret).matches(given)
