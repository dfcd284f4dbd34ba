"""A few of the rounds that ``make crash`` does a thousand of."""

import pytest

from tests.crash import points
from tests.crash.points import Rounds


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path):
    rounds = Rounds(tmp_path, seed=1)
    rounds.run(4)
    assert rounds.kills == 4
    assert rounds.load.answered > 0


@pytest.mark.slow
def test_servers_that_kill_themselves_leave_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(points, "POINTS", [("block.sync.before", 20), ("block.read.before", 2)])
    rounds = Rounds(tmp_path, seed=2)
    rounds.run(12)
    assert rounds.places
    assert rounds.load.answered > 0
