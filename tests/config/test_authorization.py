"""The authorization block."""

import pytest

from headwater.base.clock import MILLISECOND, MINUTE, SECOND
from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import (
    Authorization,
    Options,
    ResponsePermission,
    Rule,
    User,
    UserPermissions,
)

_KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


def options(text: str) -> Options:
    return from_text(f"authorization {{ {text} }}", {}, "f.conf")


def authorization(text: str) -> Authorization:
    return options(text).authorization


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        options(text)
    return str(raised.value)


@pytest.mark.parametrize("text", ["user: a, password: b", "username: a, pass: b", "user a; pass b"])
def test_a_single_user(text):
    assert authorization(text).users == (User("a", "b"),)
    assert authorization(text).required


def test_a_token():
    found = authorization("token: s3cret")
    assert (found.token, found.users, found.required) == ("s3cret", (), True)


def test_users():
    found = authorization("users: [ {user: a, password: b}, {username: c, pass: $2a$11$x} ]")
    assert found.users == (User("a", "b"), User("c", "$2a$11$x"))


@pytest.mark.parametrize(
    ("text", "timeout_ns"),
    [
        ("timeout: 1", SECOND),
        ("timeout: 0.5", 500 * MILLISECOND),
        ('timeout: "1m"', MINUTE),
        ("timeout: 0", 2 * SECOND),
        ("", 2 * SECOND),
    ],
)
def test_timeout(text, timeout_ns):
    assert authorization(f"user: a, {text}\n").timeout_ns == timeout_ns


@pytest.mark.parametrize("text", ["", "users: []", 'user: ""', 'token: ""', "timeout: 1"])
def test_nobody_named_is_a_warning(text):
    found = options(text)
    assert not found.authorization.required
    assert "everybody may connect" in found.warnings[0]


def test_a_user_without_password_is_a_warning():
    found = options("users: [ {user: a} ]")
    assert found.authorization.users == (User("a", ""),)
    assert found.warnings == ("f.conf:1:26: the user 'a' has no password and connects without one",)


@pytest.mark.parametrize(
    ("text", "publish", "subscribe"),
    [
        ("publish: a", Rule(allow=("a",)), Rule()),
        ("pub: [a, 'b.>']", Rule(allow=("a", "b.>")), Rule()),
        ("subscribe: a", Rule(), Rule(allow=("a",))),
        ("sub { deny: [a, b] }", Rule(), Rule(deny=("a", "b"))),
        ("publish { allow: a, deny: b }", Rule(allow=("a",), deny=("b",)), Rule()),
        ("import: a, export: b", Rule(allow=("a",)), Rule(allow=("b",))),
        ("publish {}", Rule(), Rule()),
        ("publish { deny: [] }", Rule(), Rule()),
        ("allow_responses: false", Rule(), Rule()),
    ],
)
def test_permissions(text, publish, subscribe):
    found = authorization(f"users: [ {{user: a, password: b, permissions {{ {text} }}}} ]")
    assert found.users[0].permissions == UserPermissions(publish, subscribe)


