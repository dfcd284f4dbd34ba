"""The accounts block, and what goes with it: system account, users without a login."""

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import (
    AccountJetStream,
    AccountLimits,
    AccountOptions,
    MessageTrace,
    Options,
    Rule,
    User,
    UserPermissions,
)
from tests.config.keys import ACCOUNT_KEY, USER_KEY


def options(text: str) -> Options:
    return from_text(text, {}, "f.conf")


def account(text: str) -> AccountOptions:
    return options(f"accounts {{ A: {{ {text} }} }}").accounts[0]


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        options(text)
    return str(raised.value)


def test_bare_accounts():
    a, b = AccountOptions("A"), AccountOptions("B")
    assert options("accounts { A: {}, B {} }").accounts == (a, b)
    assert options("accounts: [ A, B ]").accounts == (a, b)
    assert options("accounts {}").accounts == ()


def test_users():
    found = account("users: [ {user: a, password: b}, {user: c, password: d} ]")
    assert found.users == (User("a", "b"), User("c", "d"))


def test_default_permissions_are_for_users_without_any():
    found = account(
        "default_permissions { publish: d }, "
        "users: [ {user: a, password: b}, {user: c, password: d, permissions {publish: x}} ]"
    )
    permissions = [UserPermissions(publish=Rule(allow=(subject,))) for subject in "dx"]
    assert found.users == (User("a", "b", permissions[0]), User("c", "d", permissions[1]))


def test_limits():
    text = "limits { max_conn: 1, max_subs: 2, max_pay: 3, max_leafs: 4 }"
    assert account(text).limits == AccountLimits(1, 2, 3, 4)
    assert account("limits {}").limits == AccountLimits(-1, -1, -1, -1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("jetstream: true", AccountJetStream()),
        ("jetstream: Enabled", AccountJetStream()),
        ("jetstream: false", None),
        ("jetstream: disabled", None),
        ("jetstream {}", AccountJetStream()),
        (
            "jetstream { max_mem: 1kb, max_file: 2, streams: 3, consumers: 4, max_ack_pending: 5, "
            "mem_max_stream_bytes: 6, disk_max_stream_bytes: 7, max_bytes: true }",
            AccountJetStream(1024, 2, 3, 4, 5, 6, 7, bytes_required=True),
        ),
    ],
)
def test_jetstream(text, expected):
    assert account(text).jetstream == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", MessageTrace()),
        ("msg_trace: t", MessageTrace("t", 100)),
        ("trace_dest { dest: t.x, sampling: 20 }", MessageTrace("t.x", 20)),
        ('trace_dest { dest: t, sampling: "20%" }', MessageTrace("t", 20)),
        ("trace_dest {}", MessageTrace()),
    ],
)
def test_message_trace(text, expected):
    assert account(text).trace == expected


def test_key():
    assert account(f"nkey: {ACCOUNT_KEY}").nkey == ACCOUNT_KEY


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("A: 5", "1:12: A: expected a map { ... }, got the integer 5"),
        ('"$G": {}', "1:12: $G is a reserved account"),
        ('"A B": {}', "1:12: 'A B' is not a name for an account"),
        ('"": {}', "1:12: '' is not a name for an account"),
        ("A: { foo: 1 }", '1:17: unknown field "foo"'),
        (f"A: {{ nkey: {USER_KEY} }}", "1:17: nkey: not the public key of an account"),
        ("A: { limits: { max_conn: x } }", "1:27: max_conn: expected an integer, got a string"),
        ("A: { jetstream: perhaps }", '1:17: jetstream: expected "enabled" or "disabled"'),
        ("A: { jetstream { max_mem: '1G' } }", "1:29: max_mem: expected an integer, got a string"),
        ("A: { jetstream { cluster_traffic: x } }", "1:29: cluster_traffic: expected system or"),
        ("A: { msg_trace: 'a.*' }", "1:17: msg_trace: 'a.*' is not a subject to publish to"),
        ("A: { msg_trace { sampling: 5 } }", "1:17: msg_trace: sampling without a dest"),
        ("A: { msg_trace { dest: a, sampling: 0 } }", "1:38: sampling: 0 is not between 1 and 100"),
        ("A: { users: {} }", "1:17: users: expected a list"),
    ],
)
def test_what_is_refused(text, error):
    assert error_of(f"accounts {{ {text} }}").startswith(f"f.conf:{error}")


def test_an_account_is_there_once():
    assert error_of("accounts: [ A, A ]").startswith("f.conf:1:16: duplicate account 'A'")


# --- what has to go together -----------------------------------------------------------------

A = "accounts { A: { users: [ {user: a, password: b} ] } }"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "accounts { A: {users: [{user: a, password: b}]}, "
            "B: {users: [{user: a, password: b}]} }",
            "1:62: duplicate user 'a'",
        ),
        (
            f"authorization {{ users: [ {{user: a, password: b}} ] }}\n{A}",
            "2:26: duplicate user 'a'",
        ),
        (
            f"authorization {{ user: x, password: b }}\n{A}",
            "2:1: cannot have a single user together with users of accounts",
        ),
        (
            f"authorization {{ token: x }}\n{A}",
            "2:1: cannot have a token together with users of accounts",
        ),
        (f"no_auth_user: x\n{A}", "1:1: no_auth_user: there is no user 'x'"),
        ("no_auth_user: x", "1:1: no_auth_user: 'x' needs a list of users"),
        (
            "no_auth_user: x\nauthorization { user: x, password: y }",
            "1:1: no_auth_user: 'x' needs a list of users",
        ),
        ("\nsystem_account: S", "2:1: system_account: there is no account 'S'"),
        ("\n  system: S\naccounts: [ A ]", "2:3: system_account: there is no account 'S'"),
        (
            "system_account: A\naccounts { A: { jetstream: on } }",
            "2:1: A: JetStream cannot be on in the system account",
        ),
    ],
)
def test_contradictions(text, error):
    assert error_of(text) == f"f.conf:{error}"


def test_contradictions_are_told_all_at_once():
    lines = error_of("no_auth_user: x\nsystem_account: S\nmax_payload: 2MB, max_pending: 1MB")
    assert len(lines.splitlines()) == 3


def test_users_without_a_login():
    assert options(f"no_auth_user: a\n{A}").no_auth_user == "a"
    text = "no_auth_user: c\nauthorization { users: [ {user: c, password: d} ] }\n"
    assert options(text + A).no_auth_user == "c"
    assert options('no_auth_user: ""').no_auth_user == ""


def test_a_token_goes_with_accounts_without_users():
    assert options("authorization { token: t }, accounts: [ A ]").authorization.token == "t"


@pytest.mark.parametrize("name", ["A", "$SYS", "$G"])
def test_system_account(name):
    assert options(f"system_account: '{name}', accounts: [ A ]").system_account == name


def test_without_a_system_account_its_name_does_not_count():
    assert options("system_account: S, no_system_account: true").no_system_account
