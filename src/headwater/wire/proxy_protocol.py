"""The header by which a proxy says whom it speaks for: PROXY protocol, versions 1 and 2.

A header is optional, as on nats-server: what does not begin like one is the client's own protocol.
"""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

from headwater.base.errors import HeadwaterError

# So many bytes tell whether a header begins.
MARK_BYTES = 6

_Kind: TypeAlias = type[IPv4Address] | type[IPv6Address]

_V1 = b"PROXY "
_V1_BYTES_MAX = 107
_V1_PROTOCOLS: dict[bytes, _Kind] = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
_V2 = b"\r\n\r\n\0\r\nQUIT\n"
_V2_HEAD_BYTES = 16
_LOCAL, _PROXY = 0, 1
_STREAM = 1
# Address family in version 2 -> its name, the size of an address, and its type.
_FAMILIES: dict[int, tuple[str, int, _Kind]] = {
    1: ("IPv4", 4, IPv4Address),
    2: ("IPv6", 16, IPv6Address),
}


class ProxyHeaderError(HeadwaterError):
    """The header is malformed, or asks for what is not supported."""


class ProxyHeader:
    """A header: its size, and the client's address and port (address empty: the proxy's own)."""

    __slots__ = ("address", "port", "size")

    def __init__(self, size: int, address: str = "", port: int = 0) -> None:
        self.size = size
        self.address = address
        self.port = port


def begins(data: bytes) -> bool:
    """Tell whether ``data`` is the beginning of a header, or may become one."""
    mark = data[:MARK_BYTES]
    return _V1.startswith(mark) or _V2.startswith(mark)


def parse(data: bytes) -> ProxyHeader | None:
    """Return the header at the start of ``data``, which ``begins``; None while it is incomplete.

    Raises:
        ProxyHeaderError: it cannot be used.
    """
    return _parse_v1(data) if data[:1] == _V1[:1] else _parse_v2(data)


def _parse_v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\n", 0, _V1_BYTES_MAX)
    if end < 0:
        if len(data) >= _V1_BYTES_MAX:
            raise ProxyHeaderError("invalid PROXY protocol header: v1 line too long")
        return None
    words = data[len(_V1) : end].split()
    if data[end - 1 : end] != b"\r":
        raise ProxyHeaderError("invalid PROXY protocol header: invalid v1 format")
    if words[:1] == [b"UNKNOWN"]:
        return ProxyHeader(end + 1)
    if len(words) != 5:
        raise ProxyHeaderError("invalid PROXY protocol header: invalid v1 format")
    kind = _V1_PROTOCOLS.get(words[0])
    if kind is None:
        name = words[0].decode("ascii", "backslashreplace")
        raise ProxyHeaderError(f"invalid PROXY protocol header: invalid protocol {name}")
    _v1_address(words[2], kind)
    _v1_port(words[4])
    return ProxyHeader(end + 1, _v1_address(words[1], kind), _v1_port(words[3]))


def _v1_address(word: bytes, kind: _Kind) -> str:
    try:
        return str(kind(word.decode("ascii")))
    except (AddressValueError, UnicodeDecodeError):
        raise ProxyHeaderError("invalid PROXY protocol header: invalid address") from None


def _v1_port(word: bytes) -> int:
    if not word.isdigit() or len(word) > 5 or int(word) > 65535:
        raise ProxyHeaderError("invalid PROXY protocol header: invalid port")
    return int(word)


def _parse_v2(data: bytes) -> ProxyHeader | None:
    if not _V2.startswith(data[: len(_V2)]):
        raise ProxyHeaderError("invalid PROXY protocol header: invalid signature")
    if len(data) < _V2_HEAD_BYTES:
        return None
    version, command = data[12] & 0xF0, data[12] & 0x0F
    size = _V2_HEAD_BYTES + int.from_bytes(data[14:16], "big")
    if version != 0x20:
        raise ProxyHeaderError(f"invalid PROXY protocol header: invalid version {version:#04x}")
    if command not in (_LOCAL, _PROXY):
        raise ProxyHeaderError(f"unknown PROXY protocol command: {command:#04x}")
    if command == _LOCAL:
        return ProxyHeader(size) if len(data) >= size else None
    name, width, kind = _v2_family(data[13])
    if size - _V2_HEAD_BYTES < 2 * width + 4:
        raise ProxyHeaderError(f"{name} address data too short: {size - _V2_HEAD_BYTES} bytes")
    if len(data) < size:
        return None
    body = data[_V2_HEAD_BYTES:size]
    port = int.from_bytes(body[2 * width : 2 * width + 2], "big")
    return ProxyHeader(size, str(kind(body[:width])), port)


def _v2_family(kind: int) -> tuple[str, int, _Kind]:
    """Return what is known of an address family, from the byte that names it."""
    family = _FAMILIES.get(kind >> 4)
    if kind >> 4 == 0 or (kind & 0x0F) != _STREAM:
        raise ProxyHeaderError("unsupported PROXY protocol feature: only STREAM protocol supported")
    if family is None:
        raise ProxyHeaderError(
            f"unsupported PROXY protocol feature: unsupported address family {kind & 0xF0:#04x}"
        )
    return family
