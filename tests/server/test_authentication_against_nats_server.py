"""Who is let in, as whom, and what is said and logged about it: as by the real nats-server."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.server.processes import OURS, ServerProcess
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.hub

_LOCAL = 'host: 127.0.0.1\nport: -1\nhttp: "127.0.0.1:-1"\nserver_name: same\n'
_SYSTEM = "$SYS { users: [ {user: s, password: p} ] }"
_CONFIGS = {
    "nothing": "",
    "only the system account": f"accounts {{ {_SYSTEM} }}",
    "only the system account, without users": "accounts { $SYS {} }",
    "only the system account, by another name": (
        "system_account: S\naccounts { S { users: [ {user: s, password: p} ] } }"
    ),
    "another account without users": f"accounts {{ {_SYSTEM}\n A {{}} }}",
    "only another account without users": "accounts { A {} }",
    "another account": f"accounts {{ {_SYSTEM}\n A {{ users: [ {{user: a, password: p}} ] }} }}",
    "users as well": (
        f"authorization {{ users: [ {{user: a, password: p}} ] }}\naccounts {{ {_SYSTEM} }}"
    ),
    "a block that says nothing": f"authorization {{ timeout: 1 }}\naccounts {{ {_SYSTEM} }}",
    "a user for nobody": f"no_auth_user: s\naccounts {{ {_SYSTEM} }}",
    "a token": "authorization { token: t }",
    "a single user": "authorization { user: a, password: p }",
}
# What a client says of itself; None: it does not even say CONNECT.
_CLAIMS: tuple[dict[str, str] | None, ...] = (
    {},
    {"user": "s", "pass": "p"},
    {"user": "s", "pass": "q"},
    {"user": "a", "pass": "p", "name": "n", "lang": "l", "version": "1"},
    {"user": "s"},
    {"pass": "p"},
    {"auth_token": "t"},
    {"auth_token": "u"},
    {"nkey": "UABC"},
    {"jwt": "x"},
    None,
)
_NUMBERS = re.compile(r"\[\d+\] \S+ \S+ |:\d{4,5}|cid:\d+|nats-\w{8}")

Twin = tuple[ServerProcess, ServerProcess]


@pytest.fixture
def start(tmp_path: Path, nats_server_path: Path) -> Iterator[Callable[[str], Twin]]:
    """Start our server and theirs, with the same configuration."""
    with ExitStack() as running:

        def both(config: str) -> Twin:
            found = []
            for name, command in (("ours", OURS), ("theirs", (str(nats_server_path),))):
                folder = tmp_path / name
                folder.mkdir()
                path = folder / "server.conf"
                path.write_text(_LOCAL + config + "\n")
                server = ServerProcess(folder, "-D", "-c", str(path), command=command)
                found.append(running.enter_context(server))
            return found[0], found[1]

        yield both


def _varz(server: ServerProcess) -> dict[str, Any]:
    port = re.search(r"http monitor on 127\.0\.0\.1:(\d+)", server.log())
    assert port is not None
    with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/varz") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _admission(port: int, claim: dict[str, str] | None) -> list[Any]:
    """Return what a client is told: by INFO at first, by INFO later, and who it is."""
    with RawClient(port) as client:
        told: list[Any] = [client.info.get("auth_required")]
        if claim is not None:
            fields = {"verbose": False, "protocol": 1, **claim}
            client.send(b"CONNECT " + json.dumps(fields).encode() + b"\r\n")
        client.send(b"PING\r\n")
        line = client.read_line()
        if line != b"PONG\r\n":
            return [*told, line.decode(), client.read_to_end().decode()]
        found = re.search(rb"INFO (.*)\r\n", client.flush())
        if found is not None:
            info = json.loads(found[1])
            told += [info.get(name) for name in ("auth_required", "remote_account")]
        client.send(b"SUB inbox 1\r\nPUB $SYS.REQ.USER.INFO inbox 0\r\n\r\n")
        client.read_match(rb"MSG inbox 1 .*\r\n")
        told.append(json.loads(client.read_line())["data"])
    return list(json.loads(_NUMBERS.sub("", json.dumps(told))))


def _lines(server: ServerProcess, before: int, count: int) -> list[str]:
    """Return the lines about clients that the log has got, once ``count`` of them are gone."""
    log = server.wait_log("Client connection closed", count)[before:]
    lines = [_NUMBERS.sub("", line) for line in log.splitlines() if "cid:" in line]
    # Both write of a client that leaves when they notice, which may be after the next one's coming.
    return sorted(lines)


@pytest.mark.parametrize("name", _CONFIGS)
def test_who_is_let_in_and_what_is_said_of_it(start: Callable[[str], Twin], name: str) -> None:
    told, lines, shown = [], [], []
    for server in start(_CONFIGS[name]):
        port = server.wait_ready()
        before = len(server.log())
        told.append([_admission(port, claim) for claim in _CLAIMS])
        lines.append(_lines(server, before, len(_CLAIMS)))
        varz = _varz(server)
        shown.append([varz.get(field) for field in ("auth_required", "auth_timeout")])
    for claim, ours, theirs in zip(_CLAIMS, *told, strict=True):
        assert (claim, ours) == (claim, theirs)
    assert shown[0] == shown[1]
    assert lines[0] == lines[1]


def test_who_takes_too_long(start: Callable[[str], Twin]) -> None:
    lines = []
    for server in start("authorization { user: a, password: p, timeout: 0.3 }"):
        port = server.wait_ready()
        before = len(server.log())
        with RawClient(port) as client:
            assert client.read_to_end() == b"-ERR 'Authentication Timeout'\r\n"
        lines.append(_lines(server, before, 1))
    assert lines[0] == lines[1]


def test_a_client_has_its_number_before_tls_is_on(
    start: Callable[[str], Twin], certificates: Any
) -> None:
    files = f'cert_file: "{certificates.cert_file}", key_file: "{certificates.key_file}"'
    for server in start(f"tls {{ {files}, handshake_first: true }}"):
        with RawClient(server.wait_ready(), greeting=False) as client:
            client.send(b"CONNECT {}\r\nPING\r\n")
            client.read_to_end()
        log = server.wait_log("TLS handshake error")
        assert re.search(r"cid:[1-9]\d* - TLS handshake error", log)
