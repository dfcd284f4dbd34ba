"""The folder in which ``headwater auth`` keeps an operator, its accounts and their users.

    operator.nk  operator.jwt           the seed of the operator, and its token
    accounts/NAME.nk  accounts/NAME.jwt   of each account
    creds/ACCOUNT/USER.creds              of each user, for the user

Seeds are readable by nobody else.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from headwater.accounts import claims, creds, keyring
from headwater.accounts.nkeys import ACCOUNT, OPERATOR, USER, KeyPair
from headwater.base.errors import ConfigError, FormatError
from headwater.server.addresses import reason

_SYSTEM = "SYS"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


class AuthStore:
    """One operator with everything below it."""

    def __init__(self, folder: Path, now_s: int) -> None:
        """``now_s`` is the time that new tokens are of."""
        self._folder = folder
        self._now_s = now_s

    def add_operator(self, name: str) -> str:
        """Make the operator and its system account; return the operator's public key.

        Raises:
            ConfigError: there is one, or it cannot be written.
        """
        key, system = KeyPair.generate(OPERATOR), KeyPair.generate(ACCOUNT)
        token = keyring.operator(_checked(name), key, system.public, self._now_s)
        self._write_new(self._folder / "operator.nk", key.seed, secret=True)
        self._write_account(_SYSTEM, system, key, jetstream=False)
        self._write_new(self._folder / "operator.jwt", token)
        return key.public

    def add_account(self, name: str, *, jetstream: bool) -> str:
        """Make an account; return its public key; see ``add_operator`` for errors."""
        operator = self._key(self._folder / "operator.nk")
        key = KeyPair.generate(ACCOUNT)
        self._write_account(_checked(name), key, operator, jetstream=jetstream)
        return key.public

    def add_user(
        self,
        account: str,
        name: str,
        *,
        publish: tuple[str, ...] = (),
        subscribe: tuple[str, ...] = (),
        valid_s: int = 0,
    ) -> Path:
        """Make a user; return the path of its credentials; see ``add_operator`` for errors."""
        issuer = self._key(self._folder / "accounts" / f"{_checked(account)}.nk")
        key = KeyPair.generate(USER)
        token = keyring.user(
            _checked(name),
            key.public,
            issuer,
            self._now_s,
            publish=publish,
            subscribe=subscribe,
            expires_s=self._now_s + valid_s if valid_s else 0,
        )
        path = self._folder / "creds" / account / f"{name}.creds"
        self._write_new(path, creds.encode(token, key), secret=True)
        return path

    def server_config(self) -> str:
        """Return what a server's configuration needs to know them all.

        Raises:
            ConfigError: there is no operator.
        """
        operator = self._read(self._folder / "operator.jwt")
        lines = [f"operator: {operator}", "resolver: MEMORY", "resolver_preload {"]
        lines += [f"    {public}: {token}" for public, token in self.accounts()]
        return "\n".join([*lines, "}", ""])

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Return the public keys of accounts, with their tokens."""
        for path in sorted((self._folder / "accounts").glob("*.jwt")):
            token = self._read(path)
            try:
                yield claims.account(token).sub, token
            except FormatError as error:
                raise ConfigError(f"{path}: no token of an account: {error}") from None

    def _write_account(
        self, name: str, key: KeyPair, operator: KeyPair, *, jetstream: bool
    ) -> None:
        token = keyring.account(name, key.public, operator, self._now_s, jetstream=jetstream)
        folder = self._folder / "accounts"
        self._write_new(folder / f"{name}.nk", key.seed, secret=True)
        self._write_new(folder / f"{name}.jwt", token)

    def _key(self, path: Path) -> KeyPair:
        try:
            return KeyPair.from_seed(self._read(path))
        except FormatError:
            raise ConfigError(f"{path} holds no seed of a key") from None

    def _read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="ascii", errors="replace").strip()
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {reason(error)}") from None

    def _write_new(self, path: Path, text: str, *, secret: bool = False) -> None:
        """Write a file that is not there yet."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = 0o600 if secret else 0o644
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(number, "w", encoding="ascii") as file:
                file.write(text)
        except FileExistsError:
            raise ConfigError(f"{path} is there already") from None
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {reason(error)}") from None


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{name!r} is no name: letters, digits, '-', '_' and '.'")
    return name
