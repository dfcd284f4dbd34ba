"""The life of a client, without sockets; what it says on the wire is compared in tests/server."""

import json

import pytest

from headwater.accounts.authenticate import AuthenticatedUser, Authenticator, authenticator_for
from headwater.accounts.permissions import Permissions, Rules
from headwater.base.clock import MINUTE, SECOND
from headwater.broker.client_session import ClientSession
from headwater.config.options import AccountOptions, Options, User
from tests.broker.fakes import Client, new_node


class Doorman(Authenticator):
    """Lets in who says the name of one of the users."""

    required = checks = True

    def __init__(self, **users: Permissions | None) -> None:
        self._users = users

    def check(self, connect, claimant):
        if connect.user not in self._users:
            return None
        return AuthenticatedUser(connect.user, self._users[connect.user])


def _pass(node, duration_ns: int) -> None:
    node.clock.advance(duration_ns)
    node.timers.run_due()


def test_greeting_names_the_server_and_the_client() -> None:
    node = new_node()
    node.own_version = "9.9"
    client = Client(node, greeting=True)
    assert client.greeting.endswith(b"} \r\n")
    info = json.loads(client.greeting.removeprefix(b"INFO "))
    assert info["server_id"] == node.server_id
    assert info["client_id"] == client.session.id
    assert info["client_ip"] == "127.0.0.1"
    assert info["headwater"] == "9.9"
    assert "auth_required" not in info
    assert Client(node, greeting=True).session.id == client.session.id + 1


def test_the_rest_of_an_operation_is_awaited() -> None:
    client = Client(new_node())
    assert client.say(b"SUB a 1\r\nPUB a 5\r\nhel") == b""
    assert client.say(b"lo\r\nPI") == b"MSG a 1 5\r\nhello\r\n"
    assert client.say(b"NG\r\n") == b"PONG\r\n"


def test_subscriptions_go_with_their_client() -> None:
    node = new_node()
    client = Client(node)
    client.say(b"SUB a 1\r\nSUB b.* g 2\r\n")
    assert node.accounts.globals.interest.count == 2
    assert node.accounts.globals.sessions == 1
    client.leave()
    assert node.accounts.globals.interest.count == 0
    assert node.accounts.globals.sessions == 0
    assert node.sessions == {}
    assert client.session.reason == "Client Closed"


def test_a_second_connect_begins_anew() -> None:
    client = Client(new_node(), b'CONNECT {"verbose":false,"echo":false,"protocol":1}\r\n')
    client.say(b"SUB a 1\r\nSUB a g 2\r\n")
    assert client.say(b"CONNECT {}\r\n") == b""
    assert client.session.subscriptions == {}
    assert client.session.account.interest.count == 0
    assert not client.session.echo
    assert client.say(b"PING\r\n").count(b"INFO") == 1
    assert client.say(b"CONNECT {}\r\nPING\r\n") == b"PONG\r\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"SUB b..c 1\r\n", b""),  # the sid is taken, so that nothing else matters
        (b"SUB b..c 2\r\n", b"-ERR 'Invalid Subject'\r\n"),
        (b"SUB b\x0cc 2\r\n", b""),
        (b"SUB a..b _sys_ 1\r\n", b"Violation"),
        (b"INFO {}\r\n", b""),
        (b"HPUB a 0 0\r\n\r\n", b""),
    ],
)
def test_what_is_looked_at_first(line: bytes, answer: bytes) -> None:
    client = Client(new_node())
    client.say(b"SUB b 1\r\n")
    said = client.say(line)
    assert answer in said if answer else said == b""
    assert not client.link.closed


@pytest.mark.parametrize("line", [b"INFO x\r\n", b"SUB \r\n", b"UNSUB \r\n", b"UNSUB 1 2 3\r\n"])
def test_closed_without_a_word(line: bytes) -> None:
    client = Client(new_node())
    assert client.say(line) == b""
    assert client.link.closed


