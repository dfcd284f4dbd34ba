"""Subscribers that do not read: what they cost themselves and others."""

import json
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

import headwater
from tests.server.processes import LOCAL, ServerProcess
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

_PAYLOAD = bytes(8192)
_PUB = b"PUB flood %d\r\n%s\r\n" % (len(_PAYLOAD), _PAYLOAD)


def _varz(server: headwater.Server) -> dict:
    with urllib.request.urlopen(server.monitor_url + "/varz", timeout=10) as answer:
        return json.load(answer)


def _port(server: headwater.Server) -> int:
    return int(server.client_url.rpartition(":")[2])


def _flood(port: int, enough: threading.Event) -> None:
    with RawClient(port) as client:
        client.connect()
        while not enough.is_set():
            client.send(_PUB * 16)
            client.flush()


def test_who_does_not_read_is_closed_without_a_word() -> None:
    config = "max_payload: 100000, max_pending: 300000\nport: -1\nhost: 127.0.0.1\n"
    with headwater.Server(config, monitor=True) as server:
        enough = threading.Event()
        flood = threading.Thread(target=_flood, args=(_port(server), enough))
        with RawClient(_port(server)) as slow:
            slow.connect()
            slow.send(b"SUB flood 1\r\n")
            slow.flush()
            flood.start()
            try:
                wait_until(lambda: _varz(server)["slow_consumers"] == 1, what="a slow consumer")
            finally:
                enough.set()
                flood.join()
            received = slow.read_to_end()
        assert b"-ERR" not in received
        assert received.startswith(b"MSG flood 1 8192\r\n")
        wait_until(lambda: _varz(server)["connections"] == 0, what="everybody gone")
        assert _varz(server)["slow_consumer_stats"]["clients"] == 1


def test_others_are_served_meanwhile() -> None:
    config = "max_pending: 100000000\nport: -1\nhost: 127.0.0.1\n"
    with headwater.Server(config) as server:
        enough = threading.Event()
        flood = threading.Thread(target=_flood, args=(_port(server), enough))
        with RawClient(_port(server)) as slow, RawClient(_port(server)) as other:
            for client in (slow, other):
                client.connect()
            slow.send(b"SUB flood 1\r\n")
            slow.flush()
            flood.start()
            try:
                other.send(b"SUB mine 1\r\n")
                for number in range(50):
                    line = b"%03d" % number
                    other.send(b"PUB mine 3\r\n" + line + b"\r\n")
                    other.expect(b"MSG mine 1 3\r\n" + line + b"\r\n")
            finally:
                enough.set()
                flood.join()


def test_a_client_that_reads_its_own_flood_gets_all_of_it() -> None:
    count = 2000
    with headwater.Server() as server, RawClient(_port(server)) as client:
        client.connect()
        client.send(b"SUB flood 1\r\n")
        sender = threading.Thread(target=client.send, args=(_PUB * count + b"PING\r\n",))
        sender.start()
        received = client.read_until(b"PONG\r\n")
        sender.join()
        assert received.count(b"MSG flood 1 8192\r\n") == count


def _peak_bytes(pid: int) -> int:
    """Return how much memory a process has had at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("count", [1, 4])
def test_memory_for_slow_subscribers_is_bounded(tmp_path: Path, count: int) -> None:
    pending_max = 16_000_000
    config = tmp_path / "server.conf"
    config.write_text(f"max_pending: {pending_max}\nwrite_deadline: '60s'\nping_interval: '60s'\n")
    with ServerProcess(tmp_path, *LOCAL, "-D", "-c", str(config)) as server:
        port = server.wait_ready()
        before = _peak_bytes(server.pid)
        slow = [RawClient(port) for _ in range(count)]
        enough = threading.Event()
        flood = threading.Thread(target=_flood, args=(port, enough))
        try:
            for client in slow:
                client.connect()
                client.send(b"SUB flood 1\r\n")
                client.flush()
            flood.start()
            server.wait_log("closed: Slow Consumer (Pending Bytes)", count)
        finally:
            enough.set()
            flood.join()
            for client in slow:
                client.close()
        # What is collected grows by doubling, and is copied then; 32 MiB are for everything else.
        assert _peak_bytes(server.pid) - before < 3 * count * pending_max + (32 << 20)
