"""Accounts whose streams fill what they have: the same plays here and on nats-server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel, Play, on_both

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers, with little room for an account and much for all of them."""
    room = "max_mem: 1G, max_file: 1G"
    both = Duel(
        nats_server_path, tmp_path_factory.mktemp("full"), room, "max_mem: 200KB, max_file: 300KB"
    )
    yield both
    both.stop()


def _fill(play: Play, subject: str, count: int) -> None:
    for _ in range(count):
        play.put(subject, bytes(50 * 1024))


def _usage(play: Play) -> None:
    info = play.ask("INFO", note=False)
    info.pop("api")
    play.note(f"info {info}")


@on_both
def test_the_disk_of_an_account(play: Play) -> None:
    play.stream("A")
    play.stream("B")
    _fill(play, "A", 3)
    _fill(play, "B", 4)
    play.put("A", b"small")
    _usage(play)
    play.state("A")
    play.state("B")


@on_both
def test_the_memory_of_an_account(play: Play) -> None:
    play.stream("A", storage="memory")
    play.stream("B")
    _fill(play, "A", 5)
    _fill(play, "B", 1)
    _usage(play)


@on_both
def test_room_that_comes_back(play: Play) -> None:
    play.stream("A")
    _fill(play, "A", 7)
    play.ask("STREAM.PURGE.A")
    _fill(play, "A", 1)
    _usage(play)


@on_both
def test_limits_of_the_stream_make_room(play: Play) -> None:
    play.stream("A", max_msgs=2)
    _fill(play, "A", 8)
    _usage(play)


@on_both
def test_a_refused_message_is_no_duplicate_later(play: Play) -> None:
    play.stream("A")
    _fill(play, "A", 5)
    play.put("A", bytes(100 * 1024), {"Nats-Msg-Id": "x"})
    play.ask("STREAM.PURGE.A")
    play.put("A", b"", {"Nats-Msg-Id": "x"})


@on_both
def test_a_stream_that_asks_for_more(play: Play) -> None:
    play.stream("A", max_bytes=400 * 1024)
    play.stream("A", max_bytes=200 * 1024)
    play.stream("B", max_bytes=200 * 1024)
    play.stream("B")
    _usage(play)
