"""Streams are judged as nats-server judges them: new ones, updates, names and broken bodies."""

import json
from typing import Any

import pytest

from headwater.base import gojson
from headwater.jetstream import stream_check, stream_config
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.api_errors import STREAM_MISMATCH
from tests.jetstream import SECOND, Reference, error_of, part, refusal, with_reference

pytestmark = pytest.mark.hub

# What is laid over {"name": "A"} and asked for.
NEW: list[dict[str, Any]] = [
    {},
    {"description": "d"},
    {"description": "x" * 4096},
    {"description": "x" * 4097},
    {"subjects": ["a"]},
    {"subjects": ["a.*", "b.>"]},
    {"subjects": ["a", "a"]},
    {"subjects": ["a.*", "a.b"]},
    {"subjects": ["a.>", "b", "a.b.c"]},
    {"subjects": ["a..b"]},
    {"subjects": [""]},
    {"subjects": ["a b"]},
    {"subjects": ["a."]},
    {"subjects": [">.a"]},
    {"subjects": ["a*"]},
    {"subjects": [">"]},
    {"subjects": [">"], "no_ack": True},
    {"subjects": ["*"]},
    {"subjects": ["*.>"]},
    {"subjects": ["*.*"]},
    {"subjects": ["$JS.API.x"]},
    {"subjects": ["$JS.EVENT.>"]},
    {"subjects": ["$JS.EVENT.ADVISORY.*"]},
    {"subjects": ["$JSC.a"]},
    {"subjects": ["$NRG.a"]},
    {"subjects": ["$SYS.a"]},
    {"subjects": ["$SYS.ACCOUNT.>"]},
    {"subjects": ["$SYS.>"], "no_ack": True},
    {"subjects": ["$JS.>"], "no_ack": True},
    {"subjects": ["$KV.b.>"]},
    {"subjects": ["$SYS"]},
    {"subjects": ["$JS"]},
    {"subjects": ["ü.ß", "日本.*"]},
    {"subjects": ["a\tb"]},
    {"subjects": ["a.b", "a b"]},
    {"subjects": ["a.>", "a..b"]},
    {"subjects": [None]},
    {"subjects": []},
    {"subjects": None},
    {"retention": "interest"},
    {"retention": "workqueue"},
    {"retention": "limits"},
    {"discard": "new"},
    {"discard": "old"},
    {"storage": "memory"},
    {"storage": "file"},
    {"max_msgs": 0},
    {"max_msgs": -1},
    {"max_msgs": -5},
    {"max_msgs": 10},
    {"max_bytes": -2},
    {"max_bytes": 1024},
    {"max_msgs_per_subject": -9},
    {"max_msgs_per_subject": 1},
    {"max_msg_size": -7},
    {"max_msg_size": 100},
    {"max_consumers": -3},
    {"max_consumers": 2},
    {"max_age": 1},
    {"max_age": -1},
    {"max_age": 100000000},
    {"max_age": 99999999},
    {"max_age": 1 * SECOND},
    {"max_age": 3600 * SECOND},
    {"duplicate_window": -1},
    {"duplicate_window": 1},
    {"duplicate_window": 100000000},
    {"duplicate_window": 1 * SECOND, "max_age": 500000000},
    {"duplicate_window": 1 * SECOND, "max_age": 1 * SECOND},
    {"duplicate_window": 3600 * SECOND},
    {"num_replicas": 0},
    {"num_replicas": 1},
    {"num_replicas": 3},
    {"num_replicas": 6},
    {"num_replicas": -1},
    {"no_ack": True},
    {"sealed": True},
    {"deny_delete": True},
    {"deny_purge": True},
    {"deny_purge": True, "allow_rollup_hdrs": True},
    {"allow_rollup_hdrs": True},
    {"allow_direct": True},
    {"mirror_direct": True},
    {"discard_new_per_subject": True},
    {"discard_new_per_subject": True, "discard": "new"},
    {"discard_new_per_subject": True, "discard": "new", "max_msgs_per_subject": 1},
    {"first_seq": 100},
    {"first_seq": 18446744073709551615},
    {"consumer_limits": {"max_ack_pending": 5}},
    {"consumer_limits": {"inactive_threshold": 5 * SECOND, "max_ack_pending": 5}},
    {"metadata": {"a": "b"}},
    {"metadata": {"z": "1", "_nats.ver": "x", "a": "<&>"}},
    {"metadata": {"a": "x" * 131072}},
    {"metadata": {"a": "x" * 131054}},
    {"placement": {}},
    {"placement": {"cluster": "c"}},
    {"placement": {"tags": ["a"]}},
    {"placement": {"preferred": "x"}},
    {"persist_mode": "async"},
    {"persist_mode": "async", "storage": "memory"},
    {"persist_mode": "async", "allow_atomic": True},
    {"persist_mode": "default"},
    {"subject_delete_marker_ttl": -1},
    {"subject_delete_marker_ttl": 5},
    {"allow_msg_counter": True, "discard": "new"},
    {"allow_msg_counter": True, "allow_msg_ttl": True},
    {"allow_msg_counter": True, "retention": "interest"},
    {"allow_msg_counter": True, "allow_msg_schedules": True},
    {"allow_msg_schedules": True, "discard": "new"},
    {"compression": "none"},
    {"compression": "s2"},
    {"compression": "s2", "storage": "memory"},
    {"allow_msg_ttl": True},
    {"name": "bad name"},
    {"name": "a.b"},
    {"name": ""},
    {"name": "é"},
    {"name": "B"},
    {"max_msgs": -5, "pedantic": True},
    {"max_bytes": -5, "pedantic": True},
    {"max_msg_size": -5, "pedantic": True},
    {"max_consumers": -5, "pedantic": True},
    {"max_msgs_per_subject": -5, "pedantic": True},
    {"max_age": 1 * SECOND, "pedantic": True},
    {"pedantic": True},
    {"max_age": 1 * SECOND, "duplicate_window": 1 * SECOND, "pedantic": True},
    {"subject_delete_marker_ttl": 1 * SECOND, "pedantic": True},
    {"allow_msg_schedules": True, "pedantic": True},
    {"allow_msg_ttl": True, "subject_delete_marker_ttl": 1 * SECOND, "pedantic": True},
    {"subject_transform": {"src": "a", "dest": "b"}},
    {"subject_transform": {"src": "a.*", "dest": "b.$2"}},
    {"subject_transform": {"src": "a..b", "dest": "b"}},
    {"subject_transform": {"src": "a..b", "dest": ""}},
    {"subject_transform": {"src": "a.*", "dest": "b..c"}},
    {"subject_transform": {"src": "", "dest": "b.>"}},
    {"subject_transform": {}},
    {"republish": {"src": "a", "dest": "b"}},
    {"republish": {"src": "a", "dest": "A"}},
    {"republish": {"src": "a", "dest": "*"}},
    {"republish": {"src": "", "dest": "b.>"}},
    {"republish": {"dest": ">"}},
    {"republish": {"src": ">", "dest": ">"}},
    {"republish": {}},
    {"republish": {"src": "a.*", "dest": "b.$2"}, "subject_transform": {"src": ".", "dest": "b"}},
    {"republish": {"src": "a.*", "dest": "b.$2"}, "max_bytes": -5, "subjects": ["a", "a"]},
    {"republish": {"src": "a.*", "dest": "b.$2"}, "placement": {"preferred": "x"}},
    {"subject_transform": {"src": ".", "dest": "b"}, "placement": {"preferred": "x"}},
    {"subject_transform": {"src": ".", "dest": "b"}, "subjects": ["a", "a"]},
    {"subject_transform": {"src": ".", "dest": "b"}, "subjects": [">"]},
    {"republish": {"src": ".", "dest": "b"}, "subjects": [">"]},
    {"republish": {"src": ">", "dest": ">"}, "subject_transform": {"src": "A", "dest": "b"}},
    {"republish": {"src": "", "dest": ">"}, "subject_transform": {"src": "A", "dest": "b"}},
    {"republish": {"src": ">", "dest": ">"}, "subject_transform": {"src": "A", "dest": "A"}},
    {"republish": {"src": ">", "dest": ">"}, "subject_transform": {"src": "*", "dest": "b.$1"}},
    {"republish": {"src": ">", "dest": ">"}, "subject_transform": {"src": "*", "dest": ""}},
    {"republish": {"src": ">", "dest": "b.>", "headers_only": True}},
    {"republish": {"src": "", "dest": "b.>"}, "pedantic": True},
    {"republish": {"src": ">", "dest": ">"}, "subject_transform": {"dest": "b"}, "pedantic": True},
    {"allow_msg_counter": True},
    {"allow_msg_counter": True, "allow_atomic": True, "allow_batched": True},
    {"allow_msg_counter": True, "persist_mode": "async"},
    {"allow_msg_counter": True, "allow_rollup_hdrs": True, "no_ack": True},
    {"allow_atomic": True},
    {"allow_batched": True},
    {"allow_batched": True, "persist_mode": "async"},
    {"allow_batched": True, "allow_atomic": True, "retention": "workqueue"},
    {"allow_msg_schedules": True},
    {"allow_msg_schedules": True, "deny_purge": True},
    {"allow_msg_schedules": True, "allow_rollup_hdrs": True, "pedantic": True},
    {"allow_msg_schedules": True, "allow_msg_ttl": True, "retention": "interest"},
    {"persist_mode": "async", "allow_batched": True, "storage": "file", "max_age": 1 * SECOND},
]

