"""What payloads of acknowledgements mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream.ack_verbs import AckVerb, parse_ack


@pytest.mark.parametrize(
    ("payload", "verb", "argument"),
    [
        (b"", AckVerb.ACK, None),
        (b"+ACK", AckVerb.ACK, None),
        (b"+OK", AckVerb.ACK, None),
        (b"+ACK ", None, None),
        (b"+ack", None, None),
        (b"-NAK", AckVerb.NAK, 0),
        (b"-NAK ", AckVerb.NAK, 0),
        (b'-NAK {"delay": 5000}', AckVerb.NAK, 5000),
        (b'-NAK {"delay": -5000}', AckVerb.NAK, 0),
        (b'-NAK {"delay": "x"}', AckVerb.NAK, 0),
        (b"-NAK {", AckVerb.NAK, 0),
        (b'-NAK {"delay": 9000000000000000000}', AckVerb.NAK, 2**61),
        (b'-NAK {"delay": 9300000000000000000}', AckVerb.NAK, 0),
        (b"-NAK " + b"9" * 400 + b"h", AckVerb.NAK, 0),
        (b"-NAK 20ms", AckVerb.NAK, 20_000_000),
        (b"-NAK 1h2m3.5s", AckVerb.NAK, 3_723_500_000_000),
        ("-NAK 7µs".encode(), AckVerb.NAK, 7000),
        (b"-NAK 20", AckVerb.NAK, 0),
        (b"-NAK ms", AckVerb.NAK, 0),
        (b"-NAK 20ms!", AckVerb.NAK, 0),
        (b"-NAKED", AckVerb.NAK, 0),
        (b"+WPI", AckVerb.PROGRESS, None),
        (b"+WPI ", None, None),
        (b"+NXT", AckVerb.NEXT, b""),
        (b"+NXT 3", AckVerb.NEXT, b"3"),
        (b'+NXT {"batch": 2}', AckVerb.NEXT, b'{"batch": 2}'),
        (b"+TERM", AckVerb.TERM, b""),
        (b"+TERM a reason ", AckVerb.TERM, b"a reason"),
        (b"+", None, None),
        (b"junk", None, None),
    ],
)
def test_payloads(payload: bytes, verb: AckVerb | None, argument: object) -> None:
    assert parse_ack(payload) == (verb, argument)


_starts = st.sampled_from([b"", b"-NAK ", b"-NAK {", b"+NXT ", b"+TERM", b"+", b"-"])


@given(start=_starts, rest=st.binary(max_size=40))
def test_any_bytes_are_taken(start: bytes, rest: bytes) -> None:
    verb, argument = parse_ack(start + rest)
    if verb is AckVerb.NAK:
        assert isinstance(argument, int)
        assert argument >= 0


@given(st.from_regex(rb"-NAK ([0-9]{1,400}(\.[0-9]{1,9})?(ns|us|ms|s|m|h)){1,3}", fullmatch=True))
def test_delays_of_any_length_are_taken(payload: bytes) -> None:
    verb, argument = parse_ack(payload)
    assert verb is AckVerb.NAK
    assert 0 <= argument <= 2**61
