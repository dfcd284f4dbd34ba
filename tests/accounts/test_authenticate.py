"""Who is let in: everybody, who knows the token, who has a user's password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.accounts.authenticate import authenticator_for
from headwater.base.errors import ConfigError
from headwater.config.options import Authorization, Rule, User, UserPermissions
from headwater.wire.nats_ops import Connect

USERS = Authorization(
    users=(
        User("alice", "wonder"),
        User("bob", "build"),
        User(
            "carol",
            "sing",
            UserPermissions(publish=Rule(("a.>",)), subscribe=Rule(None, ("b.*",))),
        ),
    )
)
TOKEN = Authorization(token="s3cret")


def name_of(authorization, **connect):
    """Return the name of whom these credentials let in; None when nobody."""
    user = authenticator_for(authorization).check(Connect(**connect))
    return None if user is None else user.name


def test_without_authorization_everybody_comes_in():
    authenticator = authenticator_for(Authorization())
    assert authenticator.required is False
    user = authenticator.check(Connect(user="whoever", password="whatever"))
    assert (user.name, user.permissions) == ("", None)


@pytest.mark.parametrize("authorization", [USERS, TOKEN])
def test_otherwise_credentials_are_required(authorization):
    assert authenticator_for(authorization).required is True
    assert name_of(authorization) is None


@pytest.mark.parametrize(
    ("user", "password", "name"),
    [
        ("alice", "wonder", "alice"),
        ("bob", "build", "bob"),
        ("alice", "build", None),
        ("alice", "", None),
        ("alice", "wonder ", None),
        ("Alice", "wonder", None),
        ("", "wonder", None),
        ("nobody", "", None),
        ("nobody", "\x00no such user\x00", None),
        ("ålice", "wünder", None),
    ],
)
def test_passwords(user, password, name):
    assert name_of(USERS, user=user, password=password) == name


@given(st.text(), st.text())
def test_nobody_comes_in_by_guessing(user, password):
    known = {entry.name: entry.password for entry in USERS.users}
    expected = user if known.get(user) == password else None
    assert name_of(USERS, user=user, password=password) == expected


@given(st.text())
def test_tokens(token):
    assert name_of(TOKEN, auth_token="s3cret") == ""
    assert name_of(TOKEN, auth_token=token) == ("" if token == "s3cret" else None)
    assert name_of(TOKEN, user="s3cret", password="s3cret") is None


def test_permissions_come_with_the_user():
    authenticator = authenticator_for(USERS)
    assert authenticator.check(Connect(user="alice", password="wonder")).permissions is None
    permissions = authenticator.check(Connect(user="carol", password="sing")).permissions
    assert permissions.publish.permits(b"a.b")
    assert not permissions.publish.permits(b"b.c")
    assert permissions.subscribe.permits(b"a.b")
    assert not permissions.subscribe.permits(b"b.c")


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2x$", "$2y$"])
def test_a_hash_is_never_taken_for_a_password(prefix):
    secret = prefix + "11$" + "x" * 53
    for authorization in (Authorization(token=secret), Authorization(users=(User("u", secret),))):
        with pytest.raises(ConfigError, match="bcrypt") as caught:
            authenticator_for(authorization)
        assert secret not in str(caught.value)


def test_users_and_a_token_at_once_are_refused():
    with pytest.raises(ConfigError, match="not both"):
        authenticator_for(Authorization(users=(User("u", "p"),), token="t"))