def test_nothing_is_parsed_behind_an_error() -> None:
    node = new_node()
    client = Client(node)
    assert client.say(b"FOO\r\nSUB a 1\r\n") == b"-ERR 'Unknown Protocol Operation'\r\n"
    assert client.link.closed
    assert client.session.reason == "Protocol Violation"
    assert node.accounts.globals.interest.count == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"PUB a 9999999\r\n", "Maximum Message Payload Exceeded"),
        (b"PUB " + b"a" * 5000 + b" 1\r\n", "Maximum Control Line Exceeded"),
        (b"SUB a\r\n", "Protocol Violation"),
        (b"CONNECT {\r\n", "Protocol Violation"),
        (b'CONNECT {"protocol":9}\r\n', "Bad Client Protocol Version"),
        (b'CONNECT {"no_responders":true,"headers":false}\r\n', "No Responders Requires Headers"),
        (b"-ERR 'x'\r\n", "Parse Error"),
    ],
)
def test_reason_of_a_close(line: bytes, reason: str) -> None:
    client = Client(new_node())
    client.say(line)
    assert client.link.closed
    assert client.session.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Client Closed"),
        ("[Errno 104] Connection reset by peer", "Read Error"),
        ("Slow Consumer (Write Deadline)", "Slow Consumer (Write Deadline)"),
    ],
)
def test_reason_of_a_connection_that_was_lost(text: str, reason: str) -> None:
    client = Client(new_node())
    client.session.closed(text)
    assert client.session.reason == reason


def test_a_reason_of_ours_comes_first() -> None:
    client = Client(new_node())
    client.session.fail("Server Shutdown")
    client.session.closed("[Errno 104] Connection reset by peer")
    assert client.session.reason == "Server Shutdown"


def test_limit_of_deliveries_counts_earlier_ones() -> None:
    client = Client(new_node())
    client.say(b"SUB a 1\r\nPUB a 1\r\n1\r\n")
    assert client.say(b"UNSUB 1 2\r\n" + b"PUB a 1\r\nx\r\n" * 3).count(b"MSG") == 1
    assert client.session.subscriptions == {}


def test_no_answer_counts_towards_no_limit() -> None:
    client = Client(
        new_node(), b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'
    )
    client.say(b"SUB inbox 1\r\nUNSUB 1 1\r\n")
    assert b"503" in client.say(b"PUB nobody inbox 0\r\n\r\n")
    assert client.say(b"PUB inbox 1\r\nx\r\n").startswith(b"MSG inbox 1 1\r\n")


def test_full_server_greets_and_turns_away() -> None:
    node = new_node()
    node.connections_max = 1
    first = Client(node)
    second = Client(node, greeting=True)
    assert second.greeting.startswith(b"INFO ")
    assert second.greeting.endswith(b"-ERR 'maximum connections exceeded'\r\n")
    assert second.link.closed
    second.leave()
    assert list(node.sessions) == [first.session.id]
    assert node.total_connections == 1
    first.leave()
    assert not Client(node).link.closed


