"""What the header Nats-TTL may say."""

import pytest

from headwater.base.clock import SECOND
from headwater.store.message_ttl import INVALID, NEVER, expiry_ns, ttl_seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1", 1),
        (b"007", 7),
        (b"1s", 1),
        (b"1.9s", 1),
        (b"1h1m", 3660),
        (b"1000000000ns", 1),
        (b"never", NEVER),
        (b"Never", NEVER),
        (b"9999999999999999999999", 9223372036),
        (b"9" * 5000, 9223372036),
        (b"0", INVALID),
        (b"0s", INVALID),
        (b"999ms", INVALID),
        (b"-1", INVALID),
        (b"-1h", INVALID),
        (b"+5", INVALID),
        (b"1.5", INVALID),
        (b"1d", INVALID),
        (b"2562048h", INVALID),
        (b"abc", INVALID),
        (b"\xff", INVALID),
        (b"1_0", INVALID),
    ],
)
def test_values(value, seconds):
    assert ttl_seconds(value) == seconds


def test_the_time_to_go_fits_into_a_record():
    assert expiry_ns(5, 2) == 5 + 2 * SECOND
    assert expiry_ns(SECOND, ttl_seconds(b"9" * 30)) == (1 << 63) - 1
    assert expiry_ns(-5 * SECOND, 1) == 0
