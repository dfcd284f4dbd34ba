"""Tests of headwater.jetstream.stream_config."""

import json

import pytest

from headwater.base import gojson
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.stream_config import (
    Compression,
    Discard,
    PersistMode,
    Retention,
    Storage,
    StreamConfig,
    StreamSource,
    decode_stream_config,
    decode_stream_request,
    for_response,
    response_metadata,
    stored_metadata,
)

# Every field in the order of nats-server, none with its default.
FULL = {
    "name": "A",
    "description": "d",
    "subjects": ["a.>"],
    "retention": "interest",
    "max_consumers": 1,
    "max_msgs": 2,
    "max_bytes": 3,
    "max_age": 4,
    "max_msgs_per_subject": 5,
    "max_msg_size": 6,
    "discard": "new",
    "storage": "memory",
    "num_replicas": 7,
    "no_ack": True,
    "duplicate_window": 8,
    "placement": {"cluster": "c", "tags": ["t"], "preferred": "p"},
    "mirror": {
        "name": "M",
        "opt_start_seq": 9,
        "opt_start_time": "2024-01-01T00:00:00Z",
        "filter_subject": "f",
        "subject_transforms": [{"src": "s", "dest": "d"}],
        "external": {"api": "$JS.x.API", "deliver": "d"},
        "consumer": {"name": "c", "deliver_subject": "s"},
    },
    "sources": [{"name": "S"}, {"name": "T"}],
    "compression": "s2",
    "first_seq": 18446744073709551615,
    "subject_transform": {"src": "a", "dest": "b"},
    "republish": {"src": "a", "dest": "b", "headers_only": True},
    "allow_direct": True,
    "mirror_direct": True,
    "discard_new_per_subject": True,
    "sealed": True,
    "deny_delete": True,
    "deny_purge": True,
    "allow_rollup_hdrs": True,
    "consumer_limits": {"inactive_threshold": 10, "max_ack_pending": 11},
    "allow_msg_ttl": True,
    "subject_delete_marker_ttl": 12,
    "allow_msg_counter": True,
    "allow_atomic": True,
    "allow_msg_schedules": True,
    "persist_mode": "async",
    "allow_batched": True,
    "metadata": {"k": "v"},
}


def test_every_field_goes_in_and_comes_out_in_order():
    body = json.dumps(FULL, separators=(",", ":")).encode()
    assert gojson.encode(decode_stream_config(body)) == body.replace(b">", b"\\u003e")


def test_fields_without_a_value_are_printed_or_not_as_nats_server_does():
    assert json.loads(gojson.encode(StreamConfig(name="A"))) == {
        "name": "A",
        "retention": "limits",
        "max_consumers": 0,
        "max_msgs": 0,
        "max_bytes": 0,
        "max_age": 0,
        "max_msgs_per_subject": 0,
        "discard": "old",
        "storage": "file",
        "num_replicas": 0,
        "compression": "none",
        "allow_direct": False,
        "mirror_direct": False,
        "sealed": False,
        "deny_delete": False,
        "deny_purge": False,
        "allow_rollup_hdrs": False,
        "consumer_limits": {},
        "allow_msg_ttl": False,
    }


def test_values_have_types():
    config = decode_stream_config(json.dumps(FULL).encode())
    assert config.retention is Retention.INTEREST
    assert config.discard is Discard.NEW
    assert config.storage is Storage.MEMORY
    assert config.compression is Compression.S2
    assert config.persist_mode is PersistMode.ASYNC
    assert isinstance(config.sources[1], StreamSource)
    assert config.max_age_ns == 4
    assert config.duplicate_window_ns == 8
    assert config.consumer_limits.inactive_threshold_ns == 10


def test_a_request_may_be_pedantic():
    config, pedantic = decode_stream_request(b'{"name":"A","pedantic":true}')
    assert pedantic
    assert config == StreamConfig(name="A")
    assert type(config) is StreamConfig
    assert not decode_stream_request(b'{"name":"A"}')[1]


def test_a_stored_configuration_knows_no_pedantry():
    with pytest.raises(JetStreamError, match='unknown field "pedantic"'):
        decode_stream_config(b'{"name":"A","pedantic":true}')


def test_configurations_do_not_share_metadata():
    one, two = StreamConfig(), StreamConfig()
    one.metadata["a"] = "b"
    assert two.metadata == {}


def test_metadata_of_the_server():
    stored = stored_metadata({"z": "1", "_nats.ver": "x", "_nats.level": "0", "a": "2"}, 2)
    assert stored == {"_nats.req.level": "2", "a": "2", "z": "1"}
    told = response_metadata(stored)
    assert list(told) == ["_nats.level", "_nats.req.level", "_nats.ver", "a", "z"]
    assert told["_nats.level"] == "5"


def test_what_a_response_shows_is_not_kept():
    config = StreamConfig(name="A", metadata={"_nats.req.level": "0"})
    assert "_nats.ver" in for_response(config).metadata
    assert config.metadata == {"_nats.req.level": "0"}
