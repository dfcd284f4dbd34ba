"""Whom operators vouch for."""

from dataclasses import replace
from typing import Any

import pytest

from headwater.accounts import trust
from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import ConfigError
from headwater.config.options import OperatorMode
from tests.support import operators
from tests.support.operators import ACCOUNT, OPERATOR, SYSTEM

_SIGNING = KeyPair.generate("O")


def mode(*accounts: str, **nats: Any) -> OperatorMode:
    preload = tuple((ACCOUNT.public, account) for account in accounts)
    return OperatorMode((operators.operator(**nats),), preload=preload)


def test_accounts_that_the_operator_has_signed() -> None:
    found = trust.accounts(mode(operators.account()))
    assert [(key, account.name) for key, account in found.items()] == [(ACCOUNT.public, "acct")]


def test_signing_keys_of_operators() -> None:
    account = operators.account(issuer=_SIGNING)
    assert not trust.accounts(mode(account))
    assert trust.accounts(mode(account, signing_keys=[_SIGNING.public]))
    strict = {"signing_keys": [_SIGNING.public], "strict_signing_key_usage": True}
    assert trust.accounts(mode(account, **strict))
    assert not trust.accounts(mode(operators.account(), **strict))


def test_keys_without_a_token() -> None:
    preload = ((ACCOUNT.public, operators.account()),)
    assert trust.accounts(OperatorMode(trusted_keys=(OPERATOR.public,), preload=preload))
    assert not trust.accounts(OperatorMode(trusted_keys=(_SIGNING.public,), preload=preload))


def test_only_pinned_accounts() -> None:
    given = mode(operators.account())
    assert trust.accounts(replace(given, pinned=(ACCOUNT.public,)))
    assert not trust.accounts(replace(given, pinned=(SYSTEM.public,)))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (OperatorMode(("x",)), "operator: not the token of an operator"),
        (OperatorMode((operators.account(),)), "operator: not the token of an operator"),
        (mode("x"), f"{ACCOUNT.public}: no token of it"),
        (mode(operators.account(SYSTEM)), "is that of another account"),
        (
            OperatorMode((operators.token("operator", OPERATOR, _SIGNING, {}),)),
            "not signed by itself",
        ),
    ],
)
def test_what_cannot_be_believed(given: OperatorMode, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        trust.accounts(given)
