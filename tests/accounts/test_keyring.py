"""Tokens that are made here."""

from headwater.accounts import claims, keyring
from headwater.accounts.nkeys import KeyPair


def test_from_the_operator_to_the_user() -> None:
    operator, account, user = (KeyPair.generate(kind) for kind in "OAU")
    top = claims.operator(keyring.operator("op", operator, account.public, 5))
    assert (top.sub, top.iss, top.name, top.iat) == (operator.public, operator.public, "op", 5)
    assert top.nats.system_account == account.public
    middle = claims.account(keyring.account("acct", account.public, operator, 5))
    assert (middle.sub, middle.iss, middle.nats.limits.conn) == (
        account.public,
        operator.public,
        -1,
    )
    assert not middle.nats.limits.disk_storage
    rich = claims.account(keyring.account("a", account.public, operator, 5, jetstream=True))
    assert rich.nats.limits.disk_storage == -1
    token = keyring.user("ann", user.public, account, 5, publish=("a",), expires_s=9)
    bottom = claims.user(token)
    assert (bottom.sub, bottom.iss, bottom.exp) == (user.public, account.public, 9)
    assert (bottom.nats.pub.allow, bottom.nats.sub.allow) == (["a"], [])
