"""PROXY headers of both versions, whole and in pieces."""

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.wire import proxy_protocol
from headwater.wire.proxy_protocol import ProxyHeaderError

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = bytes([1, 2, 3, 4, 5, 6, 7, 8]) + struct.pack(">HH", 1111, 2222)
V6 = IPv6Address("2001:db8::1").packed + IPv6Address("::2").packed + struct.pack(">HH", 7, 8)


def binary(command: int, kind: int, body: bytes, size: int | None = None) -> bytes:
    length = len(body) if size is None else size
    return SIGNATURE + bytes([command, kind]) + struct.pack(">H", length) + body


GOOD = {
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n": ("1.2.3.4", 1111),
    b"PROXY TCP6 ::1 2001:db8::5 1 65535\r\n": ("::1", 1),
    b"PROXY  TCP4 1.2.3.4  5.6.7.8 0 2\r\n": ("1.2.3.4", 0),
    b"PROXY UNKNOWN\r\n": ("", 0),
    b"PROXY UNKNOWN a b c d\r\n": ("", 0),
    b"PROXY UNKNOWN " + bytes(91).replace(b"\0", b"x") + b"\r\n": ("", 0),
    binary(0x21, 0x11, V4): ("1.2.3.4", 1111),
    binary(0x21, 0x11, V4 + b"\x04\x00\x01x"): ("1.2.3.4", 1111),
    binary(0x21, 0x21, V6): ("2001:db8::1", 7),
    binary(0x20, 0x00, b""): ("", 0),
    binary(0x20, 0x11, V4): ("", 0),
}

BAD = {
    b"PROXY TCP6 1.2.3.4 5.6.7.8 1111 2222\r\n": "invalid address",
    b"PROXY TCP4 ::1 ::2 1111 2222\r\n": "invalid address",
    b"PROXY TCP4 1.2.3.400 5.6.7.8 1 2\r\n": "invalid address",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n": "invalid v1 format",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n": "invalid v1 format",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n": "invalid v1 format",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 70000 2\r\n": "invalid port",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 x\r\n": "invalid port",
    b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n": "invalid protocol UDP4",
    b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n": "v1 line too long",
    binary(0x21, 0x00, b""): "only STREAM protocol supported",
    binary(0x21, 0x12, V4): "only STREAM protocol supported",
    binary(0x21, 0x31, bytes(216)): "unsupported address family 0x30",
    binary(0x11, 0x11, V4): "invalid version 0x10",
    binary(0x22, 0x11, V4): "unknown PROXY protocol command: 0x02",
    binary(0x21, 0x11, V4[:8]): "IPv4 address data too short: 8 bytes",
    binary(0x21, 0x21, V4): "IPv6 address data too short: 12 bytes",
    SIGNATURE[:-1] + b"x" + bytes(8): "invalid signature",
}


@pytest.mark.parametrize("data", GOOD)
def test_headers(data: bytes) -> None:
    for rest in (b"", b"CONNECT {}"):
        header = proxy_protocol.parse(data + rest)
        assert header is not None
        assert (header.size, header.address, header.port) == (len(data), *GOOD[data])
    for size in range(len(data)):
        assert proxy_protocol.begins(data[:size])
        if size >= proxy_protocol.MARK_BYTES:
            assert proxy_protocol.parse(data[:size]) is None


@pytest.mark.parametrize("data", BAD)
def test_headers_that_cannot_be_used(data: bytes) -> None:
    with pytest.raises(ProxyHeaderError, match=BAD[data]):
        proxy_protocol.parse(data)


@pytest.mark.parametrize("data", [b"CONNECT {}\r\n", b"proxy tcp4", b"PROXX ", b"\r\n\r\nPING"])
def test_what_is_no_header(data: bytes) -> None:
    assert not proxy_protocol.begins(data)


@given(st.binary(max_size=300), st.sampled_from([b"PROXY ", SIGNATURE, SIGNATURE + b"\x21\x11"]))
def test_anything_is_a_header_an_error_or_incomplete(data: bytes, front: bytes) -> None:
    try:
        header = proxy_protocol.parse(front + data)
    except ProxyHeaderError:
        return
    assert header is None or 0 < header.size <= len(front + data)
