"""Subscribers that take less than they are sent: what becomes of them, as on nats-server.

Real processes and real sockets: what the kernel holds for a peer does not count as pending.
"""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

_MONITOR = 'http: "127.0.0.1:-1"\nping_interval: "60s"\n'
_PAYLOAD_BYTES = 8000
_DEADLINE = "Slow Consumer (Write Deadline)"
_PENDING = "Slow Consumer (Pending Bytes)"


def _subscriber(twin: Twin) -> RawClient:
    """Return a client with a subscription, for which the kernel holds little."""
    client = RawClient(twin.port)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.connect()
    client.send(b"SUB flood 1\r\n")
    client.flush()
    return client


class Flood(threading.Thread):
    """A publisher of numbered messages, as fast as it may; ``count`` have gone out for sure."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.count = 0
        self.enough = threading.Event()
        self._client = RawClient(port)
        self._client.connect()

    def run(self) -> None:
        with self._client as client:
            while not self.enough.is_set():
                client.send(b"".join(map(_publication, range(self.count, self.count + 16))))
                client.flush()
                self.count += 16


def _publication(number: int) -> bytes:
    payload = b"%08d" % number + bytes(_PAYLOAD_BYTES - 8)
    return b"PUB flood %d\r\n%b\r\n" % (_PAYLOAD_BYTES, payload)


@contextmanager
def _flooded(twin: Twin) -> Iterator[tuple[RawClient, Flood]]:
    """Give a subscriber that has not read yet, and the flood that it is sent."""
    slow = _subscriber(twin)
    flood = Flood(twin.port)
    flood.start()
    try:
        yield slow, flood
    finally:
        flood.enough.set()
        flood.join()
        slow.close()


def _entry(twin: Twin, client: RawClient) -> Any:
    """Return what monitoring tells of a connection, None when it is closed."""
    found = twin.ask(f"connz?cid={client.info['client_id']}")["connections"]
    return found[0] if found else None


def _take_slowly(client: RawClient, over: threading.Event) -> None:
    client.socket.settimeout(10)
    try:
        while not over.wait(0.02) and client.socket.recv(32768):
            pass
    except OSError:
        pass  # cut off


@contextmanager
def _taking(client: RawClient) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=_take_slowly, args=(client, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("policy", ["", "write_timeout: default\n", "write_timeout: close\n"])
def test_who_does_not_take_all_of_it_in_time_is_cut_off(nats_server_path, tmp_path, policy):
    def play(twin: Twin) -> tuple[str, int, dict[str, int]]:
        with _flooded(twin) as (slow, _), _taking(slow):
            reason = twin.closed(slow.info["client_id"])
        varz = twin.ask("varz")
        return reason, varz["slow_consumers"], varz["slow_consumer_stats"]

    config = f'{_MONITOR}write_deadline: "500ms"\nmax_pending: 400MB\n{policy}'
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
        assert ours[:2] == (_DEADLINE, 1)


def test_who_takes_some_of_it_has_time_anew_where_that_is_asked_for(nats_server_path, tmp_path):
    def play(twin: Twin) -> tuple[bool, str]:
        with _flooded(twin) as (slow, flood):
            with _taking(slow):
                # Counted each time, and yet it stays.
                wait_until(lambda: twin.ask("varz")["slow_consumers"] >= 3, what="three windows")
                stays = _entry(twin, slow) is not None
                flood.enough.set()
            # Now it takes nothing any more.
            return stays, twin.closed(slow.info["client_id"])

    config = f'{_MONITOR}write_deadline: "500ms"\nmax_pending: 200MB\nwrite_timeout: retry\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(play) == ((True, _DEADLINE),) * 2


def test_who_has_too_much_waiting_is_cut_off_without_a_word(nats_server_path, tmp_path):
    def play(twin: Twin) -> tuple[str, int, bool, str]:
        with _flooded(twin) as (slow, _):
            reason = twin.closed(slow.info["client_id"])
            received = slow.read_to_end()
        line = "Slow Consumer Detected: MaxPending of 2000000 Exceeded"
        log = twin.process.wait_log(line)
        level = next(each for each in log.splitlines() if line in each).split("[")[2][:3]
        return reason, twin.ask("varz")["slow_consumers"], b"-ERR" in received, level

    config = f'{_MONITOR}write_deadline: "60s"\nmax_pending: 2000000\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs == (_PENDING, 1, False, "INF")


def test_publishers_are_held_back_and_nothing_is_lost(nats_server_path, tmp_path):
    def play(twin: Twin) -> tuple[bool, bool, int]:
        with _flooded(twin) as (slow, flood):
            wait_until(lambda: twin.ask("varz")["stalled_clients"] > 0, what="a stall")
            entry = _entry(twin, slow)
            flood.enough.set()
            numbers = _numbers(slow, flood)
        complete = numbers == list(range(flood.count))
        return entry["stalls"] > 0, complete, twin.ask("varz")["slow_consumers"]

    config = f'{_MONITOR}write_deadline: "60s"\nmax_pending: 8000000\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(play) == ((True, True, 0),) * 2


def test_a_slow_subscriber_misses_messages_where_nobody_is_held_back(nats_server_path, tmp_path):
    def play(twin: Twin) -> tuple[list[bool], int, int]:
        with _flooded(twin) as (slow, flood):
            wait_until(lambda: flood.count > 10_000, what="more than fits")
            flood.enough.set()
            flood.join()
            with RawClient(twin.port) as publisher:
                publisher.connect()
                # Once it has taken what was held for it, it is sent what comes then.
                numbers = _numbers(slow, flood)
                publisher.send(_publication(99_999_999))
                slow.read_until(b"99999999")
        rising = all(before < after for before, after in itertools.pairwise(numbers))
        varz = twin.ask("varz")
        lost = len(numbers) < flood.count
        return [lost, rising], varz["slow_consumers"], varz["stalled_clients"]

    config = (
        f'{_MONITOR}write_deadline: "60s"\nmax_pending: 2000000\nno_fast_producer_stall: true\n'
    )
    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(play) == (([True, True], 0, 0),) * 2


def _numbers(slow: RawClient, flood: Flood) -> list[int]:
    """Return the numbers of all messages that a subscriber is still sent."""
    flood.join()
    slow.send(b"PING\r\n")
    received = bytearray(slow.received)
    slow.socket.settimeout(10)
    while not received.endswith(b"\r\nPONG\r\n"):
        received += slow.socket.recv(1 << 20)
    parts = received.split(b"MSG flood 1 %d\r\n" % _PAYLOAD_BYTES)[1:]
    return [int(part[:8]) for part in parts]


def test_others_do_not_notice(nats_server_path, tmp_path):
    """Whom a slow subscriber holds back is who publishes to it, not who listens beside it."""

    def play(twin: Twin) -> bytes:
        with _flooded(twin) as (slow, _), RawClient(twin.port) as other:
            wait_until(lambda: _entry(twin, slow)["pending_bytes"] > 0, what="pending bytes")
            other.connect()
            other.send(b"SUB mine 1\r\n")
            for number in range(20):
                other.send(b"PUB mine 3\r\n%03d\r\n" % number)
                other.expect(b"MSG mine 1 3\r\n%03d\r\n" % number)
            return other.flush()

    config = f'{_MONITOR}write_deadline: "60s"\nmax_pending: 100000000\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(play) == (b"", b"")
