"""What a sample of a stream asks for, and that stored messages are really compared."""

import pytest

from bench import loadgen, stream_measures
from bench.errors import HarnessError
from bench.measures import Effort
from bench.servers import Side
from bench.stream_measures import (
    STREAM,
    DiskBytes,
    JetStreamPublish,
    Load,
    Purge,
    Recovery,
    StreamMemory,
)


class FakeStreams:
    """Stands in for the client: streams whose stored messages are given."""

    def __init__(self, stored):
        self.stored = stored

    def __call__(self, port):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def create_stream(self, name, subjects, storage):
        assert name in self.stored

    def stream_state(self, name):
        return {"messages": len(self.stored[name]), "last_seq": len(self.stored[name])}

    def stored_message(self, name, sequence):
        return self.stored[name][sequence - 1]


def published(count, subject="bench.js"):
    return [(subject, loadgen.payload(i, 128)) for i in range(count)]


def check(monkeypatch, load, stored, count=20):
    monkeypatch.setattr(stream_measures, "Client", FakeStreams(stored))
    monkeypatch.setattr(loadgen, "run", lambda *_, **__: {})
    load.check(0, count)


def test_stored_messages_that_are_right_pass(monkeypatch):
    check(monkeypatch, Load(20), {STREAM: published(20)})


def test_messages_are_stored_in_several_streams_in_turn(monkeypatch):
    stored = {f"{STREAM}{i}": [] for i in range(3)}
    for i in range(20):
        stored[f"{STREAM}{i % 3}"].append((f"bench.js.{i % 3:08}", loadgen.payload(i, 128)))
    check(monkeypatch, Load(20, streams=3), stored)
    stored[f"{STREAM}1"].append(stored[f"{STREAM}0"].pop())
    with pytest.raises(HarnessError, match=f"7 messages were acknowledged, the stream {STREAM}0"):
        check(monkeypatch, Load(20, streams=3), stored)


def test_messages_are_stored_on_several_subjects_in_turn(monkeypatch):
    stored = [(f"bench.js.{i % 7:08}", loadgen.payload(i, 128)) for i in range(20)]
    check(monkeypatch, Load(20, subjects=7), {STREAM: stored})


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (published(19), "20 messages were acknowledged, the stream BENCH says"),
        ([*published(19), ("bench.js", b"other")], "message 20 of BENCH is stored as"),
        ([*published(20)[1:], ("bench.js", b"")], "message 1 of BENCH is stored as"),
        (published(20, "bench.other"), "message 1 of BENCH is stored as"),
    ],
    ids=["lost", "altered", "shifted", "subject"],
)
def test_stored_messages_that_are_wrong_are_named(monkeypatch, stored, reason):
    with pytest.raises(HarnessError, match=reason):
        check(monkeypatch, Load(20), {STREAM: stored})


def test_a_stream_that_does_not_come_back_is_an_error(monkeypatch):
    monkeypatch.setattr(stream_measures, "_RECOVERY_TIMEOUT_S", 0)

    def client(port, timeout_s):
        raise TimeoutError("no answer")

    monkeypatch.setattr(stream_measures, "Client", client)
    with pytest.raises(HarnessError, match="does not come back: no answer"):
        stream_measures._await_stream(0)


@pytest.mark.hub
@pytest.mark.usefixtures("load_generator")
@pytest.mark.parametrize(
    "measure",
    [
        JetStreamPublish(Load(50_000, window=100)),
        JetStreamPublish(Load(50_000_000), their_messages=5_000, their_sync_always=True),
        JetStreamPublish(Load(5_000, window=1)),
        JetStreamPublish(Load(50_000, storage="memory")),
        JetStreamPublish(Load(50_000, subjects=1_000)),
        JetStreamPublish(Load(5_000, size=4096)),
        JetStreamPublish(Load(50_000, streams=7)),
        Recovery(50_000),
        Purge(50_000),
        DiskBytes(50_000),
        StreamMemory(500_000),
        StreamMemory(500_000, growth=True),
    ],
    ids=repr,
)
def test_each_measure_checks_and_samples_the_real_server(nats_server_path, measure):
    side = Side("theirs", (str(nats_server_path),))
    measure.check(side, Effort(quick=True))
    assert measure.sample(side, Effort(quick=True)).value > 0