def _until_first_ping(client: Client) -> None:
    """Go to where the client has been sent its first PING, whatever else there was."""
    node = client.session.node
    _pass(node, node.first_ping_ns * 6 // 5)
    assert client.take().endswith(b"PING\r\n")


def test_pings_until_the_peer_is_stale() -> None:
    node = new_node()
    client = Client(node)
    _until_first_ping(client)
    client.say(b"PONG\r\n")
    assert client.session.rtt_ns > 0
    for _ in range(node.pings_out_max):
        _pass(node, node.ping_interval_ns)
        assert client.take() == b"PING\r\n"
    _pass(node, node.ping_interval_ns)
    assert client.take() == b"-ERR 'Stale Connection'\r\n"
    assert client.link.closed
    assert node.router.stale_connections == 1


def test_clients_are_not_asked_all_at_once() -> None:
    node = new_node()
    clients = [Client(node) for _ in range(100)]
    asked = []
    for _ in range(13):
        asked.append(sum(client.take() == b"PING\r\n" for client in clients))
        _pass(node, node.first_ping_ns // 10)
    assert asked[:10] == [0] * 10
    assert sum(asked) == 100
    assert min(asked[11:]) > 20


def test_who_answers_is_asked_every_time() -> None:
    node = new_node()
    client = Client(node)
    _until_first_ping(client)
    for _ in range(5):
        client.session.node.clock.advance(1000)
        client.say(b"PONG\r\n")
        _pass(node, node.ping_interval_ns)
        assert client.take() == b"PING\r\n"


@pytest.mark.parametrize("answer", [b"PONG\r\n", b""])
def test_no_ping_while_the_peer_talks(answer: bytes) -> None:
    node = new_node()
    client = Client(node)
    _until_first_ping(client)
    client.say(answer)
    for _ in range(5):
        client.session.node.clock.advance(node.ping_interval_ns - SECOND)
        client.say(b"PUB a 0\r\n\r\n")
        _pass(node, SECOND)
        assert client.take() == b""


def test_a_closed_client_leaves_no_timer() -> None:
    node = new_node()
    Client(node).leave()
    assert node.timers.next_deadline() is None


@pytest.mark.parametrize("doorman", [True, False])
def test_time_begins_when_the_handshake_is_done(doorman: bool) -> None:
    node = new_node()
    node.tls_required = True
    if doorman:
        node.authenticator = Doorman(u=None)
    client = Client(node, greeting=True)
    _pass(node, node.first_ping_ns * 2)
    assert client.take() == b""
    client.session.secured("1.3")
    if doorman:
        _pass(node, node.auth_timeout_ns - 1)
        assert client.take() == b""
        _pass(node, 1)
        assert client.take() == b"-ERR 'Authentication Timeout'\r\n"
    else:
        _until_first_ping(client)


def test_time_to_log_in() -> None:
    node = new_node()
    node.authenticator = Doorman(u=None)
    late, early = Client(node, greeting=True), Client(node, greeting=True)
    assert early.say(b'CONNECT {"user":"u","verbose":false}\r\nPING\r\n') == b"PONG\r\n"
    _pass(node, node.auth_timeout_ns)
    assert late.take() == b"-ERR 'Authentication Timeout'\r\n"
    assert late.link.closed
    assert not early.link.closed
    assert early.session.user_name == "u"


@pytest.mark.parametrize(
    "first",
    [b"PING\r\n", b"P", b"SUB a 1\r\n", b"PUB a 100\r\nx", b"FOO\r\n", b"INFO {}\r\n", b"\r"],
)
def test_nothing_but_connect_comes_first(first: bytes) -> None:
    node = new_node()
    node.authenticator = Doorman(u=None)
    client = Client(node, greeting=True)
    assert client.say(first) == b"-ERR 'Authorization Violation'\r\n"
    assert client.link.closed
    assert client.session.reason == "Authentication Failure"


def test_somebody_may_speak_without_connect_where_nobody_is_a_user() -> None:
    node = new_node()
    accounts = (AccountOptions("A", users=(User("ann", "a"),)),)
    node.authenticator = authenticator_for(Options(accounts=accounts, no_auth_user="ann"))
    client = Client(node, greeting=True)
    assert b"auth_required" not in client.greeting
    client.say(b"SUB a 1\r\nPUB a 1\r\nx\r\n")
    assert client.session.user_name == "ann"
    assert client.session.account.name == b"A"
    assert client.say(b'CONNECT {"protocol":1}\r\n') == b"+OK\r\n"
    assert client.session.subscriptions == {}
    assert b'"auth_required":true' in client.say(b"PING\r\n")
    other = Client(node, b'CONNECT {"user":"bob","verbose":false}\r\n')
    assert other.link.closed


def test_a_second_connect_may_lead_into_another_account() -> None:
    node = new_node()
    accounts = (
        AccountOptions("A", users=(User("ann", "a"),)),
        AccountOptions("B", users=(User("bob", "b"),)),
    )
    node.authenticator = authenticator_for(Options(accounts=accounts))
    client = Client(node, b'CONNECT {"user":"ann","pass":"a","verbose":false}\r\n')
    client.say(b"SUB a 1\r\n")
    assert client.say(b'CONNECT {"user":"bob","pass":"b"}\r\n') == b""
    assert client.session.account.name == b"B"
    assert node.accounts.get(b"A").interest.count == 0
    assert node.accounts.get(b"A").sessions == 0


def test_users_of_different_accounts_do_not_meet() -> None:
    node = new_node()
    accounts = (
        AccountOptions("A", users=(User("ann", "a"),)),
        AccountOptions("B", users=(User("bob", "b"),)),
    )
    node.authenticator = authenticator_for(Options(accounts=accounts))
    clients = {
        name: Client(
            node, b'CONNECT {"user":"%b","pass":"%b","verbose":false}\r\n' % (name, secret)
        )
        for name, secret in ((b"ann", b"a"), (b"bob", b"b"))
    }
    clients[b"ann"].say(b"SUB > 1\r\n")
    clients[b"bob"].say(b"SUB > 1\r\n")
    assert clients[b"bob"].say(b"PUB x 1\r\ny\r\n") == b"MSG x 1 1\r\ny\r\n"
    assert clients[b"ann"].take() == b""
    counts = {account.name: account.sessions for account in node.accounts}
    assert (counts[b"A"], counts[b"B"], counts[b"$G"]) == (1, 1, 0)
    clients[b"ann"].leave()
    assert node.accounts.get(b"A").sessions == 0


def test_refused_client_publishes_nothing() -> None:
    node = new_node()
    subscriber = Client(node)
    subscriber.say(b"SUB a 1\r\n")
    node.authenticator = Doorman(u=None)
    client = Client(node, greeting=True)
    client.say(b'CONNECT {"user":"v"}\r\nPUB a 1\r\nx\r\n')
    assert subscriber.take() == b""
    assert client.link.closed


def test_permissions_filter_what_a_wildcard_receives() -> None:
    node = new_node()
    rules = Rules(None, [b"secret.>"])
    node.authenticator = Doorman(u=Permissions(Rules(), rules), all=None)
    client = Client(node, b'CONNECT {"user":"u","verbose":false}\r\n')
    assert client.say(b"SUB > 1\r\n") == b""
    assert b"Permissions Violation" in client.say(b"SUB secret.x 2\r\n")
    publisher = Client(node, b'CONNECT {"user":"all","verbose":false}\r\n')
    publisher.say(b"PUB secret.x 1\r\nx\r\nPUB open 1\r\nx\r\n")
    assert client.take() == b"MSG open 1 1\r\nx\r\n"


def test_subscription_limit() -> None:
    node = new_node()
    node.subscriptions_max = 1
    client = Client(node)
    assert client.say(b"SUB a 1\r\nSUB b 2\r\n") == b"-ERR 'maximum subscriptions exceeded'\r\n"
    assert client.say(b"UNSUB 1\r\nSUB b 2\r\n") == b""


def test_counters_of_a_session() -> None:
    client = Client(new_node())
    client.say(b"SUB a 1\r\nPUB a 3\r\nabc\r\nPUB b 4\r\nabcd\r\n")
    session = client.session
    assert (session.in_msgs, session.in_bytes) == (2, 7)
    assert (session.out_msgs, session.out_bytes) == (1, 3)


def test_secrets_stay_out_of_the_log() -> None:
    logged: list[tuple[str, str]] = []
    node = new_node(logged=logged)
    node.authenticator = Doorman(u=None)
    client = Client(node, greeting=True)
    client.say(b'CONNECT {"user":"v","pass":"s3cret","auth_token":"t0ken"}\r\n')
    client.leave()
    text = " ".join(text for _, text in logged)
    assert "authentication error" in text
    assert "s3cret" not in text
    assert "t0ken" not in text


def test_quiet_time_is_counted_from_the_last_bytes() -> None:
    node = new_node()
    client = Client(node)
    node.clock.advance(MINUTE)
    client.say(b"PUB a 0\r\n\r\n")
    assert client.session.last_active_ns == node.clock.now()


@pytest.mark.parametrize(
    ("connect", "label"),
    [
        (b"{}", ""),
        (b'{"name":"nm"}', ' - "nm"'),
        (b'{"lang":"py"}', ' - "py"'),
        (b'{"version":"1.2"}', ' - "v1.2"'),
        (b'{"name":"nm","lang":"py","version":"1.2"}', ' - "v1.2:py:nm"'),
        (b'{"name":"q\\"x\\n","lang":"l"}', ' - "l:q\\"x\\n"'),
        (b'{"user":"alice","pass":"s3cret","name":"nm"}', ' - "nm" - "$G/user:alice"'),
        (b'{"nkey":"UABC"}', ' - "$G/nkey:UABC"'),
        (b'{"auth_token":"s3cret"}', ' - "$G/token"'),
    ],
)
def test_how_the_log_names_a_client(connect: bytes, label: str) -> None:
    client = Client(new_node(), b"CONNECT " + connect + b"\r\n")
    assert client.session.label() == f"127.0.0.1:4000 - cid:1{label}"


def test_the_log_does_not_believe_who_is_not_let_in() -> None:
    node = new_node()
    node.authenticator = Doorman(u=None)
    client = Client(node, b'CONNECT {"user":"x","name":"nm"}\r\n')
    assert client.session.label() == "127.0.0.1:4000 - cid:1"


def test_a_client_that_ends_before_it_is_greeted() -> None:
    node = new_node()
    session = ClientSession(node)
    session.insecure("EOF")
    session.closed("TLS Handshake Failure")
    (found,) = node.closed
    assert (found.id, found.reason) == (1, "TLS Handshake Failure")
    assert node.accounts.globals.sessions == 0


def test_subjects_with_too_many_tokens_are_not_subscribed_to() -> None:
    logged: list[tuple[str, str]] = []
    node = new_node(logged=logged)
    node.subscription_tokens_max = 3
    client = Client(node)
    assert client.say(b"SUB a.b.c 1\r\n") == b""
    for subject in (b"a.b.c.d", b"a.*.c.>", b"a..b.c"):
        assert client.say(b"SUB %s q 2\r\n" % subject) == (
            b"-ERR 'Permissions Violation for Subscription to \"%s\", too many tokens'\r\n"
            % subject
        )
    assert list(client.session.subscriptions) == [b"1"]
    text = 'Subscription Violation Too Many Tokens - Subject "a.b.c.d", SID 2'
    assert any(line.endswith(text) for _, line in logged)
    assert client.session.open
