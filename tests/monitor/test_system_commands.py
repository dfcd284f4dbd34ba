"""Commands to the server by way of NATS."""

import json

import pytest

from tests.monitor.system_node import SystemNode, asked


def test_kick() -> None:
    system = SystemNode()
    client, target = system.client(), system.client("A")
    (answer,) = asked(client, "$SYS.REQ.SERVER.<id>.KICK", f'{{"cid":{target.session.id}}}')
    assert list(answer) == ["server"]
    assert target.take() == b""
    assert target.link.closed
    assert target.session.reason == "Kicked"


@pytest.mark.parametrize("protocol", [0, 1])
def test_moving_one_client(protocol: int) -> None:
    system = SystemNode()
    client, target = system.client(), system.client("A")
    target.say(b'CONNECT {"verbose":false,"protocol":%d}\r\nPING\r\n' % protocol)
    (answer,) = asked(client, "$SYS.REQ.SERVER.<id>.LDM", f'{{"cid":{target.session.id}}}')
    assert ("error" in answer) == (protocol == 0)
    sent = target.take()
    if protocol:
        assert json.loads(sent.removeprefix(b"INFO "))["ldm"] is True
    else:
        assert sent == b""
        assert "does not support Lame Duck Mode" in answer["error"]["description"]
    assert target.session.open


@pytest.mark.parametrize("command", ["KICK", "LDM"])
def test_a_target_that_cannot_be_read_is_logged(command: str) -> None:
    system = SystemNode()
    assert asked(system.client(), f"$SYS.REQ.SERVER.<id>.{command}", "{") == []
    assert [level for level, text in system.logged if "cannot be read" in text] == ["ERR"]


def test_reload() -> None:
    system = SystemNode()
    client = system.client()
    (answer,) = asked(client, "$SYS.REQ.SERVER.<id>.RELOAD")
    assert list(answer) == ["server"]
    assert system.reloads == 1
    system.problem = "no such file"
    (answer,) = asked(client, "$SYS.REQ.SERVER.<id>.RELOAD", '{"server_name":"one"}')
    assert list(answer) == ["server", "error"]
    assert answer["error"] == {"code": 500, "description": "no such file"}
    assert asked(client, "$SYS.REQ.SERVER.<id>.RELOAD", '{"server_name":"two"}') == []
    assert system.reloads == 2
