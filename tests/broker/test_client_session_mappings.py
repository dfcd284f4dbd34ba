"""Clients of an account with mappings, without sockets; tests/server compares with nats-server."""

import pytest

from headwater.accounts.permissions import Permissions, Rules
from headwater.broker.node import Node
from headwater.subjects.mapping import SubjectMappings, compile_mapping
from tests.broker.fakes import Client, new_node

_CONNECT = b'CONNECT {"verbose":%s,"pedantic":%s,"headers":true,"no_responders":true}\r\n'


def mapped_node(*given: tuple[bytes, bytes, int]) -> Node:
    node = new_node()
    node.accounts.globals.mappings = SubjectMappings(
        [compile_mapping(source, [(to, weight, b"")]) for source, to, weight in given],
        node.router.random_below,
    )
    return node


@pytest.fixture
def node() -> Node:
    return mapped_node(
        (b"a", b"b", 100),
        (b"foo.*", b"bar.$1", 100),
        (b"gone", b"gone", 0),
        (b"raft", b"$NRG.x", 100),
    )


@pytest.fixture
def client(node: Node) -> Client:
    return Client(node, _CONNECT % (b"false", b"false"))


def test_each_message_of_one_read_has_its_own_subject(client: Client) -> None:
    client.say(b"SUB > 1\r\n")
    assert client.say(
        b"PUB a 1\r\n1\r\nPUB foo.x re 1\r\n2\r\nPUB c 1\r\n3\r\nPUB gone 1\r\n4\r\n"
        b"HPUB a re 12 13\r\nNATS/1.0\r\n\r\n5\r\nPUB foo.x 1\r\n6\r\nPUB d re 1\r\n7\r\n"
    ) == (
        b"MSG b 1 1\r\n1\r\nMSG bar.x 1 re 1\r\n2\r\nMSG c 1 1\r\n3\r\n"
        b"HMSG b 1 re 12 13\r\nNATS/1.0\r\n\r\n5\r\nMSG bar.x 1 1\r\n6\r\nMSG d 1 re 1\r\n7\r\n"
    )


def test_what_is_refused_leaves_the_next_message_alone(client: Client) -> None:
    client.say(b"SUB > 1\r\n")
    received = client.say(b"PUB raft 1\r\nx\r\nPUB c re 1\r\ny\r\n")
    assert received == (
        b"-ERR 'Permissions Violation for Publish to \"$NRG.x\"'\r\nMSG c 1 re 1\r\ny\r\n"
    )


def test_permissions_are_those_of_where_it_goes(node: Node, client: Client) -> None:
    client.session.permissions = Permissions(Rules([b"a", b"bar.*"]), Rules())
    client.say(b"SUB > 1\r\n")
    denied = b"-ERR 'Permissions Violation for Publish to \"%s\"'\r\n"
    assert client.say(b"PUB a 1\r\nx\r\n") == denied % b"b"
    assert client.say(b"PUB foo.1 1\r\nx\r\n") == b"MSG bar.1 1 1\r\nx\r\n"
    assert client.say(b"PUB c 1\r\nx\r\n") == denied % b"c"
    assert client.say(b"PUB gone 1\r\nx\r\n") == denied % b""


def test_nobody_answers(client: Client) -> None:
    client.say(b"SUB i 1\r\n")
    said = b"HMSG i 1 %d %d\r\nNATS/1.0 503\r\nNats-Subject: %s\r\n\r\n\r\n"
    assert client.say(b"PUB a i 0\r\n\r\n") == said % (33, 33, b"b")
    assert client.say(b"PUB gone i 0\r\n\r\n") == said % (32, 32, b"")
    assert client.say(b"PUB gone 0\r\n\r\n") == b""


def test_verbose_and_pedantic(node: Node) -> None:
    client = Client(node, _CONNECT % (b"true", b"true"))
    client.say(b"SUB > 1\r\n")
    assert client.say(b"PUB gone 0\r\n\r\n") == b"+OK\r\n"
    assert client.say(b"PUB a 0\r\n\r\n") == b"+OK\r\nMSG b 1 0\r\n\r\n"
    assert client.say(b"PUB foo.* 0\r\n\r\n") == (
        b"-ERR 'Invalid Publish Subject'\r\n+OK\r\nMSG bar.* 1 0\r\n\r\n"
    )


def test_an_account_without_mappings_maps_nothing() -> None:
    client = Client(new_node())
    client.say(b"SUB > 1\r\n")
    assert client.session.account.mappings is None
    assert client.say(b"PUB a 1\r\nx\r\n") == b"MSG a 1 1\r\nx\r\n"
