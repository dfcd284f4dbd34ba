"""Who is let in by the tokens of operators and accounts."""

import time
from typing import Any

import pytest

from headwater.accounts import trust
from headwater.accounts.authenticate import AuthenticatedUser, Claimant
from headwater.accounts.nkeys import KeyPair
from headwater.accounts.operator_mode import OperatorAuthenticator
from headwater.config.options import OperatorMode, UserLimits
from headwater.wire.nats_ops import Connect
from tests.accounts.test_authenticate import signed
from tests.support import operators
from tests.support.operators import ACCOUNT, USER

_NOW = time.time()


def outcome(
    account: str, user: str, key: KeyPair = USER, now_s: float = _NOW
) -> AuthenticatedUser | str:
    """Return who comes of a login, or why nobody does."""
    mode = OperatorMode((operators.operator(),), preload=((ACCOUNT.public, account),))
    authenticator = OperatorAuthenticator(trust.accounts(mode))
    claimant = Claimant("n0nce", address="127.0.0.1", now_s=now_s)
    connect = Connect(jwt=user, sig=signed(key).sig)
    found = authenticator.check(connect, claimant)
    return claimant.obstacle if found is None else found


def test_a_user() -> None:
    found = outcome(operators.account(), operators.user(subs=5, top={"exp": int(_NOW) + 10}))
    assert isinstance(found, AuthenticatedUser)
    assert (found.name, found.title) == (USER.public, "u1")
    assert found.account == ACCOUNT.public.encode()
    assert (found.permissions, found.limits) == (None, UserLimits(5, -1))
    assert found.expires_s == int(_NOW) + 10


def test_permissions_of_the_account() -> None:
    account = operators.account(default_permissions={"pub": {"allow": ["a"]}})
    found = outcome(account, operators.user())
    assert isinstance(found, AuthenticatedUser)
    assert found.permissions is not None
    assert not found.permissions.publish.permits(b"b")
    own = outcome(account, operators.user(sub={"deny": ["c"]}))
    assert isinstance(own, AuthenticatedUser)
    assert own.permissions is not None
    assert own.permissions.publish.permits(b"b")


def test_leave_to_answer_is_all_there_is() -> None:
    found = outcome(operators.account(), operators.user(resp={}))
    assert isinstance(found, AuthenticatedUser)
    assert found.permissions is not None
    assert not found.permissions.publish.permits(b"a")
    assert found.replies() is not None


@pytest.mark.parametrize(
    ("account", "user", "why"),
    [
        ({"limits": {"disallow_bearer": True}}, {"bearer_token": True}, "does not allow bearer"),
        ({"top": {"exp": int(_NOW) - 5}}, {}, "Account JWT has expired"),
        ({"revocations": {"*": int(_NOW) + 5}}, {}, "revoked"),
        ({}, {"proxy_required": True}, "Proxy required"),
        ({}, {"issuer_account": USER.public}, "account missing"),
    ],
)
def test_who_is_not_let_in(account: dict[str, Any], user: dict[str, Any], why: str) -> None:
    found = outcome(operators.account(**account), operators.user(**user))
    assert isinstance(found, str)
    assert why in found


def test_what_was_issued_after_a_revocation_counts() -> None:
    account = operators.account(revocations={USER.public: int(_NOW) - 100})
    assert isinstance(outcome(account, operators.user()), AuthenticatedUser)
