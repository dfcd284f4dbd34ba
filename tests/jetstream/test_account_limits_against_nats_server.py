"""What an account may use of JetStream: the same plays here and on nats-server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel, Play, on_both

pytestmark = pytest.mark.hub

_SERVER = """
max_mem: 1G, max_file: 1G
limits { max_ack_pending: 50, duplicate_window: "1m", max_request_batch: 10 }
"""
_ACCOUNT = """
max_mem: 1MB, max_file: 2MB, max_streams: 3, max_consumers: 2, max_ack_pending: 100,
max_bytes_required: true, mem_max_stream_bytes: 500KB, disk_max_stream_bytes: 1MB
"""


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers, where there is little to be had."""
    both = Duel(nats_server_path, tmp_path_factory.mktemp("limits"), _SERVER, _ACCOUNT)
    yield both
    both.stop()


def _usage(play: Play) -> None:
    info = play.ask("INFO", note=False)
    info.pop("api")
    play.note(f"info {info}")


@on_both
def test_limits_are_told(play: Play) -> None:
    _usage(play)
    play.stream("S", max_bytes=1000)
    play.stream("M", max_bytes=1000, storage="memory")
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=10)
    _usage(play)


@on_both
def test_number_of_streams(play: Play) -> None:
    for name in "ABCD":
        play.stream(name, max_bytes=1000)
    play.stream("A", max_bytes=1000)
    play.ask("STREAM.DELETE.B")
    play.stream("E", max_bytes=1000)
    _usage(play)


@on_both
def test_bytes_are_required_and_capped(play: Play) -> None:
    play.stream("A")
    play.stream("A", max_bytes=-1)
    play.stream("A", max_bytes=1024 * 1024 + 1)
    play.stream("A", max_bytes=1024 * 1024)
    play.stream("M", max_bytes=500 * 1024 + 1, storage="memory")
    play.stream("M", max_bytes=500 * 1024, storage="memory")
    play.ask("STREAM.UPDATE.A", {"name": "A", "max_bytes": -1})
    play.ask("STREAM.UPDATE.A", {"name": "A", "max_bytes": 2 * 1024 * 1024})
    play.ask("STREAM.UPDATE.A", {"name": "A", "max_bytes": 1000})
    _usage(play)


@on_both
def test_reservations(play: Play) -> None:
    play.stream("A", max_bytes=1024 * 1024)
    play.stream("B", max_bytes=1024 * 1024 - 10)
    play.stream("C", max_bytes=11)
    play.stream("C", max_bytes=10)
    _usage(play)
    play.ask("STREAM.UPDATE.C", {"name": "C", "max_bytes": 20})
    play.ask("STREAM.UPDATE.B", {"name": "B", "max_bytes": 1000})
    play.ask("STREAM.UPDATE.C", {"name": "C", "max_bytes": 20})
    _usage(play)


@on_both
def test_reservations_in_memory(play: Play) -> None:
    play.stream("A", max_bytes=500 * 1024, storage="memory")
    play.stream("B", max_bytes=500 * 1024, storage="memory")
    play.stream("C", max_bytes=500 * 1024, storage="memory")
    play.stream("C", max_bytes=24 * 1024, storage="memory")
    _usage(play)


@on_both
def test_number_of_consumers(play: Play) -> None:
    play.stream("S", max_bytes=1000, max_consumers=3)
    play.stream("S", max_bytes=1000, max_consumers=2)
    play.stream("T", max_bytes=1000)
    for name in "ABC":
        play.consumer("S", name, ack_policy="explicit", max_ack_pending=10)
        play.consumer("T", name, ack_policy="explicit", max_ack_pending=10)
    _usage(play)


@on_both
def test_caps_of_consumers(play: Play) -> None:
    play.stream("S", max_bytes=1000)
    play.consumer("S", "A", ack_policy="explicit")
    play.consumer("S", "B", ack_policy="explicit", max_ack_pending=60)
    play.consumer("S", "B", ack_policy="explicit", max_ack_pending=200)
    play.consumer("S", "B", ack_policy="explicit", max_ack_pending=-1)
    play.consumer("S", "B", ack_policy="none")
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=10, max_batch=20)
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=10, max_batch=5)


@on_both
def test_duplicate_windows(play: Play) -> None:
    play.stream("A", max_bytes=1000)
    play.stream("B", max_bytes=1000, duplicate_window=61 * 10**9)
    play.stream("C", max_bytes=1000, duplicate_window=60 * 10**9)
    play.ask("STREAM.UPDATE.A", {"name": "A", "max_bytes": 1000, "duplicate_window": 61 * 10**9})


@on_both
def test_batches_of_pull_requests(play: Play) -> None:
    play.stream("S", max_bytes=100000)
    play.consumer("S", "A", ack_policy="none")
    play.fill("S", 12)
    inbox = play.pull("S", "A", batch=11, no_wait=True)
    play.hear(inbox)
    inbox = play.pull("S", "A", batch=10, no_wait=True)
    play.hear(inbox, 10)


@on_both
def test_streams_that_fill_the_account(play: Play) -> None:
    """They may, each within its own bytes, where new messages are refused."""
    play.stream("A", max_bytes=1024 * 1024, discard="new")
    for _ in range(11):
        play.put("A", bytes(100 * 1024))
    play.state("A")
    _usage(play)
