"""The compiled hot modules and the plain ones do the same, errors included.

Two processes, one of each form, play the same generated scenarios (tests/support/scenarios.py).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater import _build
from tests.subjects import oracle
from tests.support import scenarios
from tests.wire.protocol_text import cut, cuts, mutated_streams, streams, words

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(
    not _build.compiled(), reason="the two forms are compared in the compiled run"
)


class Player:
    """A process that plays scenarios on one form of the modules."""

    def __init__(self, *, pure: bool) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", scenarios.__name__],
            cwd=ROOT,
            env={**os.environ, "HEADWATER_PURE": "1" if pure else ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def send(self, scenario, arguments):
        scenarios.write(self.process.stdin, [scenario, arguments])

    def answer(self):
        value = scenarios.read(self.process.stdout)
        assert value is not None, f"the process died: {self.process.wait(10)}"
        return value

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def same():
    """Play a scenario on both forms; fail when the answers differ, return the one answer."""
    players = [Player(pure=False), Player(pure=True)]

    def play(scenario, *arguments):
        for player in players:
            player.send(scenario, arguments)
        compiled, plain = [player.answer() for player in players]
        assert compiled == plain
        return compiled

    yield play
    for player in players:
        player.close()


def compared(**strategies):
    """Draw arguments; the deadline is off, because the answer comes from other processes."""
    quiet = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    return lambda function: quiet(given(**strategies)(function))


@compared(
    data=st.one_of(
        mutated_streams, st.binary(max_size=60), streams(peer=False).map(lambda s: s.data)
    ),
    places=cuts,
    peer=st.booleans(),
    line_max=st.integers(0, 80),
    payload_max=st.integers(0, 60),
)
def test_parser(same, data, places, peer, line_max, payload_max):
    same("parse", cut(data, places), peer, line_max, payload_max)


OFFSETS = ["subject_start", "subject_end", "reply_start", "reply_end"]
OFFSETS += ["header_size", "body_start", "body_end"]
parts = st.tuples(words, st.one_of(st.just(b""), words), st.binary(max_size=20), st.binary())


@compared(
    parts=parts,
    changes=st.dictionaries(st.sampled_from(OFFSETS), st.integers(-3, 60), max_size=2),
    extra=st.one_of(words, st.lists(words, max_size=3)),
    with_headers=st.booleans(),
    capacity=st.integers(1, 200),
)
def test_message_and_encoder(same, parts, changes, extra, with_headers, capacity):
    same("encode", parts, changes, extra, with_headers, capacity)


header_text = st.lists(
    st.sampled_from([b"NATS/1.0", b"\r\n", b"\n", b"\r", b":", b" ", b"A", b"Ab", b"\t", b"x"]),
    max_size=16,
).map(b"".join)


@compared(
    block=header_text,
    start=st.integers(-2, 40),
    end=st.integers(-2, 40),
    name=st.sampled_from([b"A", b"Ab", b"NATS/1.0", b"xx"]),
)
def test_headers(same, block, start, end, name):
    same("header_fields", block, start, end, name)
    same("header_fields", block, 0, len(block), name)


subjects = st.one_of(oracle.patterns, oracle.literals, oracle.texts)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), subjects, st.sampled_from([b"", b"q", b"p"])),
        st.tuples(st.just("remove"), st.integers(0, 8)),
        st.tuples(st.just("match"), st.one_of(oracle.literals, oracle.texts)),
    ),
    max_size=25,
)


@compared(steps=steps, cache_max=st.integers(1, 4))
def test_sublist(same, steps, cache_max):
    same("sublist", steps, cache_max)


@compared(one=st.one_of(subjects, st.none()), other=st.one_of(subjects, st.none()))
def test_validate(same, one, other):
    same("judge", one, other)


@compared(
    allow=st.one_of(st.none(), st.lists(subjects, max_size=3)),
    deny=st.lists(subjects, max_size=3),
    asked=st.lists(subjects, max_size=4),
)
def test_permissions(same, allow, deny, asked):
    same("rights", allow, deny, asked)


pieces = st.sampled_from(
    b"x * > $0 $1 $2 {{wildcard(1)}} {{partition(7)}} {{partition(9,1,2)}} {{random(5)}} "
    b"{{split(1,-)}} {{split(1,)}} {{left(1,2)}} {{right(2,1)}} {{splitFromLeft(1,1)}} "
    b"{{splitFromRight(1,1)}} {{sliceFromLeft(1,1)}} {{sliceFromRight(1,2)}} {{bad()}} "
    b"{{left(1,a)}}".split()
)
destinations = st.lists(
    st.one_of(pieces, pieces, pieces, st.sampled_from([b"", b"a b"])), min_size=1, max_size=4
).map(b".".join)
asked_subjects = st.lists(st.one_of(subjects, oracle.literals, st.binary(max_size=6)), max_size=5)


@compared(
    source=st.one_of(subjects, st.none()),
    destination=destinations,
    importing=st.booleans(),
    asked=asked_subjects,
)
def test_transform(same, source, destination, importing, asked):
    same("transform", source, destination, importing, asked)


@compared(
    given_mappings=st.lists(
        st.tuples(
            subjects,
            st.lists(
                st.tuples(destinations, st.integers(0, 60), st.sampled_from([b"", b"c"])),
                max_size=3,
            ),
        ),
        max_size=4,
    ),
    cache_max=st.integers(1, 4),
    asked=asked_subjects,
)
def test_mapping(same, given_mappings, cache_max, asked):
    same("mapping", given_mappings, cache_max, asked)


@compared(
    parts=st.lists(st.binary(max_size=40), max_size=5),
    capacity=st.integers(1, 30),
    size=st.integers(-3, 300),
)
def test_buffer(same, parts, capacity, size):
    same("collect", parts, capacity, size)


@compared(
    data=st.one_of(st.binary(max_size=200), st.binary(max_size=9).map(lambda part: part * 9)),
    start=st.integers(0, 3),
    cut=st.integers(-2, 9),
    size_max=st.sampled_from([3, 100_000]),
)
def test_s2_and_checksums(same, data, start, cut, size_max):
    same("s2", data, start, len(data) - cut, size_max)


def test_the_processes_are_of_different_forms_and_a_difference_is_noticed(same):
    with pytest.raises(AssertionError, match=r"ts_encoder\.py"):
        same("form")
