"""A sample of what ``make differ-accounts`` does."""

import pytest

from tests.fuzz.dice import Dice
from tests.server import account_differ
from tests.server.account_scripts import make_config, make_ops


def test_scripts_come_again_with_their_seed():
    assert make_config(Dice("1")) == make_config(Dice("1")) != make_config(Dice("2"))
    assert make_ops(Dice("1")) == make_ops(Dice("1")) != make_ops(Dice("2"))


@pytest.mark.hub
def test_sample(nats_server_path, tmp_path, capsys):
    failed = account_differ.compare(nats_server_path, tmp_path, 1, range(20), seconds=8)
    assert not failed, capsys.readouterr().out
