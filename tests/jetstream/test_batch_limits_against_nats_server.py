"""Configured limits of batches are those of nats-server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel, Play, on_both
from tests.jetstream.test_atomic_batches import ABANDONED, part
from tests.jetstream.test_fast_batches import Publisher

pytestmark = pytest.mark.hub

_SERVER = """
limits { batch { max_inflight_per_stream: 2, max_inflight_total: 3, max_msgs: 5, timeout: 1s } }
"""


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers, where batches have little room."""
    both = Duel(nats_server_path, tmp_path_factory.mktemp("batches"), _SERVER)
    yield both
    both.stop()


@on_both
def test_atomic_batches(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    play.stream("T", subjects=["t.>"], allow_atomic=True)
    abandoned = play.listen(ABANDONED)
    for number in range(1, 7):
        part(play, "a", number)
    play.hear(abandoned)
    for number in range(1, 6):
        part(play, "a", number)
    part(play, "a", 6, "eob")
    for batch in "xyz":
        part(play, batch, 1)
    for batch in "xy":
        part(play, batch, 1, subject="t.x")
    reasons = sorted(message.payload[-40:] for message in play.hear(abandoned, 3, note=False))
    play.note(str(reasons))


@on_both
def test_fast_batches(play: Play) -> None:
    fast = Publisher(play)
    fast.send("a", 1, 0)
    fast.send("b", 1, 0, 2)
    fast.send("c", 1, 0)