# What a real server does and this one refuses.
MORE: list[dict[str, Any]] = [
    {"mirror": {"name": "O"}},
    {"sources": [{"name": "O"}]},
]

# What there is, and what it is asked to become.
UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {"description": "x"}),
    ({}, {"subjects": ["b"]}),
    ({"storage": "file"}, {"storage": "memory"}),
    ({"retention": "limits"}, {"retention": "interest"}),
    ({"retention": "interest"}, {"retention": "limits"}),
    ({"retention": "workqueue"}, {"retention": "limits"}),
    ({}, {"retention": "workqueue"}),
    ({}, {"sealed": True}),
    (
        {"max_age": 1 * SECOND, "allow_rollup_hdrs": True},
        {"max_age": 1 * SECOND, "sealed": True, "allow_rollup_hdrs": True},
    ),
    ({"allow_msg_ttl": True}, {}),
    ({}, {"allow_msg_ttl": True}),
    ({"deny_delete": True}, {}),
    ({"deny_purge": True}, {}),
    ({"deny_delete": True, "deny_purge": True}, {"deny_delete": True}),
    ({}, {"deny_delete": True}),
    ({}, {"num_replicas": 3}),
    ({}, {"num_replicas": 9}),
    ({}, {"discard_new_per_subject": True}),
    ({"persist_mode": "async"}, {}),
    ({}, {"persist_mode": "async"}),
    ({}, {"max_msgs": 5}),
    ({"max_msgs": 5}, {}),
    ({}, {"name": "B"}),
    ({}, {"allow_direct": True}),
    ({}, {"mirror_direct": True}),
    ({}, {"mirror": {"name": "X"}, "subjects": []}),
    ({"first_seq": 5}, {}),
    ({}, {"first_seq": 5}),
    ({"duplicate_window": 1 * SECOND}, {}),
    ({}, {"max_age": 1 * SECOND}),
    ({}, {"max_age": 1}),
    ({}, {"consumer_limits": {"max_ack_pending": 2}}),
    ({"metadata": {"a": "b"}}, {}),
    ({}, {"metadata": {"_nats.req.level": "9", "q": "1"}}),
    ({}, {"placement": {}}),
    ({}, {"placement": {"preferred": "a"}}),
    ({}, {"compression": "none"}),
    ({}, {"compression": "s2"}),
    ({"compression": "s2"}, {}),
    ({}, {"max_msg_size": 4}),
    ({}, {"no_ack": True}),
    ({}, {"subjects": [">"]}),
    ({}, {"max_msgs": -7, "pedantic": True}),
    ({}, {"discard": "new"}),
    ({}, {"max_bytes": 100}),
    ({"sealed": False}, {"sealed": True, "pedantic": True}),
    ({}, {"subject_transform": {"src": "A", "dest": "b"}}),
    ({"subject_transform": {"src": "A", "dest": "b"}}, {}),
    ({}, {"subject_transform": {"src": "*", "dest": "b.$2"}}),
    ({}, {"subject_transform": {"src": ".", "dest": "b"}}),
    ({}, {"republish": {"src": "A", "dest": "b"}}),
    ({"republish": {"src": "A", "dest": "b"}}, {}),
    ({"republish": {"src": "A", "dest": "b"}}, {"republish": {"src": "A", "dest": "c"}}),
    ({}, {"republish": {"src": "A", "dest": "A"}}),
    ({}, {"allow_msg_counter": True}),
    ({"allow_msg_counter": True}, {}),
    ({"allow_msg_counter": True}, {"allow_msg_counter": True, "max_msgs": 4}),
    ({}, {"allow_atomic": True}),
    ({"allow_atomic": True}, {}),
    ({"persist_mode": "async"}, {"persist_mode": "async", "allow_atomic": True}),
    ({}, {"allow_batched": True}),
    ({"allow_batched": True}, {}),
    ({}, {"allow_msg_schedules": True}),
    ({"allow_msg_schedules": True}, {}),
    ({"deny_purge": True}, {"deny_purge": True, "allow_msg_schedules": True}),
    ({"discard": "new"}, {"discard": "new", "allow_msg_schedules": True}),
]

