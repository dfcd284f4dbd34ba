"""INFO, CONNECT and interest lines of leaf links."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.errors import ProtocolError
from headwater.wire import leaf_ops
from headwater.wire.leaf_ops import LeafConnect


def test_info_of_a_real_hub():
    info = leaf_ops.decode_info(
        b'{"server_id":"NX","server_name":"HUB","version":"2.15.1","proto":3,"go":"go1.27.2",'
        b'"host":"127.0.0.1","port":7422,"headers":true,"auth_required":true,'
        b'"max_payload":1048576,"jetstream":true,"ip":"127.0.0.1:7422","client_id":8,'
        b'"nonce":"9nTW_C0u0YPCFUo","domain":"hub","compression":"off","api_lvl":5,'
        b'"info_on_connect":true,"leafnode_urls":["127.0.0.1:7422"],'
        b'"import":{"allow":["in.>"]},"export":{"allow":["ok.>"],"deny":["ok.no"]}}'
    )
    assert (info.server_id, info.server_name, info.domain) == ("NX", "HUB", "hub")
    assert info.headers
    assert info.jetstream
    assert info.info_on_connect
    assert not info.connect_info
    assert not info.tls_required
    assert info.max_payload == 1048576
    assert info.leafnode_urls == ["127.0.0.1:7422"]
    assert info.import_.allow == ["in.>"]
    assert info.import_.deny is None
    assert info.export.deny == ["ok.no"]


def test_everything_in_info_may_be_missing():
    info = leaf_ops.decode_info(b"{}")
    assert info.client_id == 0
    assert info.leafnode_urls is None
    assert info.import_ is None


@pytest.mark.parametrize(
    "arguments",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b'{"client_id":"1"}',
        b'{"headers":1}',
        b"\xff",
        b'{"leafnode_urls":[1]}',
        b'{"import":[]}',
        b'{"export":{"allow":"x"}}',
    ],
)
def test_bad_info(arguments):
    with pytest.raises(ProtocolError):
        leaf_ops.decode_info(arguments)


@pytest.mark.parametrize("size", [2**31, 2**63, 2**64, -(2**31) - 1])
def test_a_size_that_is_none_is_bad_info(size):
    with pytest.raises(ProtocolError):
        leaf_ops.decode_info(b'{"max_payload":%d}' % size)


def test_a_negative_size_is_no_limit():
    assert leaf_ops.decode_info(b'{"max_payload":-1}').max_payload == 0


@given(st.binary(max_size=100))
def test_any_info_is_taken_or_refused(arguments):
    try:
        leaf_ops.decode_info(arguments)
    except ProtocolError:
        pass


def test_no_more_addresses_than_are_useful():
    arguments = json.dumps({"leafnode_urls": ["h:1"] * 1000}).encode()
    assert len(leaf_ops.decode_info(arguments).leafnode_urls) == leaf_ops.URLS_MAX


@pytest.mark.parametrize(
    ("arguments", "leaf"),
    [
        (b'{"client_id":8,"leafnode_urls":["h:1"]}', True),
        (b'{"client_id":8}', True),
        (b'{"client_id":8,"client_ip":"127.0.0.1"}', False),
        (b'{"leafnode_urls":["h:1"]}', False),
        (b"{}", False),
    ],
)
def test_which_port_answered(arguments, leaf):
    assert leaf_ops.is_leaf_port(leaf_ops.decode_info(arguments)) is leaf


def test_connect_leaves_out_what_is_empty():
    line = leaf_ops.connect_line(LeafConnect(name="E", headers=True, deny_pub=["a.>"]))
    assert line == b'CONNECT {"name":"E","headers":true,"deny_pub":["a.\\u003e"]}\r\n'


def test_connect_with_credentials():
    connect = LeafConnect(user="u", password="p")
    assert json.loads(leaf_ops.connect_line(connect)[8:]) == {"user": "u", "pass": "p"}


def test_credentials_do_not_show():
    connect = LeafConnect(user="u", password="p4ss", auth_token="t0ken")
    assert "p4ss" not in repr(connect)
    assert "t0ken" not in repr(connect)


def test_interest_lines():
    assert leaf_ops.subscribe_line(b"a.>", b"", 5) == b"LS+ a.>\r\n"
    assert leaf_ops.subscribe_line(b"a", b"g", 5) == b"LS+ a g 5\r\n"
    assert leaf_ops.unsubscribe_line(b"a", b"") == b"LS- a\r\n"
    assert leaf_ops.unsubscribe_line(b"a", b"g") == b"LS- a g\r\n"


@pytest.mark.parametrize(("word", "weight"), [(b"1", 1), (b"0", 1), (b"999999999", 999999999)])
def test_weights(word, weight):
    assert leaf_ops.weight_of(word) == weight


@pytest.mark.parametrize("word", [b"", b"-1", b"+1", b"1.0", b"x", b"1000000000", b"\xb2"])
def test_bad_weights(word):
    with pytest.raises(ProtocolError):
        leaf_ops.weight_of(word)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (b"'Authorization Violation'", "Authorization Violation"),
        (b"no quotes", "no quotes"),
        (b"", ""),
        (b"'a\x1b[0m\r\tb\xff'", "a?[0m??b\\xff"),
        (b"'" + b"x" * 5000 + b"'", "x" * 256),
    ],
)
def test_error_texts_are_fit_for_a_log(arguments, text):
    assert leaf_ops.error_text(arguments) == text
