"""How far a consumer is, as a file and as JSON."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import FormatError
from headwater.natsstore import consumer_state
from headwater.natsstore.consumer_state import ConsumerState, Pending, SequencePair

SECOND = 1_000_000_000
sequences = st.integers(0, 2**40)


@st.composite
def states(draw) -> ConsumerState:
    floor = SequencePair(draw(sequences), draw(sequences))
    above = st.integers(1, 2**20)
    times = st.integers(0, 2**33)
    return ConsumerState(
        SequencePair(draw(sequences), draw(sequences)),
        floor,
        {
            floor.stream_seq + stream: Pending(floor.consumer_seq + own, second * SECOND)
            for stream, own, second in draw(st.lists(st.tuples(above, above, times)))
        },
        {
            floor.stream_seq + stream: count
            for stream, count in draw(st.lists(st.tuples(above, above)))
        },
    )


@given(states(), st.integers(0, 2**62))
def test_a_file_holds_what_was_written(state: ConsumerState, now_ns: int) -> None:
    assert consumer_state.decode(consumer_state.encode(state, now_ns)) == state


@given(states())
def test_json_holds_what_was_written(state: ConsumerState) -> None:
    text = msgspec.json.encode(consumer_state.to_json(state))
    assert msgspec.json.decode(text, type=ConsumerState) == state


def test_the_file_of_a_nats_server() -> None:
    data = bytes.fromhex("1602010306 0903 c0c3cfb00d 050300 060400 010100 01 0501".replace(" ", ""))
    time_ns = 1795813600 * SECOND
    pending = {8: Pending(4, time_ns), 9: Pending(5, time_ns), 4: Pending(2, time_ns)}
    wanted = ConsumerState(SequencePair(6, 9), SequencePair(1, 3), pending, {8: 1})
    assert consumer_state.decode(data) == wanted


def test_the_first_version_counts_from_the_floor() -> None:
    state = consumer_state.decode(bytes((22, 1, 5, 7, 2, 3, 1, 8, 2, 6, 0)))
    assert state.delivered == SequencePair(6, 9)
    assert state.ack_floor == SequencePair(5, 7)
    assert state.pending == {9: Pending(0, 7 * SECOND)}


def test_an_empty_file_is_a_consumer_that_did_nothing() -> None:
    assert consumer_state.decode(b"") == ConsumerState()


@pytest.mark.parametrize(
    "data", [b"\x16", b"\x17\x02", b"\x16\x03\0\0\0\0\0\0", b"\x16\x02\0\0\0\0\xff\xff\x7f"]
)
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        consumer_state.decode(data)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_state_or_an_error(data: bytes) -> None:
    for file in (data, b"\x16\x02" + data, b"\x16\x01" + data):
        try:
            consumer_state.decode(file)
        except FormatError:
            pass
