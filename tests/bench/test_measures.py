"""What a sample asks for, and that stored messages are really compared."""

import pytest

from bench import loadgen, measures
from bench.errors import HarnessError
from bench.measures import Effort, JetStreamPublish, PubSub
from bench.servers import Side

THEIRS = "theirs"


class FakeStream:
    """Stands in for the client: a stream whose stored messages are given."""

    def __init__(self, payloads, subject=measures.STREAM_SUBJECT):
        self.payloads = payloads
        self.subject = subject

    def __call__(self, port):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def stream_state(self, name):
        return {"messages": len(self.payloads), "last_seq": len(self.payloads)}

    def stored_message(self, name, sequence):
        return self.subject, self.payloads[sequence - 1]


def published(count):
    return [loadgen.payload(i, measures.JS_SIZE_BYTES) for i in range(count)]


def test_stored_messages_that_are_right_pass(monkeypatch):
    monkeypatch.setattr(measures, "Client", FakeStream(published(20)))
    measures.check_stored(0, 20)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (FakeStream(published(19)), "20 messages were acknowledged, the stream says"),
        (FakeStream([*published(19), b"other"]), "message 20 is stored as"),
        (FakeStream([*published(20)[1:], b""]), "message 1 is stored as"),
        (FakeStream(published(20), subject="bench.other"), "message 1 is stored as"),
    ],
    ids=["lost", "altered", "shifted", "subject"],
)
def test_stored_messages_that_are_wrong_are_named(monkeypatch, stream, reason):
    monkeypatch.setattr(measures, "Client", stream)
    with pytest.raises(HarnessError, match=reason):
        measures.check_stored(0, 20)


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
        JetStreamPublish(50_000, 100),
        JetStreamPublish(50_000_000, 100, their_messages=5_000, their_sync_always=True),
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
