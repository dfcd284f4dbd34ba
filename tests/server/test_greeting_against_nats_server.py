"""The greeting: the same keys and values as nats-server's, whatever the configuration."""

import json
import socket
from pathlib import Path

import pytest

import headwater
from tests.support.nats_server import HOST, NatsServer

pytestmark = pytest.mark.hub

# What names the one server or the other; the values of these differ, all others are the same.
_IDENTITY = {"server_id", "server_name", "port", "go", "client_id"}
# Of nats-server only: its sources, and the key of a service that checks users.
_MISSING = {"git_commit", "xkey"}
_EXTRA = {"headwater"}
_CONFIGURATIONS = {
    "plain": "",
    "JetStream": 'jetstream { store_dir: "%s" }',
    "domain": 'jetstream { store_dir: "%s", domain: here }',
    "no headers": "no_header_support: true",
    "small payloads": "max_payload: 99",
    "user": "authorization { user: a, password: b }",
    "token": "authorization { token: x }",
    "users": "authorization { users: [ { user: a, password: b } ] }",
    "nobody may come in": "authorization { users: [ { user: a, password: b } ] }\nno_auth_user: a",
    "accounts": "accounts { A { users: [ { user: a, password: b } ] } }",
}


def _greeting(port: int) -> tuple[bytes, dict]:
    """Return the line that a new connection is sent at once, and what it says."""
    with socket.create_connection((HOST, port), timeout=10) as client:
        line = b""
        while not line.endswith(b"\r\n"):
            line += client.recv(65536)
    assert line.startswith(b"INFO {")
    assert line.endswith(b"} \r\n")
    return line, json.loads(line[5:])


def _port(server: headwater.Server) -> int:
    return int(server.client_url.rpartition(":")[2])


@pytest.mark.parametrize("name", _CONFIGURATIONS)
def test_same_greeting(nats_server_path: Path, tmp_path: Path, name: str) -> None:
    text = _CONFIGURATIONS[name]
    both = []
    for folder in (tmp_path / "ours", tmp_path / "theirs"):
        configuration = text % folder if "%s" in text else text
        both.append(f'{configuration}\nhost: "{HOST}"\nport: -1\n')
    with headwater.Server(both[0]) as server:
        _, ours = _greeting(_port(server))
    hub = NatsServer(nats_server_path, tmp_path / "nats-server", config=both[1]).start()
    try:
        _, theirs = _greeting(hub.port())
    finally:
        hub.stop()
    assert ours.keys() - _EXTRA == theirs.keys() - _MISSING
    for key in ours.keys() - _EXTRA - _IDENTITY:
        assert ours[key] == theirs[key], key


def test_who_the_server_is() -> None:
    with headwater.Server(f'server_name: tower\nhost: "{HOST}"\nport: -1\n') as server:
        _, first = _greeting(_port(server))
        _, second = _greeting(_port(server))
    assert first["server_name"] == "tower"
    assert len(first["server_id"]) == 56
    assert first["server_id"].startswith("N")
    assert second["server_id"] == first["server_id"]
    assert second["client_id"] > first["client_id"]
    with headwater.Server(f'host: "{HOST}"\nport: -1\n') as server:
        _, other = _greeting(_port(server))
    assert other["server_id"] != first["server_id"]
    assert other["server_name"] == other["server_id"]
