"""The addresses of this machine, asked of the kernel."""

import socket
import struct

_LOOPBACKS = ["127.0.0.1", "::1"]
# From Linux's rtnetlink(7).
_NETLINK_ROUTE = 0
_RTM_NEWADDR, _RTM_GETADDR, _DONE, _ERROR = 20, 22, 3, 2
_REQUEST_DUMP = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, process
_ADDRESS = struct.Struct("=BBBBI")  # family, prefix, flags, scope, interface
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def local_addresses() -> list[str]:
    """Return the addresses by which this machine is reached, those for itself first.

    Where the kernel cannot be asked, they are the ones that every machine has.
    """
    if not hasattr(socket, "AF_NETLINK"):
        return _LOOPBACKS
    try:
        found = sorted(set(_ask()))
    except OSError:
        return _LOOPBACKS
    return [address for _, _, address in found] or _LOOPBACKS


def _ask() -> list[tuple[int, int, str]]:
    """Return the interface, family and text of each address."""
    found: list[tuple[int, int, str]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as kernel:
        size = _HEADER.size + _ADDRESS.size
        header = _HEADER.pack(size, _RTM_GETADDR, _REQUEST_DUMP, 1, 0)
        kernel.settimeout(1.0)
        kernel.send(header + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        while _take(kernel.recv(1 << 16), found):
            pass
    return found


def _take(data: bytes, found: list[tuple[int, int, str]]) -> bool:
    """Read the messages of one datagram into ``found``; return whether others follow."""
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, *_ = _HEADER.unpack_from(data, at)
        if kind in (_DONE, _ERROR) or size < _HEADER.size:
            return False
        if kind == _RTM_NEWADDR:
            family, _, _, _, interface = _ADDRESS.unpack_from(data, at + _HEADER.size)
            text = _text(family, data[at + _HEADER.size + _ADDRESS.size : at + size])
            if text:
                found.append((interface, _FAMILIES.index(family), text))
        at += _aligned(size)
    return bool(data)


def _text(family: int, attributes: bytes) -> str:
    """Return the address in the attributes of an entry: its own end, if it has two."""
    values: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(attributes):
        size, kind = _ATTRIBUTE.unpack_from(attributes, at)
        values[kind] = attributes[at + _ATTRIBUTE.size : at + size]
        at += _aligned(max(size, _ATTRIBUTE.size))
    raw = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
    return socket.inet_ntop(family, raw) if raw and family in _FAMILIES else ""


def _aligned(size: int) -> int:
    return (size + 3) & ~3
