"""Tests of headwater.jetstream.consumer_config."""

import json

import pytest

from headwater.base import gojson
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import (
    AckPolicy,
    Action,
    ConsumerConfig,
    DeliverPolicy,
    PriorityPolicy,
    ReplayPolicy,
    decode_consumer_config,
    decode_create_request,
    for_response,
)

# Every field in the order of nats-server, none with its default.
FULL = {
    "durable_name": "C",
    "name": "C",
    "description": "d",
    "deliver_policy": "by_start_time",
    "opt_start_seq": 1,
    "opt_start_time": "2024-01-01T00:00:00.5Z",
    "ack_policy": "explicit",
    "ack_wait": 2,
    "max_deliver": 3,
    "backoff": [4, 5],
    "filter_subject": "f",
    "filter_subjects": ["g", "h"],
    "replay_policy": "original",
    "rate_limit_bps": 18446744073709551615,
    "sample_freq": "50%",
    "max_waiting": 6,
    "max_ack_pending": 7,
    "flow_control": True,
    "headers_only": True,
    "max_batch": 8,
    "max_expires": 9,
    "max_bytes": 10,
    "deliver_subject": "s",
    "deliver_group": "g",
    "idle_heartbeat": 11,
    "inactive_threshold": 12,
    "num_replicas": 13,
    "mem_storage": True,
    "direct": True,
    "sourcing": True,
    "metadata": {"k": "v"},
    "pause_until": "2030-01-01T00:00:00Z",
    "priority_groups": ["p"],
    "priority_policy": "overflow",
    "priority_timeout": 14,
}


def test_every_field_goes_in_and_comes_out_in_order():
    body = json.dumps(FULL, separators=(",", ":")).encode()
    assert gojson.encode(decode_consumer_config(body)) == body


def test_fields_without_a_value_are_printed_or_not_as_nats_server_does():
    assert json.loads(gojson.encode(ConsumerConfig())) == {
        "deliver_policy": "all",
        "ack_policy": "none",
        "replay_policy": "instant",
        "num_replicas": 0,
    }


def test_values_have_types():
    config = decode_consumer_config(json.dumps(FULL).encode())
    assert config.deliver_policy is DeliverPolicy.BY_START_TIME
    assert config.ack_policy is AckPolicy.EXPLICIT
    assert config.replay_policy is ReplayPolicy.ORIGINAL
    assert config.priority_policy is PriorityPolicy.OVERFLOW
    assert config.backoff_ns == (4, 5)
    assert config.opt_start_time_ns == 1_704_067_200_500_000_000
    assert config.pause_until_ns == 1_893_456_000_000_000_000


def test_what_follows_from_fields():
    assert ConsumerConfig().filters == ()
    assert ConsumerConfig(filter_subject="a").filters == ("a",)
    assert ConsumerConfig(filter_subjects=("a", "b")).filters == ("a", "b")
    assert ConsumerConfig(deliver_subject="d").is_push
    assert not ConsumerConfig().is_push
    assert ConsumerConfig(durable_name="d").is_durable
    assert ConsumerConfig().opt_start_time_ns is None
    assert ConsumerConfig().pause_until_ns < 0


def test_requests():
    request = decode_create_request(
        b'{"stream_name":"A","config":{"name":"C"},"action":"update","pedantic":true}'
    )
    assert request.stream_name == "A"
    assert request.config == ConsumerConfig(name="C")
    assert request.action is Action.UPDATE
    assert request.pedantic


def test_a_request_may_be_empty():
    request = decode_create_request(b"")
    assert request.config == ConsumerConfig()
    assert request.action is Action.CREATE_OR_UPDATE


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"action":"x"}', 'unknown consumer action: "x"'),
        (b'{"config":{"priority_policy":"x"}}', 'unknown priority policy: "x"'),
        (b'{"config":{"ack_policy":7}}', 'can not unmarshal "7"'),
        (b'{"config":{"backoff":["1s"]}}', r"config.backoff.0 of type time.Duration"),
    ],
)
def test_bad_requests(body, text):
    with pytest.raises(JetStreamError, match=text):
        decode_create_request(body)


def test_what_a_response_shows():
    told = for_response(ConsumerConfig(metadata={"_nats.req.level": "0", "a": "b"}))
    assert list(told.metadata) == ["_nats.level", "_nats.req.level", "_nats.ver", "a"]
