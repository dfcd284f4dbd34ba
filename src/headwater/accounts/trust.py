"""Which accounts the operators of a configuration vouch for."""

from headwater.accounts import claims
from headwater.accounts.jwt import Claims
from headwater.base.errors import ConfigError, FormatError
from headwater.config.options import OperatorMode


def operators(mode: OperatorMode) -> list[Claims[claims.Operator]]:
    """Return what the tokens of the operators say.

    Raises:
        ConfigError: one of them cannot be believed.
    """
    found = []
    for token in mode.operators:
        try:
            operator = claims.operator(token)
        except FormatError as error:
            raise ConfigError(f"operator: not the token of an operator: {error}") from None
        if operator.iss not in (operator.sub, *operator.nats.signing_keys):
            raise ConfigError("operator: its token is not signed by itself")
        found.append(operator)
    return found


def accounts(mode: OperatorMode) -> dict[str, Claims[claims.Account]]:
    """Return what the tokens of accounts say that an operator has signed, by public key.

    Raises:
        ConfigError: a token cannot be read.
    """
    trusted = trusted_keys(mode)
    found = {}
    for name, token in mode.preload:
        if mode.pinned and name not in mode.pinned:
            continue
        try:
            account = claims.account(token)
        except FormatError as error:
            raise ConfigError(f"resolver_preload: {name}: no token of it: {error}") from None
        if account.sub != name:
            raise ConfigError(f"resolver_preload: {name}: the token is that of another account")
        if account.iss in trusted:
            found[name] = account
    return found


def trusted_keys(mode: OperatorMode) -> set[str]:
    """Return the keys whose accounts are to be believed."""
    keys = set(mode.trusted_keys)
    for operator in operators(mode):
        keys.update(operator.nats.signing_keys)
        if not operator.nats.strict_signing_key_usage:
            keys.add(operator.sub)
    return keys
