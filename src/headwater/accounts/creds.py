"""Credentials files: the token of a user and the seed of its key, as official clients read them."""

import re

from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import FormatError

_BLOCK = re.compile(r"-{3,}[^\n]*-{3,}\s*\r?\n([A-Za-z0-9_.=-]+)\s*\r?\n\s*-{3,}[^\n]*-{3,}")


def encode(token: str, key: KeyPair) -> str:
    """Return the text of the file."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        "Whoever has this file is the user.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{key.seed}\n------END USER NKEY SEED------\n"
    )


def decode(text: str) -> tuple[str, KeyPair]:
    """Return the token and the key that a file holds.

    Raises:
        FormatError: it does not hold both.
    """
    blocks = _BLOCK.findall(text)
    if len(blocks) < 2:
        raise FormatError("not the token of a user and the seed of its key")
    return blocks[0], KeyPair.from_seed(blocks[1])