BODIES = [
    "",
    "{}",
    "[]",
    "5",
    '"x"',
    "null",
    "true",
    '{"name":"A","x":1}',
    '{"name":5}',
    '{"name":"A","max_msgs":"a"}',
    '{"name":"A","max_msgs":1.5}',
    '{"name":"A","max_msgs":1e3}',
    '{"name":"A","max_msgs":99999999999999999999}',
    '{"name":"A","max_msg_size":2147483648}',
    '{"name":"A","retention":"bogus"}',
    '{"name":"A","retention":5}',
    '{"name":"A","retention":null}',
    '{"name":"A","subjects":"x"}',
    '{"name":"A","subjects":[5]}',
    '{"name":"A","subjects":{"a":5}}',
    '{"name":"A","metadata":{"a":5}}',
    '{"name":"A","metadata":5}',
    '{"name":"A","compression":"zip"}',
    '{"name":"A","compression":""}',
    '{"name":"A","compression":5}',
    '{"name":"A","compression":null}',
    '{"name":"A","persist_mode":"zip"}',
    '{"name":"A","persist_mode":""}',
    '{"name":"A","consumer_limits":5}',
    '{"name":"A","consumer_limits":{"x":5}}',
    '{"name":"A","consumer_limits":{"max_ack_pending":"5"}}',
    '{"name":"A","placement":{"tags":[1]}}',
    '{"name":"A","placement":5}',
    '{"name":"A","sources":[{"name":1}]}',
    '{"name":"A","sources":5}',
    '{"name":"A","mirror":{"name":"b","opt_start_time":"x"}}',
    '{"name":"A","mirror":{"name":"b","opt_start_time":5}}',
    '{"name":"A","mirror":{"name":"b","subject_transforms":[5]}}',
    '{"name":"A","mirror":{"name":"b","external":5}}',
    '{"name":"A","mirror":{"name":"b","consumer":5}}',
    '{"name":"A","republish":5}',
    '{"name":"A","subject_transform":[]}',
    '{"name":"A","first_seq":-1}',
    '{"name":"A","no_ack":1}',
    '{"name":"A","discard":"NEW"}',
    '{"NAME":"A","Max_Msgs":3}',
    '{"name":"A","sealed":true}',
    '{"name":"A","duplicate_window":"2m"}',
    '{"name":"A","max_age":1e20}',
    '{"name":"A","allow_direct":null,"subjects":null,"placement":null,"max_msgs":null,"metadata":null,"mirror":null,"sources":null,"consumer_limits":null}',
    '{"name":"A","template_owner":"x"}',
    '{"x":1,"retention":"bogus"}',
    '{"max_msgs":"a","x":1}',
    '{"x":1,"max_msgs":"a"}',
    '{"name":"A","name":"B"}',
    '{"name":"B","name":"A"}',
    '{"name":"A","metadata":{"a":null}}',
    '{"name":"A","subjects":["a",null]}',
    '{"name":"A","subjects":["a"],"subjects":["b"]}',
    '{"name":"A","Name":"A"}',
    '{"name":"A","max_msgs":true}',
    '{"name":"A","max_msgs":[]}',
    '{"name":"A","max_msgs":{}}',
    '{"name":"A","max_msgs":-0}',
    '{"name":"A","max_msgs":1.0}',
    '{"name":"A","x\\"y":1}',
    '{"name":"A","pedantic":5}',
    '{"pedantic":"a"}',
    '{"name":"A","retention":"Limits"}',
    '{"name":"A","storage":""}',
    '{"name":"A","discard":"X"}',
    '  {"name":"A"}  \n',
    '{"name":"A","subjects":[1,"a",{}]}',
    '{"name":"A","subjects":["a",1],"max_msgs":"x"}',
]

