"""Rules that have changed, and clients who came under the old ones."""

from dataclasses import replace

import pytest

from headwater.accounts.authenticate import authenticator_for
from headwater.broker import readmission
from headwater.broker.node import Node
from headwater.config.options import (
    AccountOptions,
    Authorization,
    Options,
    Rule,
    User,
    UserPermissions,
)
from tests.broker.fakes import Client, new_node

_VIOLATION = b"-ERR 'Authorization Violation'\r\n"


def options(*users: User, account: str = "A", **more: object) -> Options:
    return replace(Options(accounts=(AccountOptions(account, users),)), **more)


def node_with(rules: Options) -> Node:
    node = new_node()
    node.authenticator = authenticator_for(rules)
    return node


def login(node: Node, name: str, password: str = "p") -> Client:
    text = f'CONNECT {{"user":"{name}","pass":"{password}","verbose":false}}\r\n'
    return Client(node, text.encode())


def change(node: Node, rules: Options) -> None:
    node.router.begin()
    node.authenticator = authenticator_for(rules)
    readmission.readmit(node)


def test_who_is_still_the_same_stays() -> None:
    node = node_with(options(User("a", "p"), User("b", "p")))
    client = login(node, "a")
    client.say(b"SUB x 1\r\n")
    change(node, options(User("c", "q"), User("a", "p")))
    assert (client.take(), client.link.closed) == (b"", False)
    assert client.say(b"PUB x 0\r\n\r\n") == b"MSG x 1 0\r\n\r\n"


def test_a_wrong_password_is_told() -> None:
    node = node_with(options(User("a", "p")))
    client = login(node, "a")
    change(node, options(User("a", "q")))
    assert (client.take(), client.link.closed) == (_VIOLATION, True)


@pytest.mark.parametrize(
    "rules",
    [options(User("b", "p")), options(User("a", "p"), account="B")],
    ids=["no such user", "of another account"],
)
def test_somebody_else_comes_back_by_himself(rules: Options) -> None:
    node = node_with(options(User("a", "p")))
    client = login(node, "a")
    change(node, rules)
    assert (client.take(), client.link.closed) == (b"", True)
    assert client.session.reason == "Client Closed"


def test_who_has_not_said_yet_who_he_is() -> None:
    node = node_with(options(User("a", "p")))
    client = Client(node, greeting=True)
    change(node, Options())
    assert (client.take(), client.link.closed) == (_VIOLATION, True)


def test_who_came_without_credentials() -> None:
    rules = options(User("a", "p"), no_auth_user="a")
    node = node_with(rules)
    client = Client(node)
    change(node, options(User("a", "q"), no_auth_user="a"))
    assert not client.link.closed
    change(node, options(User("a", "q")))
    assert client.take() == _VIOLATION


def test_everybody_may_come_and_then_not() -> None:
    node = node_with(Options())
    client = Client(node)
    change(node, Options(authorization=Authorization(token="t")))
    assert client.take() == _VIOLATION


def test_subscriptions_are_held_to_new_permissions() -> None:
    node = node_with(options(User("a", "p")))
    client = login(node, "a")
    client.say(b"SUB a.b 1\r\nSUB a.* q 2\r\nSUB c 3\r\n")
    rule = Rule(("a.*",), ("a.b",))
    change(node, options(User("a", "p", UserPermissions(subscribe=rule))))
    assert sorted(client.take().splitlines()) == [
        b'-ERR \'Permissions Violation for Subscription to "a.b" (sid "1")\'',
        b'-ERR \'Permissions Violation for Subscription to "c" (sid "3")\'',
    ]
    assert client.say(b"PUB a.b 0\r\n\r\nPUB a.c 0\r\n\r\n") == b"MSG a.c 2 0\r\n\r\n"
    change(node, options(User("a", "p")))
    assert client.say(b"PUB a.b 0\r\n\r\n") == b"MSG a.b 2 0\r\n\r\n"


@pytest.mark.parametrize(("most", "left"), [(0, 3), (-1, 3), (5, 3), (2, 2), (1, 1)])
def test_too_many_connections(most: int, left: int) -> None:
    node = new_node()
    clients = [Client(node) for _ in range(3)]
    node.connections_max = most
    node.router.begin()
    assert readmission.close_excess(node) == 3 - left
    assert [client.link.closed for client in clients] == [False] * left + [True] * (3 - left)
    assert all(
        client.take() == b"-ERR 'maximum connections exceeded'\r\n" for client in clients[left:]
    )


def test_new_sizes() -> None:
    node = new_node()
    client = Client(node)
    node.payload_bytes_max = 3
    readmission.apply_limits(node)
    assert client.say(b"PUB a 4\r\n1234\r\n") == b"-ERR 'Maximum Payload Violation'\r\n"