@pytest.mark.parametrize("name", ["permissions", "default_permissions", "default_permission"])
@pytest.mark.parametrize("users_first", [False, True])
def test_default_permissions(name, users_first):
    parts = [
        f"{name} {{ publish: d }}",
        "users: [ {user: a}, {user: b, permissions {publish: x}} ]",
    ]
    found = authorization(", ".join(parts[::-1] if users_first else parts)).users
    allowed = [user.permissions.publish.allow for user in found]
    assert allowed == [("d",), ("x",)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("user: a, token: b", "1:1: cannot have a user and password together with a token"),
        ("user: a, users: []", "1:1: cannot have a single user and password together with a users"),
        ("token: a, users: []", "1:1: cannot have a token together with a users list"),
        ("password: b", "1:1: authorization: a password without a user would let everybody in"),
        ("user: a, permissions {}", "1:1: permissions do not apply to a single user"),
        ("users: [ {user: a}, {user: a} ]", "1:37: duplicate user 'a'"),
        ("users: [ {password: a} ]", "1:26: a user entry needs a user"),
        ("users: [ a ]", "1:26: user: expected a map"),
        ("users: a", "1:17: users: expected a list"),
        ("timeout: x", "1:17: timeout: a duration such as 2s"),
        ("timeout: true", "1:17: timeout: expected seconds"),
        ("timeout: -1", "1:17: timeout: -1 seconds are out of range"),
        ("password: 12", "1:17: password: expected a string"),
        ("usr: a", '1:17: unknown field "usr"'),
    ],
)
def test_what_is_refused(text, error):
    assert error_of(text).startswith(f"f.conf:{error}")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("publish: a..b", "publish: 'a..b' is not a valid subject"),
        ("publish: 5", "publish: expected a string or a list of strings"),
        ("publish: []", "publish: an empty list would permit everything"),
        ("publish { allow: [] }", "allow: an empty list would permit everything"),
        ("publish { alow: a }", 'unknown field "alow"'),
        ("pubish: a", 'unknown field "pubish"'),
        ("subscribe: 'a b c'", "subscribe: 'a b c' is not a valid subject"),
        ("subscribe: 'a q r'", "subscribe: 'a q r' is not a valid subject"),
        ("subscribe: 'a..b q'", "subscribe: 'a..b' is not a valid subject"),
        ("subscribe: { deny: 'a q..r' }", "deny: 'q..r' is not a valid queue group"),
        ("publish: 'a q'", "publish: 'a q' is not a valid subject"),
        ("allow_responses: 5", "allow_responses: expected a map"),
        ("allow_responses: { expires: 5 }", "expires: expected a string"),
        ("allow_responses: { max: x }", "max: expected an integer"),
    ],
)
def test_permissions_that_are_refused(text, error):
    text = f"users: [ {{user: a, permissions {{ {text} }}}} ]"
    assert error in error_of(text)


def test_connection_types():
    text = "users: [ {user: a, password: b, allowed_connection_types: %s} ]"
    for types, found in (("[mqtt, STANDARD]", ("MQTT", "STANDARD")), ("[]", ())):
        users = authorization(text.replace("%s", types)).users
        assert users == (User("a", "b", connection_types=found),)
    assert "unknown connection type" in error_of(text.replace("%s", "[bogus]"))


@pytest.mark.parametrize(
    ("text", "responses"),
    [
        ("true", ResponsePermission(1, 2 * MINUTE)),
        ("{}", ResponsePermission(1, 2 * MINUTE)),
        ("{ max: 0, expires: '0s' }", ResponsePermission(1, 2 * MINUTE)),
        ("{ max: -1, expires: '-1s' }", ResponsePermission(-1, -SECOND)),
        ("{ max_msgs: 5, ttl: '1m' }", ResponsePermission(5, MINUTE)),
    ],
)
def test_leave_to_answer(text, responses):
    user = "users: [ {user: a, password: b, permissions { %s, allow_responses: %s }} ]"
    found = authorization(user % ("subscribe {}", text)).users[0].permissions
    assert found == UserPermissions(Rule(()), Rule(), responses)
    found = authorization(user % ("publish { deny: x }", text)).users[0].permissions
    assert found.publish == Rule((), ("x",))
    found = authorization(user % ("publish { allow: y }", text)).users[0].permissions
    assert found.publish == Rule(("y",))


def test_a_user_with_a_key():
    found = options(f"users: [ {{nkey: {_KEY}, permissions {{ publish: a }}}} ]")
    permissions = UserPermissions(Rule(("a",)))
    assert found.authorization.users == (User(_KEY, permissions=permissions, nkey=True),)
    assert not found.warnings
    for other in ("user: a", "password: b"):
        error = error_of(f"users: [ {{nkey: {_KEY}, {other}}} ]")
        assert error.endswith("a user with an nkey has neither a name nor a password")
    assert "duplicate user" in error_of(f"users: [ {{nkey: {_KEY}}}, {{nkey: {_KEY}}} ]")
    assert "not the public key of a user" in error_of("users: [ {nkey: UABC} ]")
