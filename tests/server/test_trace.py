"""Lines of a log that traces: those of nats-server, from the same bytes of the same clients."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.processes import LOCAL, ServerProcess
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

_LINE = re.compile(r"\[TRC\] 127\.0\.0\.1:\d+ - cid:(\d+)(?: - \".*?\")* - ((?:<<-|->>|<->) .*)")
_LAST = "[DELSUB last]"


def talk(port: int) -> None:
    """Say everything that leaves a line, with three clients one after the other."""
    with RawClient(port) as one:
        one.send(b'CONNECT {"verbose":false,"headers":true,"protocol":1}\r\n')
        one.flush()
        one.send(b"SUB foo 1\r\nSUB bar q 2\r\nPUB foo 5\r\nhello\r\n")
        one.send(b"PUB bar rep 0\r\n\r\npub\tfoo  3\r\na\rb\r\n")
        one.send(b"HPUB foo 23 28\r\nNATS/1.0\r\nA: b\r\nC:d\r\n\r\nhello\r\n")
        one.send(b"HPUB foo r 12 14\r\nNATS/1.0\r\n\r\n\x00\xff\r\n")
        one.send(b"UNSUB 1 9\r\nUNSUB 9\r\nUNSUB 1\r\nPONG\r\nunsub 2\r\n")
        one.send('PUB foo 12\r\né\t"q\\\x01\r\n\u2028\r\n'.encode())
        one.send(b"SUB\tx  y   7  \r\nSUB a..b 8\r\nsub a 9\r\nuNsub 9\r\nUNSUB 7\r\n")
        one.send(b"SUB foo 10\r\nUNSUB 10 2\r\n" + b"PUB foo 1\r\na\r\n" * 3)
        one.flush()
        with RawClient(port) as two:
            two.send(b'CONNECT {"verbose":true,"headers":false,"user":"u","pass":"geh\\u0065im",')
            two.send(
                b'"auth_token" : "geheim", "sig":"geheim","nkey":"geheim","proxy_sig":null}\r\n'
            )
            two.flush()
            two.send(b"SUB hh last\r\nPUB q 1\r\na\r\n")
            two.flush()
            one.send(b"HPUB hh 12 14\r\nNATS/1.0\r\n\r\nab\r\n")
            one.flush()
            two.read_until(b"ab\r\n")
            with RawClient(port) as three:
                three.connect(no_responders=True)
                three.send(b"SUB inbox 11\r\nPUB nobody inbox 2\r\nhi\r\nUNSUB 11\r\n")
                three.send(b"SUB left 12\r\nFOO bar\r\n")
                three.read_to_end()


def lines(log: str) -> list[str]:
    """Return what was traced, with the clients counted from 0."""
    clients: dict[str, int] = {}
    found = []
    for match in _LINE.finditer(log):
        number = clients.setdefault(match[1], len(clients))
        found.append(f"{number} {match[2]}")
    return found


def traced_by_us(folder: Path, config: str) -> list[str]:
    path = folder / "trace.conf"
    path.write_text(config)
    with ServerProcess(folder, *LOCAL, "-c", str(path)) as server:
        talk(server.wait_ready())
        return lines(server.wait_log(_LAST))


@pytest.mark.hub
@pytest.mark.parametrize(
    "config",
    [
        "trace: true",
        "trace_verbose: true",
        "trace: true, max_traced_msg_len: 4",
        "trace_headers: true",
        "trace_headers: true, max_traced_msg_len: 15",
        "trace: true, logtime: false",
    ],
)
def test_same_lines(config, nats_server, tmp_path):
    theirs = nats_server(config=config)
    talk(theirs.port())
    wait_until(lambda: _LAST in theirs.log(), what="the last line")
    expected = lines(theirs.log())
    assert len(expected) > 50
    assert traced_by_us(tmp_path, config) == expected


def test_no_secret_is_traced(tmp_path):
    found = "\n".join(traced_by_us(tmp_path, "trace: true"))
    assert '"auth_token" : "[REDACTED]", "sig":"[REDACTED]"' in found
    assert "geh" not in found


@pytest.mark.parametrize("flag", ["-V", "-VV", "-DV", "-DVV", "--trace"])
def test_flags(flag, tmp_path):
    with ServerProcess(tmp_path, *LOCAL, flag) as server:
        with RawClient(server.wait_ready()) as client:
            client.connect()
        server.wait_log("->> [PONG]")
        assert ("[DBG]" in server.log()) == ("D" in flag)


def test_nothing_is_traced_unless_it_is_asked_for(tmp_path):
    with ServerProcess(tmp_path, *LOCAL, "-D") as server:
        with RawClient(server.wait_ready()) as client:
            client.connect()
        assert "[TRC]" not in server.wait_log("Client connection closed")


# --- links -----------------------------------------------------------------------------------

_LINK_LINE = re.compile(r"\[TRC\] 127\.0\.0\.1:\d+ - lid:\d+(?: - \".*?\")* - ((?:<<-|->>|<->) .*)")

_LAST_OF_LINK = "[DELSUB up.*]"


def talk_over_a_link(hub: int, leaf: int, log: Callable[[], str]) -> list[str]:
    """Send messages up and down; return the lines of the leaf's ``log``, each once.

    Each only once: some of the messages are repeated until interest has got around.
    """
    with RawClient(hub) as above, RawClient(leaf) as below:
        above.connect()
        below.connect()
        above.send(b"SUB up.* 1\r\nSUB queue g 2\r\n")
        above.flush()
        below.send(b"SUB down 1\r\n")
        below.flush()
        wait_until(lambda: _arrives(below, above, b"up.x"), what="interest of the hub")
        wait_until(lambda: _arrives(above, below, b"down"), what="interest of the leaf")
        below.send(b"PUB queue reply 2\r\nhi\r\n")
        above.read_until(b"MSG queue 2 reply 2\r\nhi\r\n")
        below.send(b"HPUB up.y r 12 14\r\nNATS/1.0\r\n\r\nab\r\n")
        above.read_until(b"HMSG up.y 1 r 12 14\r\nNATS/1.0\r\n\r\nab\r\n")
        above.send(b"UNSUB 1\r\n")
        above.flush()
        wait_until(lambda: _LAST_OF_LINK in log(), what="the last line")
    found = [match[1] for match in _LINK_LINE.finditer(log().partition(_LAST_OF_LINK)[0])]
    return sorted({line for line in found if "$" not in line and not line.endswith("NG]")})


def _arrives(sender: RawClient, receiver: RawClient, subject: bytes) -> bool:
    sender.send(b"PUB %s 4\r\nping\r\n" % subject)
    sender.flush()
    return b" 4\r\nping\r\n" in receiver.flush() + receiver.received


@pytest.mark.hub
@pytest.mark.parametrize("config", ["trace: true", "trace_headers: true, max_traced_msg_len: 5"])
def test_same_lines_of_a_link(config, nats_server, tmp_path):
    hub = nats_server(config='leafnodes { listen: "127.0.0.1:-1" }')
    port = re.findall(r"leafnode connections on \S+:(\d+)", hub.log())[-1]
    remote = f'leafnodes {{ remotes: [ {{ url: "nats://127.0.0.1:{port}" }} ] }}\n{config}\n'
    theirs = nats_server(config=remote)
    expected = talk_over_a_link(hub.port(), theirs.port(), theirs.log)
    theirs.stop()
    assert len(expected) >= 9
    path = tmp_path / "leaf.conf"
    path.write_text(remote)
    with ServerProcess(tmp_path, *LOCAL, "-c", str(path)) as ours:
        assert talk_over_a_link(hub.port(), ours.wait_ready(), ours.log) == expected
