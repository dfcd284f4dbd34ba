"""What the kernel still holds for a peer."""

import socket
import sys

import pytest

from headwater.net.send_queue import queued_bytes
from tests.support.wait import wait_until


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel may not tell")
def test_it_shrinks_while_the_peer_reads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(server.getsockname())
        writer, _ = server.accept()
        with reader, writer:
            assert queued_bytes(writer.fileno()) == 0
            writer.setblocking(False)
            sent = writer.send(bytes(4_000_000))
            held = queued_bytes(writer.fileno())
            assert 0 < held <= sent
            taken = 0
            while taken < sent:
                taken += len(reader.recv(1 << 20))
            wait_until(lambda: queued_bytes(writer.fileno()) == 0, what="acknowledgements")


def test_where_it_is_not_told() -> None:
    assert queued_bytes(-1) == 0
    assert queued_bytes(1_000_000) == 0
