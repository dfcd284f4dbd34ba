"""What a store is opened with, and whether it needs that; the rest is in ``keys``."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.store.keys import KeyFiles

KEY_FILES = ("KEYS", "KEYS.copy")
KEY_MISSING = (
    "it is encrypted, and its key is not here: KEYS and KEYS.copy of the store are missing, or "
    "those of another one"
)


@dataclass(frozen=True)
class Secrets:
    """The secret that is in force, and the one before it; empty for none."""

    current: str = field(default="", repr=False)
    previous: str = field(default="", repr=False)


NO_SECRETS = Secrets()


def open_keys(disk: Any, secrets: Secrets) -> "KeyFiles | None":
    """Return the keys of a store, opened; None when nothing of it is encrypted nor is to be.

    Raises:
        StoreError: it is encrypted, and these secrets do not open it.
    """
    there = [name for name in KEY_FILES if disk.exists(name)]
    if not there and not secrets.current:
        return None
    from headwater.store.keys import KeyFiles  # noqa: PLC0415 (only where there is a key)

    return KeyFiles(disk, secrets, there)
