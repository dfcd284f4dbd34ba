"""The folder of a ``full`` resolver: a file with a token for each account."""

import os
from pathlib import Path

from headwater.base.errors import ConfigError
from headwater.base.ids import is_public_key
from headwater.server.addresses import reason

_ENDING = ".jwt"
_DELETED = ".deleted"


class ClaimsFolder:
    """Tokens by the public keys of their accounts."""

    def __init__(self, path: str, limit: int = 0) -> None:
        """Keep ``limit`` tokens at most; 0 for any number."""
        self._path = Path(path)
        self._limit = limit

    def tokens(self) -> dict[str, str]:
        """Return what there is.

        Raises:
            ConfigError: it cannot be read.
        """
        found = {}
        try:
            for path in sorted(self._path.glob(f"*{_ENDING}")):
                if is_public_key(path.stem, "A"):
                    found[path.stem] = path.read_text(encoding="ascii", errors="replace").strip()
        except OSError as error:
            raise ConfigError(f"resolver: cannot read {self._path}: {reason(error)}") from None
        return found

    def write(self, account: str, token: str) -> None:
        """Keep a token, instead of the one that was there.

        Raises:
            ConfigError: it cannot be kept.
        """
        if not is_public_key(account, "A"):
            raise ConfigError("not the public key of an account")
        known = self.tokens()
        if self._limit and account not in known and len(known) >= self._limit:
            raise ConfigError("jwt store is full")
        path = self._path / f"{account}{_ENDING}"
        beside = path.with_suffix(".new")
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with beside.open("w", encoding="ascii") as file:
                file.write(token)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise ConfigError(f"resolver: cannot write {path}: {reason(error)}") from None

    def delete(self, account: str, *, hard: bool) -> bool:
        """Forget a token, with ``hard`` for good; return whether it was there."""
        if not is_public_key(account, "A"):
            return False  # it might lead out of the folder
        path = self._path / f"{account}{_ENDING}"
        try:
            if hard:
                path.unlink()
            else:
                path.rename(f"{path}{_DELETED}")
        except OSError:
            return False
        return True
