"""Who may connect."""

import base64

import bcrypt
import pytest

from headwater.accounts.authenticate import Claimant, authenticator_for
from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import ConfigError
from headwater.config.options import (
    AccountOptions,
    Authorization,
    Options,
    Rule,
    User,
    UserPermissions,
)
from headwater.wire.nats_ops import Connect


def options(**fields: object) -> Options:
    """Return options with an ``authorization`` block of these fields."""
    return Options(authorization=Authorization(**fields))


_USERS = options(users=(User("ann", "a-pass"), User("bob", "b-pass"), User("nobody", "")))


def test_nothing_configured_lets_everybody_in() -> None:
    authenticator = authenticator_for(Options())
    assert not authenticator.required
    user = authenticator.check(Connect(), Claimant())
    assert user is not None
    assert user.permissions is None


@pytest.mark.parametrize(
    ("name", "password", "welcome"),
    [
        ("ann", "a-pass", True),
        ("bob", "b-pass", True),
        ("nobody", "", True),
        ("ann", "b-pass", False),
        ("ann", "", False),
        ("ann", "a-pass ", False),
        ("Ann", "a-pass", False),
        ("", "", False),
        ("zoe", "\x00no such user\x00", False),
        ("zoë", "päss", False),
    ],
)
def test_passwords(name: str, password: str, welcome: bool) -> None:
    authenticator = authenticator_for(_USERS)
    assert authenticator.required
    user = authenticator.check(Connect(user=name, password=password), Claimant())
    assert (user is not None) == welcome
    if user is not None:
        assert user.name == name


@pytest.mark.parametrize(
    ("token", "welcome"), [("t0ken", True), ("T0ken", False), ("", False), ("t0ken\x00", False)]
)
def test_token(token: str, welcome: bool) -> None:
    authenticator = authenticator_for(options(token="t0ken"))
    assert authenticator.required
    assert (authenticator.check(Connect(auth_token=token), Claimant()) is not None) == welcome
    assert authenticator.check(Connect(user="t0ken", password="t0ken"), Claimant()) is None


def test_permissions_come_with_the_user() -> None:
    permissions = UserPermissions(
        publish=Rule(allow=("a.>",), deny=("a.no",)), subscribe=Rule(deny=("secret",))
    )
    users = (User("u", "p", permissions),)
    user = authenticator_for(options(users=users)).check(
        Connect(user="u", password="p"), Claimant()
    )
    assert user is not None
    rights = user.permissions
    assert rights is not None
    assert [rights.publish.permits(s) for s in (b"a.b", b"a.no", b"b")] == [True, False, False]
    assert [rights.subscribe.permits_interest(s) for s in (b"x", b"secret")] == [True, False]


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2x$", "$2y$"])
def test_a_hash_is_never_taken_for_a_password(prefix: str) -> None:
    secret = prefix + bcrypt.hashpw(b"foobar", bcrypt.gensalt(4)).decode()[4:]
    by_user = authenticator_for(options(users=(User("u", secret),)))
    by_token = authenticator_for(options(token=secret))
    for given, welcome in (("foobar", True), (secret, False), ("", False), ("foobar", True)):
        assert (by_user.check(Connect(user="u", password=given), Claimant()) is not None) == welcome
        assert (by_token.check(Connect(auth_token=given), Claimant()) is not None) == welcome


def signed(key: KeyPair, nonce: str = "n0nce", **fields: str) -> Connect:
    """Return the CONNECT of somebody who has the key."""
    signature = base64.urlsafe_b64encode(key.sign(nonce.encode())).decode().rstrip("=")
    return Connect(**{"nkey": key.public, "sig": signature, **fields})


def test_keys() -> None:
    key, other = KeyPair.generate("U"), KeyPair.generate("U")
    users = (User(key.public, nkey=True), User("ann", "a"))
    authenticator = authenticator_for(options(users=users))
    assert authenticator.asks_for_signatures
    claimant = Claimant("n0nce")
    user = authenticator.check(signed(key, user="zoe"), claimant)
    assert user is not None
    assert (user.name, claimant.obstacle) == (key.public, "")
    assert authenticator.check(Connect(user="ann", password="a"), claimant) is not None
    for connect, obstacle in (
        (Connect(nkey=key.public, user="ann", password="a"), "Signature missing"),
        (signed(key, sig="?"), "Signature not valid base64"),
        (signed(key, "other"), "Signature not verified"),
        (signed(other, nkey=key.public), "Signature not verified"),
        (signed(other), ""),
        (Connect(user=key.public), ""),
    ):
        claimant = Claimant("n0nce")
        assert authenticator.check(connect, claimant) is None
        assert claimant.obstacle == obstacle


