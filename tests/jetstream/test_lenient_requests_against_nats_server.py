"""Requests with fields that nobody knows, where that is allowed: as nats-server takes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel, Play, on_both

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Both servers, not strict."""
    both = Duel(nats_server_path, tmp_path_factory.mktemp("lenient"), "strict: false")
    yield both
    both.stop()


@on_both
def test_unknown_fields(play: Play) -> None:
    """They are passed over; what does not fit a known field is not."""
    play.stream("S", what=1)
    play.stream("T", max_msgs="x", what=1)
    play.stream("S", consumer_limits={"what": 1})
    play.ask("STREAM.UPDATE.S", {"name": "S", "what": 2})
    play.ask("STREAM.INFO.S", {"what": 3}, note=False)
    play.ask("STREAM.NAMES", {"what": 3})
    play.ask("STREAM.PURGE.S", {"what": 3})
    play.put("S", b"1")
    play.ask("STREAM.MSG.GET.S", {"seq": 1, "what": 3}, note=False)
    play.ask("STREAM.MSG.DELETE.S", {"seq": 1, "what": 3})
    play.consumer("S", "C", what=1, ack_policy="explicit")
    play.ask("CONSUMER.NAMES.S", {"what": 3})
    play.ask("CONSUMER.PAUSE.S.C", {"what": 3})
