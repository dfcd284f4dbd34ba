"""Limits fit each other, and are those that clients know."""

from headwater.base import limits


def test_the_defaults_are_the_ones_that_clients_know():
    assert limits.PAYLOAD_BYTES_MAX == 1024 * 1024
    assert limits.CONTROL_LINE_BYTES_MAX == 4096
    assert limits.PENDING_BYTES_MAX == 64 * 1024 * 1024
    assert limits.CONNECTIONS_MAX == 65536


def test_every_limit_is_a_positive_whole_number():
    values = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert values
    assert [name for name, value in values.items() if type(value) is not int or value <= 0] == []


def test_limits_fit_each_other():
    assert limits.CONTROL_LINE_BYTES_MAX < limits.READ_BUFFER_BYTES
    assert limits.PAYLOAD_BYTES_MAX < limits.PENDING_BYTES_MAX
    # The parser refuses sizes of ten digits before it looks at a limit.
    assert limits.PENDING_BYTES_MAX < 10**9
