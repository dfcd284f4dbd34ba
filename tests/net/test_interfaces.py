"""The addresses of this machine."""

import socket
import struct

import pytest

from headwater.net import interfaces

_HEADER = struct.Struct("=IHHII")


def test_those_for_itself_come_first() -> None:
    found = interfaces.local_addresses()
    assert found[0] == "127.0.0.1"
    assert len(found) == len(set(found))
    for address in found:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.inet_pton(family, address)


class Kernel:
    """A netlink socket that answers with ``answers``, or not at all."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        pass

    def send(self, data: bytes) -> None:
        pass

    def recv(self, size: int) -> bytes:
        if not self.answers:
            raise TimeoutError
        return self.answers.pop(0)


def _entry(interface: int, family: int, *attributes: tuple[int, bytes]) -> bytes:
    body = struct.pack("=BBBBI", family, 8, 0, 0, interface)
    for kind, value in attributes:
        size = 4 + len(value)
        body += struct.pack("=HH", size, kind) + value + bytes(-size % 4)
    return _HEADER.pack(_HEADER.size + len(body), 20, 0, 1, 0) + body


_DONE = _HEADER.pack(_HEADER.size, 3, 0, 1, 0)
_LOOPBACKS = ["127.0.0.1", "::1"]


@pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="only Linux is asked")
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            [
                _entry(2, socket.AF_INET, (3, b"eth0\0"), (1, bytes([10, 0, 0, 9])))
                + _entry(1, socket.AF_INET6, (1, bytes(15) + b"\1")),
                _entry(1, socket.AF_INET, (1, bytes([9, 9, 9, 9])), (2, bytes([127, 0, 0, 1]))),
                _DONE,
            ],
            ["127.0.0.1", "::1", "10.0.0.9"],
        ),
        ([_entry(1, 99, (1, b"????")), _entry(1, socket.AF_INET), _DONE], _LOOPBACKS),
        ([_HEADER.pack(0, 20, 0, 1, 0)], _LOOPBACKS),
        ([b""], _LOOPBACKS),
        ([], _LOOPBACKS),
    ],
    ids=["several", "others", "senseless", "nothing", "silence"],
)
def test_what_the_kernel_says(
    monkeypatch: pytest.MonkeyPatch, answers: list[bytes], expected: list[str]
) -> None:
    monkeypatch.setattr(interfaces.socket, "socket", lambda *_: Kernel(*answers))
    assert interfaces.local_addresses() == expected


def test_where_it_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(interfaces.socket, "AF_NETLINK", raising=False)
    assert interfaces.local_addresses() == _LOOPBACKS
