"""What a sample asks for."""

import pytest

from bench import measures
from bench.errors import HarnessError
from bench.measures import Effort, PubSub
from bench.servers import Side

THEIRS = "theirs"


def test_quick_does_a_fraction_but_never_nothing():
    assert (Effort().count(1000), Effort(quick=True).count(1000)) == (1000, 20)
    assert Effort(quick=True).count(3) == 1
    assert Effort(quick=True).seconds(1.0) < Effort().seconds(1.0) == 1.0


@pytest.mark.hub
@pytest.mark.usefixtures("load_generator")
@pytest.mark.parametrize(
    "measure",
    [
        PubSub(50_000, 16, subs=0),
        PubSub(50_000, 128, pubs=2, subs=2),
        PubSub(50_000, 16, subjects=500),
        PubSub(50_000, 64, pubs=2, subs=3, queue=True),
        PubSub(50_000, 64, subjects=100, interests=1_000),
        PubSub(50_000, 64, tls=True),
        measures.Requests(50_000, 16, window=10),
        measures.IdleConnections(500),
        measures.Latency(5_000, 16),
        measures.Latency(5_000, 16, figure="p99"),
        measures.StartTime(),
        measures.Memory(50_000),
    ],
    ids=repr,
)
def test_each_measure_checks_and_samples_the_real_server(nats_server_path, measure):
    side = Side(THEIRS, (str(nats_server_path),))
    measure.check(side, Effort(quick=True))
    assert measure.sample(side, Effort(quick=True)).value > 0


@pytest.mark.hub
@pytest.mark.usefixtures("load_generator")
def test_a_rate_that_is_not_kept_is_an_error(nats_server_path, monkeypatch):
    # The clock of the load cannot be made wrong, so the rate that is due is made unreachable.
    monkeypatch.setattr(measures, "_PACE_SLACK", 0.5)
    side = Side(THEIRS, (str(nats_server_path),))
    with pytest.raises(HarnessError, match="the rate is not kept"):
        measures.CpuPerMessage(128).sample(side, Effort(quick=True))
