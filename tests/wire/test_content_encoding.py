"""Bodies in the encoding that is asked for."""

import gzip

import pytest

from headwater.wire import snappy_frames
from headwater.wire.content_encoding import encoded

BODY = b'{"a":1}' * 50


def test_without_a_wish_there_is_no_header() -> None:
    assert encoded(BODY, b"") == (b"", BODY)


@pytest.mark.parametrize("name", [b"gzip", b"GZIP", b" gzip ", b"br, gzip;q=1"])
def test_gzip(name: bytes) -> None:
    block, body = encoded(BODY, name)
    assert block == b"NATS/1.0\r\nContent-Encoding: gzip\r\n\r\n"
    assert gzip.decompress(body) == BODY
    assert len(body) < len(BODY)


@pytest.mark.parametrize("name", [b"snappy", b"s2", b"Snappy", b"gzip, s2"])
def test_snappy(name: bytes) -> None:
    block, body = encoded(BODY, name)
    assert block == b"NATS/1.0\r\nContent-Encoding: snappy\r\n\r\n"
    assert body == snappy_frames.frame(BODY)


def test_what_is_not_known_is_left_as_it_is() -> None:
    assert encoded(BODY, b"br") == (b"NATS/1.0\r\nContent-Encoding: identity\r\n\r\n", BODY)
