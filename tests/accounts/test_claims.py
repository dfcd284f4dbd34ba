"""What tokens say."""

import pytest

from headwater.accounts import claims
from headwater.base.errors import FormatError
from tests.support import operators
from tests.support.operators import SCOPED, SIGNING


def test_a_user() -> None:
    token = operators.user(SIGNING, src="10.0.0.0/8", resp={"max": 1}, pub={"allow": ["a"]})
    found = claims.user(token).nats
    assert (found.src, found.pub.allow, found.sub.allow) == ("10.0.0.0/8", ["a"], [])
    assert found.resp == claims.Responses(1, 0)


def test_an_account() -> None:
    scope = {"kind": "user_scope", "key": SCOPED.public, "template": {"subs": 5}}
    tiers = {"R1": {"disk_storage": 7}}
    token = operators.account(
        signing_keys=[SIGNING.public, scope], limits={"conn": 3, "tiered_limits": tiers}
    )
    found = claims.account(token).nats
    plain, scoped = found.signing_keys
    assert plain == SIGNING.public
    assert isinstance(scoped, claims.Scope)
    assert scoped.template.subs == 5
    assert (found.limits.conn, found.limits.tiered_limits["R1"].disk_storage) == (3, 7)


def test_an_operator() -> None:
    found = claims.operator(operators.operator(system_account="A", signing_keys=["O"])).nats
    assert (found.system_account, found.signing_keys) == ("A", ["O"])


def test_each_kind_is_for_itself() -> None:
    tokens = {
        claims.user: operators.user(),
        claims.account: operators.account(),
        claims.operator: operators.operator(),
    }
    for read in tokens:
        for other, token in tokens.items():
            if other is not read:
                with pytest.raises(FormatError):
                    read(token)
