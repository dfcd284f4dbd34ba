"""Mapped subjects: our server beside the real nats-server, with the same configuration."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.server.duel import Duel, Step, connect, say
from tests.server.mapping_scenarios import GROUPS
from tests.subjects.reference import quoted
from tests.subjects.test_transform import ANSWERS, cases, encoded, is_certain, refusal
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.hub

_SCENARIOS = [(config, name) for config, scenarios in GROUPS.items() for name in scenarios]


def test_there_are_many_scenarios() -> None:
    assert len(_SCENARIOS) >= 60


@pytest.mark.parametrize(("config", "name"), _SCENARIOS, ids=[name for _, name in _SCENARIOS])
def test_same_answers(duel_with: Callable[[str], Duel], config: str, name: str) -> None:
    ours, theirs = duel_with(config).run(GROUPS[config][name])
    assert ours == theirs


# --- many mappings in one account, each below a token of its own -----------------------------


def _below_tokens(given_cases: list[tuple[str, str, list[bytes]]]) -> tuple[str, list[Step]]:
    """Return a configuration of the cases, and what shows where their messages go."""
    lines = []
    requests = []
    for number, (source, destination, subjects) in enumerate(given_cases):
        lines.append(f"{quoted(f'c{number}.{source}')}: {quoted(destination)}")
        requests += [b"PUB c%d.%b _I 0\r\n\r\n" % (number, subject) for subject in subjects]
    steps = [connect(), say(b"SUB _I 1\r\n" + b"".join(requests))]
    return "mappings {\n" + "\n".join(lines) + "\n}", [*steps, *_seen_by_all(requests)]


def _seen_by_all(requests: list[bytes]) -> list[Step]:
    return [connect("b"), say(b"SUB > 1\r\n" + b"".join(requests), "b")]


def _comparable(source: str, destination: str) -> bool:
    return refusal(f"c.{source}", destination) is None and is_certain(source, destination)


def test_known_answers(duel_with: Callable[[str], Duel]) -> None:
    known = [
        (entry["source"], destination, [encoded(subject) for subject in entry["subjects"]])
        for entry in ANSWERS["mapped"]
        for destination in entry["results"]
        if _comparable(entry["source"], destination)
    ]
    assert len(known) > 250
    config, steps = _below_tokens(known)
    ours, theirs = duel_with(config).run(steps)
    assert ours == theirs


@given(st.lists(cases(), min_size=40, max_size=80))
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],  # an example is two servers: made smaller it would take minutes
    suppress_health_check=list(HealthCheck),
)
def test_generated(
    nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory, batch: list
) -> None:
    good = [case for case in batch if _comparable(case[0], case[1])]
    config, steps = _below_tokens(good)
    with Duel(nats_server_path, tmp_path_factory.mktemp("generated"), config) as duel:
        ours, theirs = duel.run(steps)
    assert ours == theirs, config


# --- shares ----------------------------------------------------------------------------------

_SHARES = """
mappings {
  kept: [ { destination: y, weight: 30% }, { destination: z, weight: 20% } ]
  dropped: [ { destination: y, weight: 50% }, { destination: dropped, weight: 10% } ]
  "whole.*": [ { destination: "y.$1", weight: 25 }, { destination: "z.$1", weight: 75 } ]
  "far.*": [ { destination: "y.$1", weight: 50 }, { destination: "z.$1", weight: 90, cluster: C } ]
  random: "r.{{random(4)}}"
}
"""
_MESSAGES = 4000
_EXPECTED = {
    b"kept": {b"y": 0.3, b"z": 0.2, b"kept": 0.5},
    b"dropped": {b"y": 0.5, b"dropped": 0.1, b"": 0.4},
    b"whole.1": {b"y.1": 0.25, b"z.1": 0.75},
    b"far.1": {b"y.1": 0.5, b"far.1": 0.5},
    b"random": {b"r.%d" % number: 0.25 for number in range(4)},
}


def _went(port: int, subject: bytes) -> Counter[bytes]:
    """Return where the messages went, by what a requester is told; empty for nowhere."""
    with RawClient(port) as client:
        client.connect(no_responders=True)
        client.send(b"SUB _I 1\r\n" + b"PUB %b _I 0\r\n\r\n" % subject * _MESSAGES)
        lines = client.flush().split(b"\r\n")
    mark = b"Nats-Subject: "
    return Counter(line.removeprefix(mark) for line in lines if line.startswith(mark))


@pytest.mark.parametrize("subject", _EXPECTED, ids=bytes.decode)
def test_shares(duel_with: Callable[[str], Duel], subject: bytes) -> None:
    duel = duel_with(_SHARES)
    for port in (int(duel.ours.client_url.rpartition(":")[2]), duel.theirs.port()):
        went = _went(port, subject)
        assert went.total() == _MESSAGES
        assert set(went) == set(_EXPECTED[subject])
        for destination, share in _EXPECTED[subject].items():
            # Six standard deviations: wrong once in half a billion runs.
            allowed = 6 * (share * (1 - share) / _MESSAGES) ** 0.5
            assert abs(went[destination] / _MESSAGES - share) < allowed, went


# --- streams ---------------------------------------------------------------------------------

_STREAM = """
mappings {
  "in.*": "s.$1"
  ack: ack.moved, out: out.moved
  "$JS.API.INFO": no.api
  "$JS.ACK.>": "s.>"
}
"""


def _stored(port: int) -> list[bytes]:
    """Have a stream store what is mapped to its subjects; return what its clients hear."""
    stream = b'{"name":"S","subjects":["s.*"],"storage":"memory"}'
    consumer = b'{"stream_name":"S","config":{"deliver_subject":"out","ack_policy":"none"}}'
    with RawClient(port) as client:
        client.connect(no_responders=True)
        client.send(b"SUB _I 1\r\nSUB ack.> 2\r\nSUB ack 3\r\nSUB out.> 4\r\nSUB out 5\r\n")
        for subject, body in ((b"STREAM.CREATE.S", stream), (b"CONSUMER.CREATE.S", consumer)):
            client.send(b"PUB $JS.API.%b _I %d\r\n%b\r\n" % (subject, len(body), body))
            client.read_match(rb"MSG _I 1 \d+\r\n\{.*\}\r\n")
        client.send(b"PUB in.x 1\r\nx\r\n")
        delivered = client.read_match(rb"MSG (\S+ [45]) \S+ 1\r\n(.*)\r\n")
        client.send(b"PUB in.y ack 1\r\ny\r\n")
        acknowledged = client.read_match(rb"MSG (\S+ [23]) \d+\r\n(.*)\r\n")
        client.send(b"PUB $JS.API.INFO ack 0\r\n\r\n")
        unanswered = client.read_match(rb"HMSG (\S+ [23]) .*\r\n.*\r\n(Nats-Subject: .*)\r\n")
        return [*delivered.groups(), *acknowledged.groups(), *unanswered.groups()]


def test_streams(duel_with: Callable[[str], Duel], tmp_path: Path) -> None:
    """Messages reach a stream by what they are mapped to; what it sends itself is not mapped."""
    duel = duel_with(f"{_STREAM}\njetstream {{ store_dir: {quoted(str(tmp_path))} }}")
    ours = _stored(int(duel.ours.client_url.rpartition(":")[2]))
    assert ours == _stored(duel.theirs.port())
    assert ours[0] == b"s.x 5"
