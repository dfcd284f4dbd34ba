"""Clients that come through a proxy: who they are taken for, and which headers are refused."""

import struct
from typing import Any

import pytest

from tests.server.test_tls_against_nats_server import Caller
from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

_CONFIG = 'http: "127.0.0.1:-1"\nproxy_protocol: true\n'
_CONNECT = b'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n'
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_TCP4, _UDP4, _TCP6, _UNIX = 0x11, 0x12, 0x21, 0x31
_LOCAL, _PROXY = 0x20, 0x21


def _v2(command: int, family: int, body: bytes) -> bytes:
    return _SIGNATURE + struct.pack(">BBH", command, family, len(body)) + body


_IPV4 = bytes([1, 2, 3, 4, 5, 6, 7, 8]) + struct.pack(">HH", 1111, 2222)
_IPV6 = bytes(15) + b"\1" + bytes(15) + b"\2" + struct.pack(">HH", 3333, 4)

_TAKEN = {
    "TCP4": b"PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n",
    "TCP6": b"PROXY TCP6 ::1 ::2 1111 2222\r\n",
    "UNKNOWN": b"PROXY UNKNOWN\r\n",
    "UNKNOWN with more": b"PROXY UNKNOWN a b c d\r\n",
    "IPv4": _v2(_PROXY, _TCP4, _IPV4),
    "IPv6": _v2(_PROXY, _TCP6, _IPV6),
    "with an extension": _v2(_PROXY, _TCP4, _IPV4 + b"\4\0\1x"),
    "LOCAL": _v2(_LOCAL, 0, b""),
    "LOCAL with an address": _v2(_LOCAL, _TCP4, _IPV4),
    "no header": b"",
}
_REFUSED = {
    "unspecified": _v2(_PROXY, 0, b""),
    "UDP": _v2(_PROXY, _UDP4, _IPV4),
    "UNIX": _v2(_PROXY, _UNIX, bytes(216)),
    "bad address": b"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
    "bad port": b"PROXY TCP4 1.2.3.4 5.6.7.8 99999 2\r\n",
    "UDP4": b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "too long": b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
    "wrong kind": b"PROXY TCP4 ::1 5.6.7.8 1 2\r\n",
    "too short": _v2(_PROXY, _TCP4, _IPV4[:8]),
    "version": _v2(0x31, _TCP4, _IPV4),
    "command": _v2(0x22, _TCP4, _IPV4),
    "family": _v2(_PROXY, 0x91, _IPV4),
}


@pytest.fixture(scope="module")
def twins(nats_server_path, tmp_path_factory):
    with Twins(nats_server_path, tmp_path_factory.mktemp("proxy"), _CONFIG) as both:
        yield both


@pytest.mark.parametrize("name", _TAKEN)
def test_who_a_client_is_taken_for(twins, name):
    def play(twin: Twin) -> list[Any]:
        with RawClient(twin.port) as client:
            client.send(_TAKEN[name] + _CONNECT)
            client.expect(b"PONG\r\n")
            first, client.info = client.info, {}
            later = client.read_info()
            entry = twin.ask(f"connz?cid={first['client_id']}")["connections"][0]
            own = client.socket.getsockname()
            port = "own" if entry["port"] == own[1] else entry["port"]
            return [first.get("client_ip"), later["client_ip"], entry["ip"], port]

    ours, theirs = twins.each(play)
    assert ours == theirs


@pytest.mark.parametrize("name", _REFUSED)
def test_headers_that_are_refused(twins, name):
    def play(twin: Twin) -> tuple[bytes, str]:
        warned = twin.process.log().count("Error reading PROXY protocol header")
        with RawClient(twin.port) as client:
            client.send(_REFUSED[name] + _CONNECT)
            received = client.read_to_end()
            reason = twin.closed(client.info["client_id"])
        twin.process.wait_log("[WRN] Error reading PROXY protocol header", warned + 1)
        return received, reason

    ours, theirs = twins.each(play)
    assert ours == theirs == (b"", "Protocol Violation")


@pytest.mark.parametrize("first", ["false", "true"])
def test_a_header_before_tls(nats_server_path, tmp_path, certificates, first):
    def play(twin: Twin) -> list[Any]:
        with Caller(twin.port, certificates) as caller:
            said = [caller.heard()] if first == "false" else []
            caller.socket.sendall(_TAKEN["TCP4"])
            said.append(caller.secure())
            if first == "true":
                said.append(caller.heard())
            said += caller.log_in()
            entry = wait_until(lambda: twin.ask("connz")["connections"], what="the connection")[0]
            return [*said, entry["ip"], entry["port"], entry["tls_version"]]

    config = f"""{_CONFIG}
        tls {{
            cert_file: "{certificates.cert_file}"
            key_file: "{certificates.key_file}"
            handshake_first: {first}
        }}
    """
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
        assert ours[-3:] == ["1.2.3.4", 1111, "1.3"]
