"""What is kept of closed connections, and how much."""

import pytest

from headwater.base.clock import SECOND
from headwater.broker import closed
from headwater.broker.closed import ClosedConnections
from tests.broker.fakes import Client, new_node


def test_a_connection_as_it_was() -> None:
    node = new_node()
    client = Client(node, b'CONNECT {"verbose":false,"name":"n","lang":"l","version":"v"}\r\n')
    client.say(b"SUB a q 1\r\nUNSUB 1 5\r\nPUB a 2\r\nhi\r\nPUB b 1\r\nx\r\n")
    node.clock.advance(SECOND)
    client.leave()
    (found,) = node.closed
    session = client.session
    for name in ("id", "address", "port", "kind", "start_ns", "last_used_ns", "reason", "in_bytes"):
        assert getattr(found, name) == getattr(session, name), name
    assert (found.in_msgs, found.in_bytes, found.out_msgs, found.out_bytes) == (2, 3, 1, 2)
    assert (found.name, found.lang, found.version, found.user_name) == ("n", "l", "v", "")
    assert found.account_name == b"$G"
    assert found.stop_ns - found.start_ns == SECOND
    assert found.subscription_count == 1
    assert found.subscriptions == ((b"a", b"q", b"1", 1, 5),)
    assert session.subscriptions == {}


def test_the_last_ones_are_kept() -> None:
    node = new_node()
    node.closed = ClosedConnections(3)
    for _ in range(5):
        Client(node).leave()
    assert [found.id for found in node.closed] == [3, 4, 5]
    assert len(node.closed) == 3


@pytest.mark.parametrize("count_max", [0, -1])
def test_none_are_kept(count_max: int) -> None:
    node = new_node()
    node.closed = ClosedConnections(count_max)
    Client(node).leave()
    assert len(node.closed) == 0


def test_of_many_subscriptions_only_the_number_is_kept() -> None:
    node = new_node()
    for count in (64, 65):
        client = Client(node)
        client.say(b"".join(b"SUB a.%d %d\r\n" % (n, n) for n in range(count)))
        client.leave()
    few, many = node.closed
    assert (few.subscription_count, len(few.subscriptions)) == (64, 64)
    assert (many.subscription_count, len(many.subscriptions)) == (65, 0)


def test_what_clients_say_of_themselves_does_not_fill_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(closed, "_TEXT_BYTES_MAX", 10_000)
    node = new_node()
    for number in range(30):
        client = Client(node, b'CONNECT {"verbose":false,"name":"%b"}\r\n' % (b"x" * 900))
        client.say(b"SUB %b %d\r\n" % (b"y" * 99, number % 10))
        client.leave()
    assert len(node.closed) == 10
    assert [found.id for found in node.closed] == list(range(21, 31))


def test_traffic_of_closed_connections_stays_with_the_account() -> None:
    node = new_node()
    past = node.accounts.globals.past_clients
    client = Client(node)
    client.say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    assert past.in_msgs == 0
    client.leave()
    assert (past.in_msgs, past.in_bytes, past.out_msgs, past.out_bytes) == (1, 2, 1, 2)
