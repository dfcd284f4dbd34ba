"""Requests to the server by way of NATS, without sockets."""

import pytest

from tests.monitor.system_node import SystemNode, asked


@pytest.mark.parametrize("kind", ["SUBSZ", "CONNZ", "JSZ", "VARZ"])
def test_an_answer_leaves_though_nobody_says_anything_more(kind: str) -> None:
    system = SystemNode()
    (answer,) = asked(system.client(), f"$SYS.REQ.SERVER.PING.{kind}")
    assert answer["server"]["name"] == "one"
    assert answer["data"]["now" if kind != "VARZ" else "start"]


def test_requests_from_the_system_account_do_not_reach_other_accounts() -> None:
    system = SystemNode()
    other = system.client("A")
    (answer,) = asked(system.client(), "$SYS.REQ.ACCOUNT.A.CONNZ")
    assert [each["cid"] for each in answer["data"]["connections"]] == [other.session.id]
    assert other.take() == b""


def test_no_answer_for_who_wants_none() -> None:
    system = SystemNode()
    client = system.client()
    for subject in ("SERVER.PING.IDZ", "SERVER.PING.VARZ", "ACCOUNT.A.CONNS", "USER.INFO"):
        assert client.say(f"PUB $SYS.REQ.{subject} 0\r\n\r\n".encode()) == b""
    assert client.say(b"PUB $SYS.DEBUG.SUBSCRIBERS 1\r\na\r\n") == b""


def test_statistics_are_published_for_who_wants_no_answer() -> None:
    system = SystemNode()
    client = system.client()
    client.say(b"SUB $SYS.SERVER.*.STATSZ 2\r\n")
    sent = client.say(b"PUB $SYS.REQ.SERVER.PING 0\r\n\r\n")
    assert sent.startswith(b"MSG $SYS.SERVER.%b.STATSZ 2 " % system.node.server_id.encode())
    assert client.say(b'PUB $SYS.REQ.SERVER.PING 15\r\n{"host":"none"}\r\n') == b""


def test_a_failure_is_told_and_logged() -> None:
    system = SystemNode()
    client = system.client()
    del system.node.slow_by_kind
    (answer,) = asked(client, "$SYS.REQ.SERVER.PING.VARZ")
    assert answer["error"]["code"] == 500
    assert answer["data"] is None
    assert any("A system request failed: AttributeError" in text for _, text in system.logged)