def test_the_key_of_who_gives_no_credentials_needs_no_signature() -> None:
    key = KeyPair.generate("U")
    accounts = (AccountOptions("A", users=(User(key.public, nkey=True),)),)
    authenticator = authenticator_for(Options(accounts=accounts, no_auth_user=key.public))
    for connect in (Connect(), Connect(nkey=key.public)):
        assert authenticator.check(connect, Claimant("n")) is not None


def test_connection_types() -> None:
    users = (User("m", "p", connection_types=("MQTT",)), User("s", "p", connection_types=("X",)))
    authenticator = authenticator_for(options(users=users))
    for name, connection_type, welcome in (("m", "STANDARD", False), ("m", "MQTT", True)):
        claimant = Claimant("", connection_type)
        user = authenticator.check(Connect(user=name, password="p"), claimant)
        assert (user is not None) == welcome


def test_users_and_a_token_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="not both"):
        authenticator_for(options(users=(User("u", "p"),), token="t"))


def test_users_of_accounts() -> None:
    accounts = (
        AccountOptions("A", users=(User("ann", "a"), User("al", "b"))),
        AccountOptions("B", users=(User("bob", "b"),)),
    )
    authorization = Authorization(users=(User("guest", "g"),))
    authenticator = authenticator_for(Options(authorization=authorization, accounts=accounts))
    assert authenticator.required
    found = {
        name: authenticator.check(Connect(user=name, password=password), Claimant())
        for name, password in (("ann", "a"), ("al", "b"), ("bob", "b"), ("guest", "g"))
    }
    assert {name: user and user.account for name, user in found.items()} == {
        "ann": b"A",
        "al": b"A",
        "bob": b"B",
        "guest": b"$G",
    }
    assert authenticator.check(Connect(user="ann", password="b"), Claimant()) is None
    assert authenticator.check(Connect(), Claimant()) is None


def test_who_gives_no_credentials_may_be_a_certain_user() -> None:
    accounts = (AccountOptions("A", users=(User("ann", "a"),)),)
    authenticator = authenticator_for(Options(accounts=accounts, no_auth_user="ann"))
    assert (authenticator.checks, authenticator.required) == (True, False)
    user = authenticator.check(Connect(), Claimant())
    assert user is not None
    assert (user.name, user.account) == ("ann", b"A")
    for wrong in (Connect(user="ann"), Connect(password="a"), Connect(auth_token="t")):
        assert authenticator.check(wrong, Claimant()) is None


def test_users_that_contradict_one_another() -> None:
    twice = (
        AccountOptions("A", users=(User("u", ""),)),
        AccountOptions("B", users=(User("u", ""),)),
    )
    with pytest.raises(ConfigError, match="'u' stands there twice"):
        authenticator_for(Options(accounts=twice))
    with pytest.raises(ConfigError, match="there is no user 'zoe'"):
        authenticator_for(Options(no_auth_user="zoe"))


@pytest.mark.parametrize("users", [(), (User("admin", "a"),)])
def test_only_the_system_account_has_users(users: tuple[User, ...]) -> None:
    accounts = (AccountOptions("$SYS", users=users),)
    authenticator = authenticator_for(Options(accounts=accounts))
    assert (authenticator.checks, authenticator.required) == (True, True)
    user = authenticator.check(Connect(nkey="U"), Claimant())
    assert user is not None
    assert (user.account, user.permissions) == (b"$G", None)
    assert not authenticator.knows(user.name)
    for wrong in (Connect(user=user.name), Connect(password="a"), Connect(auth_token="t")):
        assert authenticator.check(wrong, Claimant()) is None


@pytest.mark.parametrize(
    "options",
    [
        Options(accounts=(AccountOptions("$SYS"), AccountOptions("A"))),
        Options(accounts=(AccountOptions("A"),)),
        Options(accounts=(AccountOptions("$SYS"),), authorization=Authorization(given=True)),
        Options(accounts=(AccountOptions("$SYS"),), system_account="A"),
        Options(),
    ],
)
def test_where_that_is_not_so(options: Options) -> None:
    assert not options.only_system_has_users