# The same error, told in other words.
NOT_JSON = [
    '{"name":"A"',
    '{"name":"A",}',
    '{"name":}',
    "x",
    '{"name":"A"} x',
]
NAMES = ["a/b", "a\\b", "x" * 256, "x" * 255, "é" * 128, "A", "-_="]


def judged(name: str, body: bytes) -> str | dict[str, Any]:
    """Return what we would show of a new stream, or the error."""
    try:
        config, pedantic = stream_config.decode_stream_request(body)
        stream_check.check_names(name, config)
        return shown(stream_check.check_new(config, pedantic=pedantic))
    except JetStreamError as error:
        return refusal(error)


def updated(name: str, before: bytes, after: bytes) -> str | dict[str, Any]:
    """Return what we would show of an updated stream, or the error."""
    old = stream_check.check_new(stream_config.decode_stream_config(before))
    try:
        config, pedantic = stream_config.decode_stream_request(after)
        stream_check.normalise(config, pedantic=pedantic)
        if config.name != name:
            return refusal(JetStreamError(STREAM_MISMATCH))
        return shown(stream_check.check_update(old, config, pedantic=pedantic))
    except JetStreamError as error:
        return refusal(error)


def shown(config: stream_config.StreamConfig) -> str:
    return gojson.encode(stream_config.for_response(config)).decode()


