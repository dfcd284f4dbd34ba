"""A short run of the kills that ``make crash`` does a hundred of."""

import pytest

from tests.crash.kill import Campaign, payload_of


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path):
    campaign = Campaign(tmp_path, seed=1)
    campaign.run(3)
    assert campaign.kills == 3
    assert campaign.acknowledged > 0
    assert campaign.checked >= 2 * campaign.acknowledged


def test_payloads_differ():
    assert len({payload_of(number) for number in range(5000)}) == 5000
