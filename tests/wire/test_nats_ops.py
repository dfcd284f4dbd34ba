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
        b'"x"',
        b'{"verbose":1}',
        b'{"user":5}',
        b"\xff",
        b'{"USER":5}',
        b'{"verbose":true,"x":NaN}',
        b'{"x":"\n"}',
    ],
)
def test_bad_connects_close_without_a_word(text):
    with pytest.raises(ProtocolError) as caught:
        nats_ops.decode_connect(text)
    assert caught.value.wire_text == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'{"Name":"n","PEDANTIC":false}', "n"),
        (b'{"name":"n","pedantic":false,"lang":null,"protocol":null,"more":{"a":[null]}}', "n"),
        (b'{"pedantic":false,"name":"\xff\\ud800"}', "\ufffd\ufffd"),
    ],
)
def test_what_go_reads_of_odd_connects(text, name):
    connect = nats_ops.decode_connect(text)
    assert (connect.name, connect.pedantic, connect.verbose) == (name, False, True)


def test_null_says_nothing():
    assert nats_ops.decode_connect(b"null") == nats_ops.Connect()


def test_a_later_connect_keeps_what_it_does_not_mention():
    earlier = nats_ops.decode_connect(b'{"verbose":false,"user":"u","echo":false,"headers":true}')
    later = nats_ops.decode_connect(b'{"echo":true,"protocol":1,"user":null}', earlier)
    assert (later.verbose, later.echo, later.headers) == (False, True, True)
    assert (later.user, later.protocol) == ("u", 1)


@pytest.mark.parametrize("text", [b"", b"[]", b"1", b"{", b"{}x", b"x"])
def test_an_info_has_to_be_an_object(text):
    with pytest.raises(ProtocolError) as caught:
        nats_ops.check_info(text)
    assert caught.value.wire_text == ""


@pytest.mark.parametrize("text", [b"{}", b"null", b'{"a":1} ', b"\r{}"])
def test_any_object_will_do_for_an_info(text):
    nats_ops.check_info(text)


def test_words():
    assert nats_ops.words(b" a\tb\rc\n d ") == [b"a", b"b", b"c", b"d"]
    assert nats_ops.words(b"a\fb\vc") == [b"a\fb\vc"]
    assert nats_ops.words(b"\r") == nats_ops.words(b"") == []


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


@pytest.mark.parametrize(
    "arguments",
    [
        b'{"user":0,"user":"u"}',
        b'{"User":0,"user":"u","x":1}',
        b'{"protocol":9223372036854775808}',
        b'{"x":1,"protocol":9223372036854775808}',
        b'{"x":1,"protocol":-9223372036854775809}',
        b'[["user","u"]]',
    ],
)
def test_each_of_equal_keys_has_to_fit(arguments):
    with pytest.raises(ProtocolError):
        nats_ops.decode_connect(arguments)


def test_the_last_of_equal_keys_counts():
    assert (
        nats_ops.decode_connect(b'{"x":{"user":0},"user":"a","USER":"b","user":null}').user == "b"
    )
