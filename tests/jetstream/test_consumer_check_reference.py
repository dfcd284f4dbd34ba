"""Consumers are judged as nats-server judges them: new ones, updates, names, broken bodies."""

import json
from typing import Any

import pytest

from headwater.base import gojson
from headwater.jetstream import consumer_check, consumer_config, stream_check
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.stream_config import StreamConfig, decode_stream_config
from tests.jetstream import SECOND, Reference, error_of, part, refusal, with_reference

pytestmark = pytest.mark.hub

CREATE = ["CREATE", "A", "C"]

NEW: list[dict[str, Any]] = [
    {},
    {"durable_name": "C"},
    {"name": "C"},
    {"name": "C", "durable_name": "C"},
    {"description": "x" * 4097},
    {"deliver_policy": "all"},
    {"deliver_policy": "undefined"},
    {"deliver_policy": "last"},
    {"deliver_policy": "new"},
    {"deliver_policy": "last_per_subject"},
    {"deliver_policy": "last_per_subject", "filter_subject": "a.b"},
    {"deliver_policy": "last_per_subject", "filter_subjects": ["a.b"]},
    {"deliver_policy": "by_start_sequence"},
    {"deliver_policy": "by_start_sequence", "opt_start_seq": 3},
    {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": 3,
        "opt_start_time": "2024-01-01T00:00:00Z",
    },
    {"deliver_policy": "by_start_sequence", "opt_start_time": "2024-01-01T00:00:00Z"},
    {"deliver_policy": "by_start_time"},
    {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-01T00:00:00Z"},
    {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-01T00:00:00.120+02:00"},
    {"deliver_policy": "by_start_time", "opt_start_seq": 1},
    {
        "deliver_policy": "by_start_time",
        "opt_start_seq": 1,
        "opt_start_time": "2024-01-01T00:00:00Z",
    },
    {"opt_start_seq": 1},
    {"opt_start_time": "2024-01-01T00:00:00Z"},
    {"opt_start_seq": 1, "opt_start_time": "2024-01-01T00:00:00Z"},
    {"deliver_policy": "last", "opt_start_seq": 1},
    {"deliver_policy": "last", "opt_start_time": "2024-01-01T00:00:00Z"},
    {"deliver_policy": "new", "opt_start_seq": 1},
    {"deliver_policy": "new", "opt_start_time": "2024-01-01T00:00:00Z"},
    {"deliver_policy": "last_per_subject", "opt_start_seq": 1},
    {"deliver_policy": "last_per_subject", "opt_start_time": "2024-01-01T00:00:00Z"},
    {"ack_policy": "none"},
    {"ack_policy": "all"},
    {"ack_policy": "explicit"},
    {"ack_policy": "explicit", "ack_wait": 1 * SECOND},
    {"ack_policy": "explicit", "ack_wait": -1},
    {"ack_wait": 1 * SECOND},
    {"ack_policy": "explicit", "backoff": [1 * SECOND, 2 * SECOND], "max_deliver": 2},
    {"ack_policy": "explicit", "backoff": [1 * SECOND, 2 * SECOND]},
    {"ack_policy": "explicit", "backoff": [1 * SECOND, 2 * SECOND], "max_deliver": 1},
    {"ack_policy": "explicit", "backoff": [-1]},
    {"ack_policy": "explicit", "backoff": [1 * SECOND], "ack_wait": 5 * SECOND, "max_deliver": 5},
    {"ack_policy": "explicit", "backoff": [0, 1 * SECOND]},
    {"max_deliver": 0},
    {"max_deliver": -5},
    {"max_deliver": 7},
    {"max_waiting": -1},
    {"max_waiting": 1},
    {"max_waiting": 0},
    {"max_ack_pending": -5},
    {"max_ack_pending": -1},
    {"max_ack_pending": 10},
    {"ack_policy": "explicit", "max_ack_pending": 0},
    {"ack_policy": "explicit", "max_ack_pending": -1},
    {"ack_policy": "explicit", "max_ack_pending": 10},
    {"filter_subject": "a.b"},
    {"filter_subject": "zzz"},
    {"filter_subject": "a..b"},
    {"filter_subject": "a.>"},
    {"filter_subjects": ["a.b", "a.c"]},
    {"filter_subjects": ["a.*", "a.c"]},
    {"filter_subjects": ["a.b", "a.b"]},
    {"filter_subjects": [""]},
    {"filter_subjects": ["a b"]},
    {"filter_subjects": ["a.b"], "filter_subject": "a.c"},
    {"filter_subjects": ["a.*", "*.b"]},
    {"filter_subjects": ["a.*.c", "a.>"]},
    {"filter_subjects": ["a.>", "a.>.b"]},
    {"filter_subjects": ["a.>", "a..b"]},
    {"filter_subjects": []},
    {"replay_policy": "original"},
    {"rate_limit_bps": 1000},
    {"deliver_subject": "d", "rate_limit_bps": 1000},
    {"sample_freq": "100"},
    {"sample_freq": "50%"},
    {"sample_freq": "x"},
    {"sample_freq": "-1"},
    {"sample_freq": "%"},
    {"sample_freq": "1.5"},
    {"sample_freq": "99999999999999999999"},
    {"sample_freq": "+5"},
    {"sample_freq": "-x"},
    {"sample_freq": "-99999999999999999999"},
    {"sample_freq": " 5"},
    {"sample_freq": "0x5"},
    {"sample_freq": "1_0"},
    {"sample_freq": "5%%"},
    {"sample_freq": 'é"<'},
    {"flow_control": True},
    {"idle_heartbeat": 1 * SECOND},
    {"idle_heartbeat": -1 * SECOND},
    {"deliver_subject": "d", "idle_heartbeat": 1 * SECOND},
    {"deliver_subject": "d", "idle_heartbeat": 1},
    {"deliver_subject": "d", "idle_heartbeat": -1},
    {"deliver_subject": "d", "flow_control": True},
    {"deliver_subject": "d", "flow_control": True, "idle_heartbeat": 1 * SECOND},
    {"headers_only": True},
    {"max_batch": 5},
    {"max_batch": -5},
    {"max_expires": 5},
    {"max_expires": -5},
    {"max_expires": 1000000},
    {"max_bytes": -5},
    {"max_bytes": 5},
    {"deliver_subject": "d"},
    {"deliver_subject": "d.*"},
    {"deliver_subject": "d..x"},
    {"deliver_subject": "d.>"},
    {"deliver_subject": "a.x"},
    {"deliver_subject": "a"},
    {"deliver_subject": "d x"},
    {"deliver_subject": "d", "max_waiting": 5},
    {"deliver_subject": "d", "max_ack_pending": 5},
    {"deliver_subject": "d", "ack_policy": "explicit", "max_ack_pending": 5},
    {"deliver_subject": "d", "deliver_group": "g"},
    {"deliver_subject": "d", "ack_policy": "explicit"},
    {"deliver_subject": "d", "max_batch": 3},
    {"deliver_group": "g"},
    {"inactive_threshold": 1 * SECOND},
    {"inactive_threshold": -1 * SECOND},
    {"num_replicas": 1},
    {"num_replicas": 0},
    {"num_replicas": 2},
    {"num_replicas": 3},
    {"num_replicas": -1},
    {"mem_storage": True},
    {"direct": True},
    {"deliver_subject": "d", "direct": True},
    {"deliver_subject": "d", "direct": True, "durable_name": "C"},
    {"metadata": {"a": "b", "_nats.ver": "z"}},
    {"metadata": {"a": "x" * 131072}},
    {"pause_until": "2099-01-01T00:00:00Z"},
    {"pause_until": "2001-01-01T00:00:00+05:30"},
    {"pause_until": "0001-01-01T00:00:00Z"},
    {"priority_groups": ["a"]},
    {"priority_timeout": 1 * SECOND},
    {"priority_timeout": -1 * SECOND},
    {"priority_policy": "none"},
    {"priority_policy": "overflow"},
    {"priority_policy": "overflow", "priority_groups": [""]},
    {"priority_policy": "overflow", "priority_groups": ["a b"]},
    {"priority_policy": "overflow", "priority_groups": ["aaaaaaaaaaaaaaaaa"]},
    {"deliver_subject": "d", "priority_policy": "overflow", "priority_groups": ["a"]},
    {"ack_policy": "flow_control"},
    {"deliver_subject": "d", "ack_policy": "flow_control", "ack_wait": 5},
    {"deliver_subject": "d", "ack_policy": "flow_control", "backoff": [5]},
    {"deliver_subject": "d", "ack_policy": "flow_control", "max_deliver": 5},
    {"deliver_subject": "d", "ack_policy": "flow_control", "max_ack_pending": -1},
    {"name": "a b"},
    {"durable_name": "a.b"},
    {"durable_name": "D"},
]

PEDANTIC: list[dict[str, Any]] = [
    {"max_deliver": -5},
    {"max_waiting": -5},
    {"max_ack_pending": -5},
    {"max_batch": -5},
    {"max_expires": -5},
    {"max_bytes": -5},
    {"idle_heartbeat": -5},
    {"inactive_threshold": -5},
    {"priority_timeout": -5},
    {},
    {"ack_policy": "explicit", "backoff": [1 * SECOND]},
    {"ack_policy": "explicit", "backoff": [1 * SECOND], "ack_wait": 1 * SECOND},
    {"ack_policy": "explicit", "backoff": [30 * SECOND]},
]

# What there is, and what it is asked to become.
UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {"description": "x"}),
    ({"ack_policy": "explicit"}, {"ack_policy": "none"}),
    ({}, {"deliver_policy": "new"}),
    ({}, {"deliver_policy": "by_start_sequence", "opt_start_seq": 1}),
    (
        {"deliver_policy": "by_start_sequence", "opt_start_seq": 1},
        {"deliver_policy": "by_start_sequence", "opt_start_seq": 2},
    ),
    (
        {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-01T00:00:00Z"},
        {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-02T00:00:00Z"},
    ),
    (
        {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-01T00:00:00Z"},
        {"deliver_policy": "by_start_time", "opt_start_time": "2024-01-01T01:00:00+01:00"},
    ),
    ({}, {"replay_policy": "original"}),
    ({}, {"mem_storage": True}),
    (
        {"deliver_subject": "d", "idle_heartbeat": 1 * SECOND},
        {"deliver_subject": "d", "idle_heartbeat": 2 * SECOND},
    ),
    (
        {"deliver_subject": "d", "idle_heartbeat": 1 * SECOND},
        {"deliver_subject": "d", "idle_heartbeat": 1 * SECOND, "flow_control": True},
    ),
    ({"deliver_subject": "d"}, {"deliver_subject": "e"}),
    ({"deliver_subject": "d"}, {}),
    ({}, {"deliver_subject": "d"}),
    ({}, {"max_waiting": 5}),
    ({"max_waiting": 5}, {"max_waiting": 6}),
    ({"ack_policy": "explicit"}, {"ack_policy": "explicit", "ack_wait": 1 * SECOND}),
    (
        {"ack_policy": "explicit"},
        {"ack_policy": "explicit", "backoff": [1 * SECOND, 1 * SECOND], "max_deliver": 1},
    ),
    ({"ack_policy": "explicit"}, {"ack_policy": "explicit", "max_ack_pending": 3}),
    ({}, {"max_deliver": 4}),
    ({}, {"filter_subject": "a.b"}),
    ({"filter_subject": "a.b"}, {"filter_subjects": ["a.c"]}),
    ({}, {"headers_only": True}),
    ({}, {"sample_freq": "5"}),
    ({}, {"inactive_threshold": 1 * SECOND}),
    ({}, {"metadata": {"q": "1"}}),
    ({"pause_until": "2099-01-01T00:00:00Z"}, {}),
    ({}, {"pause_until": "2099-01-01T00:00:00Z"}),
    ({}, {"num_replicas": 1}),
    ({}, {"max_batch": 1}),
    ({}, {"max_bytes": 4}),
    ({"rate_limit_bps": 1, "deliver_subject": "d"}, {"rate_limit_bps": 2, "deliver_subject": "d"}),
    ({"deliver_subject": "d"}, {"deliver_subject": "d", "deliver_group": "g"}),
    ({"durable_name": "C"}, {}),
    ({}, {"durable_name": "C"}),
    ({}, {"direct": True, "deliver_subject": "d"}),
    ({"deliver_subject": "d"}, {"deliver_subject": "d", "direct": True}),
]

BODIES = [
    "",
    "{}",
    "[]",
    '{"stream_name":"A","config":5}',
    '{"stream_name":"A","config":{"x":1}}',
    '{"stream_name":"A","config":{"ack_policy":"x"}}',
    '{"stream_name":"A","config":{"deliver_policy":"x"}}',
    '{"stream_name":"A","config":{"replay_policy":"x"}}',
    '{"stream_name":"A","config":{"priority_policy":"x"}}',
    '{"stream_name":"A","config":{"priority_policy":5}}',
    '{"stream_name":"A","action":"x"}',
    '{"stream_name":"A","action":5}',
    '{"stream_name":"A","action":null}',
    '{"stream_name":"A","config":{"backoff":["1s"]}}',
    '{"stream_name":"A","config":{"backoff":5}}',
    '{"stream_name":"A","config":{"pause_until":"x"}}',
    '{"stream_name":"A","config":{"pause_until":5}}',
    '{"stream_name":"A","config":{"ack_wait":"1s"}}',
    '{"stream_name":"A","config":{"rate_limit_bps":-1}}',
    '{"stream_name":"A","config":{"max_deliver":1.5}}',
    '{"stream_name":"A","config":{"opt_start_time":"2024-13-01T00:00:00Z"}}',
    '{"stream_name":"B"}',
    '{"stream_name":"A","config":null}',
    '{"stream_name":"A","config":{"metadata":[]}}',
    '{"stream_name":"A","config":{"opt_start_time":""}}',
]

STREAMS: list[dict[str, Any]] = [
    {},
    {"retention": "workqueue"},
    {"retention": "interest"},
    {"consumer_limits": {"max_ack_pending": 5, "inactive_threshold": SECOND // 2}},
]
SUBJECTS = [
    ["CREATE", "A", "a/b"],
    ["CREATE", "A", "a\\b"],
    ["CREATE", "B", "C"],
    ["DURABLE", "CREATE", "A", "a/b"],
    ["DURABLE", "CREATE", "B", "C"],
    ["CREATE", "A", "D"],
]
# Consumers of a work queue, one after the other.
NEIGHBOURS: list[list[dict[str, Any]]] = [
    [{}, {}],
    [{"filter_subject": "a.b"}, {}],
    [{}, {"filter_subject": "a.b"}],
    [{"filter_subject": "a.b"}, {"filter_subject": "a.c"}],
    [{"filter_subject": "a.b"}, {"filter_subject": "a.*"}],
    [{"filter_subjects": ["a.b", "a.c"]}, {"filter_subjects": ["a.d", "a.e"]}],
    [{"filter_subjects": ["a.b", "a.c"]}, {"filter_subjects": ["a.d", "a.c"]}],
    [{"filter_subject": "a.b"}, {"filter_subject": "a.c"}, {"filter_subject": "a.>"}],
]


def judged(tokens: list[str], body: bytes, stream: StreamConfig) -> str | dict[str, Any]:
    """Return what we would show of a new consumer, or the error."""
    try:
        request = consumer_config.decode_create_request(body)
        config = consumer_check.named_by_subject(request, tokens)
        return shown(
            consumer_check.check_new(
                config, stream, action=request.action, pedantic=request.pedantic
            )
        )
    except JetStreamError as error:
        return refusal(error)


def shown(config: consumer_config.ConsumerConfig) -> str:
    return gojson.encode(consumer_config.for_response(config)).decode()


async def create(
    reference: Reference, tokens: list[str], body: bytes, *, keep: bool = False
) -> str | dict[str, Any]:
    """Return what a real server shows of a new consumer, or its error."""
    answer = await reference.ask("CONSUMER." + ".".join(tokens), body)
    error = error_of(answer)
    if error is not None:
        return error
    found = json.loads(answer)
    if not keep:
        await reference.make(f"CONSUMER.DELETE.A.{found['name']}", b"")
    config = part(answer, b'"config":', b',"delivered"')
    if tokens[2:] or b'"name": ' in body:
        return config
    # The server made a name up; the API's subject did not give one.
    return config.replace(f'"name":"{found["name"]}",', "")


def asked(config: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"stream_name": "A", "config": config, **more}).encode()


def stream_body(config: dict[str, Any]) -> bytes:
    return json.dumps({"name": "A", "subjects": ["a.>"], **config}).encode()


def stream_of(config: dict[str, Any]) -> StreamConfig:
    return stream_check.check_new(decode_stream_config(stream_body(config)))


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_new_consumers(nats_server, stream):
    different = []

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", stream_body(stream))
        for body in [asked(c) for c in NEW] + [asked(c, pedantic=True) for c in PEDANTIC]:
            theirs = await create(reference, CREATE, body)
            ours = judged(CREATE, body, stream_of(stream))
            if ours != theirs:
                different.append((body, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


@pytest.mark.parametrize(
    "tokens",
    [["CREATE", "A"], ["DURABLE", "CREATE", "A", "C"], ["CREATE", "A", "C", "a", "b"]],
    ids=".".join,
)
def test_new_consumers_by_other_subjects(nats_server, tokens):
    different = []

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", stream_body({}))
        for config in NEW:
            theirs = await create(reference, tokens, asked(config))
            ours = judged(tokens, asked(config), stream_of({}))
            if ours != theirs:
                different.append((config, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_bodies_actions_and_names(nats_server):
    different = []
    cases = [(CREATE, text.encode()) for text in BODIES]
    cases += [(CREATE, asked({}, action=action)) for action in ("", "create", "update")]
    cases += [(s, asked(c)) for s in SUBJECTS for c in ({}, {"durable_name": "C"})]

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", stream_body({}))
        for tokens, body in cases:
            theirs = await create(reference, tokens, body)
            ours = judged(tokens, body, stream_of({}))
            if ours != theirs:
                different.append((tokens, body, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


@pytest.mark.parametrize("action", ["", "create", "update"])
def test_updates(nats_server, action):
    different = []

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", stream_body({}))
        for before, after in UPDATES:
            await reference.make("CONSUMER.CREATE.A.C", asked(before))
            theirs = await create(reference, CREATE, asked(after, action=action), keep=True)
            await reference.make("CONSUMER.DELETE.A.C", b"")
            ours = updated(asked(before), asked(after, action=action))
            if ours != theirs:
                different.append((before, after, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def updated(before: bytes, after: bytes) -> str | dict[str, Any]:
    """Return what we would show of an updated consumer, or the error."""
    first, second = (consumer_config.decode_create_request(body) for body in (before, after))
    stream = stream_of({})
    old = consumer_check.check_new(consumer_check.named_by_subject(first, CREATE), stream)
    try:
        config = consumer_check.named_by_subject(second, CREATE)
        return shown(consumer_check.check_update(old, config, stream, action=second.action))
    except JetStreamError as error:
        return refusal(error)


@pytest.mark.parametrize("most", [-1, 1])
def test_consumers_beside_others(nats_server, most):
    different = []
    config = {"retention": "workqueue", "max_consumers": most}

    async def compare(reference: Reference) -> None:
        for wanted in NEIGHBOURS:
            await reference.make("STREAM.CREATE.A", stream_body(config))
            others: list[consumer_config.ConsumerConfig] = []
            for index, consumer in enumerate(wanted):
                body = asked({"ack_policy": "explicit", **consumer})
                tokens = ["CREATE", "A", f"C{index}"]
                theirs = await create(reference, tokens, body, keep=True)
                ours = beside(tokens, body, stream_of(config), others)
                if ours != theirs:
                    different.append((wanted, index, theirs, ours))
            await reference.make("STREAM.DELETE.A", b"")

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def beside(
    tokens: list[str],
    body: bytes,
    stream: StreamConfig,
    others: list[consumer_config.ConsumerConfig],
) -> str | dict[str, Any]:
    """Return what we would show of one more consumer, which then joins ``others``; or the error."""
    config = consumer_check.named_by_subject(consumer_config.decode_create_request(body), tokens)
    try:
        checked = consumer_check.check_new(config, stream, others)
    except JetStreamError as error:
        return refusal(error)
    others.append(checked)
    return shown(checked)