async def create(reference: Reference, name: str, body: bytes) -> str | dict[str, Any]:
    """Return what a real server shows of a new stream, or its error; the stream goes again."""
    answer = await reference.ask(f"STREAM.CREATE.{name}", body)
    error = error_of(answer)
    if error is None:
        await reference.make(f"STREAM.DELETE.{name}", b"")
    return error or part(answer, b'"config":', b',"created"')


def request(config: dict[str, Any]) -> bytes:
    return json.dumps({"name": "A", **config}).encode()


def test_new_streams(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        for config in NEW:
            theirs = await create(reference, "A", request(config))
            ours = judged("A", request(config))
            if ours != theirs:
                different.append((config, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_names(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        for name in NAMES:
            body = json.dumps({"name": name}).encode()
            theirs = await create(reference, name, body)
            ours = judged(name, body)
            if ours != theirs:
                different.append((name, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_bodies(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        for text in BODIES:
            theirs = await create(reference, "A", text.encode())
            ours = judged("A", text.encode())
            if ours != theirs:
                different.append((text, theirs, ours))
        for text in NOT_JSON:
            theirs = await create(reference, "A", text.encode())
            ours = judged("A", text.encode())
            assert isinstance(theirs, dict)
            assert isinstance(ours, dict)
            if ours["err_code"] != theirs["err_code"]:
                different.append((text, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_updates(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        for before, after in UPDATES:
            await reference.make("STREAM.CREATE.A", request(before))
            answer = await reference.ask("STREAM.UPDATE.A", request(after))
            await reference.make("STREAM.DELETE.A", b"")
            theirs = error_of(answer) or part(answer, b'"config":', b',"created"')
            ours = updated("A", request(before), request(after))
            if ours != theirs:
                different.append((before, after, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_what_is_not_supported_is_fine_elsewhere(nats_server):
    """Each of these is refused for want of the feature, not because it is wrong."""

    async def compare(reference: Reference) -> None:
        for config in MORE:
            assert isinstance(await create(reference, "A", request(config)), str), config

    with_reference(nats_server(jetstream=True).client_url, compare)
    for config in MORE:
        ours = judged("A", request(config))
        assert isinstance(ours, dict)
        assert ours["err_code"] == 10052
        assert ours["description"].endswith("is not supported by this server")


def test_the_same_again(nats_server):
    different = []
    again = [({}, {}), ({}, {"subjects": ["A"]}), ({"max_msgs": 5}, {}), ({}, {"max_msgs": -4})]
    again += [({"metadata": {"a": "1"}}, {"metadata": {"_nats.ver": "x", "a": "1"}})]
    again += [({}, {"duplicate_window": 120 * SECOND}), ({}, {"description": "x"})]

    async def compare(reference: Reference) -> None:
        for before, after in again:
            await reference.make("STREAM.CREATE.A", request(before))
            answer = await reference.ask("STREAM.CREATE.A", request(after))
            await reference.make("STREAM.DELETE.A", b"")
            checked = [
                stream_check.check_new(stream_config.decode_stream_config(request(config)))
                for config in (before, after)
            ]
            if stream_check.same_config(*checked) != (error_of(answer) is None):
                different.append((before, after, answer))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []
