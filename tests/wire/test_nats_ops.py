"""CONNECT, INFO and the fixed lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import ProtocolError
from headwater.wire import nats_ops


def test_missing_keys_mean_the_defaults_of_a_connection():
    connect = nats_ops.decode_connect(b"{}")
    assert (connect.verbose, connect.pedantic, connect.echo) == (True, True, True)
    assert (connect.headers, connect.no_responders, connect.protocol) == (False, False, 0)


def test_keys_are_read_and_others_ignored():
    text = {"verbose": False, "user": "u", "pass": "p", "auth_token": "t", "new": [1], "lang": "py"}
    connect = nats_ops.decode_connect(json.dumps(text).encode())
    assert (connect.verbose, connect.user, connect.password) == (False, "u", "p")
    assert (connect.auth_token, connect.lang) == ("t", "py")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"verbose":1}',
        b'{"user":5}',
        b"\xff",
        b'{"user":"\xff"}',
    ],
)
def test_bad_connects_close_without_a_word(text):
    with pytest.raises(ProtocolError) as caught:
        nats_ops.decode_connect(text)
    assert caught.value.wire_text == ""


@given(st.binary(max_size=60))
def test_any_bytes_are_a_connect_or_a_protocol_error(text):
    try:
        nats_ops.decode_connect(text)
    except ProtocolError:
        pass


def test_deep_nesting_is_a_protocol_error():
    with pytest.raises(ProtocolError):
        nats_ops.decode_connect(b'{"x":' + b"[" * 100_000)


def test_secrets_are_not_shown():
    connect = nats_ops.Connect(user="u", password="secret", auth_token="secret", jwt="secret")
    assert "secret" not in repr(connect)


def test_secrets_are_not_in_the_error():
    with pytest.raises(ProtocolError) as caught:
        nats_ops.decode_connect(b'{"pass":"secret","user":5}')
    assert "secret" not in str(caught.value)


def test_lines():
    assert nats_ops.error_line("Stale Connection") == b"-ERR 'Stale Connection'\r\n"
    line = nats_ops.info_line({"server_id": "N", "max_payload": 1})
    assert line == b'INFO {"server_id":"N","max_payload":1} \r\n'
    assert (nats_ops.PING, nats_ops.PONG, nats_ops.OK) == (b"PING\r\n", b"PONG\r\n", b"+OK\r\n")


def test_words_of_a_peer_cannot_forge_a_line_of_the_log():
    assert nats_ops.quoted('a"b\\c\n[ERR] é') == '"a\\"b\\\\c\\n[ERR] é"'
