"""Tests of headwater.jetstream.responses."""

import json

import pytest

from headwater.base.gojson import ZERO_TIME, ZERO_TIME_NS
from headwater.jetstream import api_errors, responses, stream_check
from headwater.jetstream.consumer_config import ConsumerConfig
from headwater.jetstream.requests import read_body
from headwater.jetstream.responses import (
    AccountInfo,
    AccountLimits,
    ApiStats,
    ConsumerInfo,
    Kind,
    Page,
    SequenceInfo,
    StoredMessage,
    StreamState,
)
from headwater.jetstream.stream_config import StreamConfig
from tests.jetstream import SECOND, Reference, with_reference

CONFIG = stream_check.check_new(StreamConfig(name="A"))
CREATED_NS = 1_704_067_200 * SECOND


def info(**more) -> responses.StreamInfo:
    return responses.stream_info(CONFIG, CREATED_NS, StreamState(), CREATED_NS + 5, **more)


def test_errors_stand_behind_the_type():
    assert responses.error(Kind.STREAM_DELETE, api_errors.STREAM_NOT_FOUND) == (
        b'{"type":"io.nats.jetstream.api.v1.stream_delete_response",'
        b'"error":{"code":404,"err_code":10059,"description":"stream not found"}}'
    )


def test_times_without_a_value():
    assert responses.moment(0) == ZERO_TIME
    assert responses.moment(CREATED_NS + 1) == "2024-01-01T00:00:00.000000001Z"


def test_a_created_stream_tells_so_last():
    body = responses.stream_created(info())
    found = json.loads(body)
    assert list(found) == ["type", "config", "created", "state", "ts", "did_create"]
    assert found["config"]["metadata"]["_nats.ver"]


def test_a_described_stream_has_a_page_in_front():
    body = responses.stream_described(info(domain="D", leader="L"), Page(total=3, limit=10))
    found = json.loads(body)
    names = ["type", "total", "offset", "limit", "config", "created", "state"]
    assert list(found) == [*names, "domain", "cluster", "ts"]
    assert found["total"] == 3
    assert found["cluster"] == {"leader": "L"}


def test_lists_do_not_tell_the_server():
    found = json.loads(responses.stream_list([info()], 1, 0))
    assert found["streams"][0]["config"]["metadata"] == {"_nats.req.level": "0"}


@pytest.mark.parametrize(
    ("offset", "told", "first", "count"),
    [(0, 0, "s0", 1024), (1024, 1024, "s1024", 6), (5000, 1030, None, 0), (-4, 0, "s0", 1024)],
)
def test_names_come_in_pages(offset, told, first, count):
    names = [f"s{index}" for index in range(1030)]
    found = json.loads(responses.stream_names(names, offset))
    assert (found["total"], found["offset"], found["limit"]) == (1030, told, 1024)
    page = found["streams"] or []
    assert len(page) == count
    assert page[:1] == ([first] if first else [])


def test_acknowledgements():
    head = responses.publish_ack_head("A")
    assert head + b"7}" == b'{"stream":"A","seq":7}'
    assert head + b'7,"duplicate": true}' == (b'{"stream":"A","seq":7,"duplicate": true}')
    there = responses.publish_ack_head("A", "hub")
    assert there + b"7}" == b'{"stream":"A","domain":"hub","seq":7}'


def test_a_pause_tells_how_long():
    found = json.loads(responses.consumer_paused(CREATED_NS + 10, CREATED_NS))
    assert found["paused"] is True
    assert found["pause_remaining"] == 10
    over = json.loads(responses.consumer_paused(ZERO_TIME_NS, CREATED_NS))
    assert (over["paused"], over["pause_until"]) == (False, ZERO_TIME)
    assert "pause_remaining" not in over


def test_a_message_is_base64():
    message = responses.stored_message(b"a.b", 3, b"", b"hi", CREATED_NS)
    assert json.loads(responses.message_found(message))["message"] == {
        "subject": "a.b",
        "seq": 3,
        "data": "aGk=",
        "time": "2024-01-01T00:00:00Z",
    }


def test_a_refused_message_names_the_stream():
    body = responses.publish_refused(api_errors.STREAM_NOT_MATCH, "A")
    assert list(json.loads(body)) == ["error", "stream", "seq"]


# --- beside the real server: what it says is said again with our encoders ---------------------


def again(kind: Kind, answer: bytes) -> bytes:
    """Return the answer as we would have encoded what is in it."""
    found = json.loads(answer)
    if "error" in found:
        return responses.error(kind, api_errors.ApiError(**found["error"]))
    return AGAIN[kind](found)


def stream_of(found: dict) -> responses.StreamInfo:
    return responses.StreamInfo(
        config=config_of(StreamConfig, found["config"]),
        created=found["created"],
        state=StreamState(**found["state"]),
        domain=found.get("domain", ""),
        cluster=responses.ClusterInfo(**found["cluster"]) if "cluster" in found else None,
        ts=found["ts"],
    )


def consumer_of(found: dict) -> ConsumerInfo:
    numbers = {name: found[name] for name in found if name.startswith("num_")}
    numbers |= {name: found[name] for name in ("paused", "pause_remaining") if name in found}
    return ConsumerInfo(
        stream_name=found["stream_name"],
        name=found["name"],
        created=found["created"],
        config=config_of(ConsumerConfig, found["config"]),
        delivered=SequenceInfo(**found["delivered"]),
        ack_floor=SequenceInfo(**found["ack_floor"]),
        ts=found["ts"],
        **numbers,
    )


def config_of(kind: type, found: dict):
    return read_body(kind, json.dumps(found).encode())


def account_of(found: dict) -> AccountInfo:
    limits = AccountLimits(**found.pop("limits"))
    stats = ApiStats(**found.pop("api"))
    del found["type"]
    return AccountInfo(limits=limits, api=stats, **found)


def page_of(found: dict) -> Page:
    return Page(total=found["total"], offset=found["offset"], limit=found["limit"])


def padded(found: dict, name: str) -> list[str]:
    """Return all names of which an answer holds the last: those before its page were not told."""
    return ["?"] * (found["total"] - len(found[name])) + found[name]


AGAIN = {
    Kind.ACCOUNT_INFO: lambda found: responses.account_info(account_of(found)),
    Kind.STREAM_CREATE: lambda found: responses.stream_created(stream_of(found)),
    Kind.STREAM_UPDATE: lambda found: responses.stream_updated(stream_of(found)),
    Kind.STREAM_INFO: lambda f: responses.stream_described(stream_of(f), page_of(f)),
    Kind.STREAM_NAMES: lambda f: responses.stream_names(padded(f, "streams"), f["offset"]),
    Kind.STREAM_LIST: lambda found: responses.stream_list(
        [stream_of(stream) for stream in found["streams"]], found["total"], found["offset"]
    ),
    Kind.STREAM_DELETE: lambda _: responses.success(Kind.STREAM_DELETE),
    Kind.STREAM_PURGE: lambda found: responses.purged(found["purged"]),
    Kind.MESSAGE_GET: lambda found: responses.message_found(StoredMessage(**found["message"])),
    Kind.MESSAGE_DELETE: lambda _: responses.success(Kind.MESSAGE_DELETE),
    Kind.CONSUMER_CREATE: lambda found: responses.consumer_created(consumer_of(found)),
    Kind.CONSUMER_INFO: lambda found: responses.consumer_described(consumer_of(found)),
    Kind.CONSUMER_NAMES: lambda f: responses.consumer_names(padded(f, "consumers"), f["offset"]),
    Kind.CONSUMER_LIST: lambda found: responses.consumer_list(
        [consumer_of(consumer) for consumer in found["consumers"]], found["total"], found["offset"]
    ),
    Kind.CONSUMER_DELETE: lambda _: responses.success(Kind.CONSUMER_DELETE),
    Kind.CONSUMER_RESET: lambda f: responses.consumer_reset(consumer_of(f), f["reset_seq"]),
}
PAUSED = b'{"pause_until":"2099-01-01T00:00:00Z"}'
TALK = [
    (Kind.ACCOUNT_INFO, "INFO", b""),
    (Kind.STREAM_CREATE, "STREAM.CREATE.A", {"name": "A", "subjects": ["a.>"]}),
    (Kind.STREAM_CREATE, "STREAM.CREATE.B", {"name": "B", "metadata": {"a": "b"}}),
    (Kind.STREAM_CREATE, "STREAM.CREATE.C", {"name": "A"}),
    (Kind.STREAM_UPDATE, "STREAM.UPDATE.A", {"name": "A", "subjects": ["a.>"], "max_msgs": 9}),
    (Kind.STREAM_UPDATE, "STREAM.UPDATE.Z", {"name": "Z"}),
    (Kind.STREAM_INFO, "STREAM.INFO.B", b""),
    (Kind.STREAM_INFO, "STREAM.INFO.Z", b""),
    (Kind.STREAM_NAMES, "STREAM.NAMES", b""),
    (Kind.STREAM_NAMES, "STREAM.NAMES", b'{"offset":1}'),
    (Kind.STREAM_NAMES, "STREAM.NAMES", b'{"x":1}'),
    (Kind.STREAM_LIST, "STREAM.LIST", b""),
    (Kind.STREAM_LIST, "STREAM.LIST", b'{"offset":9}'),
    (Kind.STREAM_LIST, "STREAM.LIST", b'{"x":1}'),
    (None, "a.b", b"one"),
    (None, "a.b", b"two"),
    (None, "a.c", b"three"),
    (Kind.MESSAGE_GET, "STREAM.MSG.GET.A", {"seq": 1}),
    (Kind.MESSAGE_GET, "STREAM.MSG.GET.A", {"seq": 9}),
    (Kind.MESSAGE_DELETE, "STREAM.MSG.DELETE.A", {"seq": 2}),
    (Kind.STREAM_INFO, "STREAM.INFO.A", b'{"subjects_filter":">","deleted_details":true}'),
    (Kind.CONSUMER_CREATE, "CONSUMER.CREATE.A.C", {"stream_name": "A", "config": {"name": "C"}}),
    (Kind.CONSUMER_CREATE, "CONSUMER.CREATE.A.C", {"stream_name": "B"}),
    (Kind.CONSUMER_INFO, "CONSUMER.INFO.A.C", b""),
    (Kind.CONSUMER_INFO, "CONSUMER.INFO.A.Z", b""),
    (Kind.CONSUMER_NAMES, "CONSUMER.NAMES.A", b""),
    (Kind.CONSUMER_NAMES, "CONSUMER.NAMES.B", b""),
    (Kind.CONSUMER_NAMES, "CONSUMER.NAMES.Z", b""),
    (Kind.CONSUMER_LIST, "CONSUMER.LIST.A", b""),
    (Kind.CONSUMER_LIST, "CONSUMER.LIST.Z", b""),
    (Kind.CONSUMER_PAUSE, "CONSUMER.PAUSE.A.Z", PAUSED),
    (Kind.CONSUMER_RESET, "CONSUMER.RESET.A.C", b""),
    (Kind.CONSUMER_RESET, "CONSUMER.RESET.A.C", b"x"),
    (Kind.CONSUMER_DELETE, "CONSUMER.DELETE.A.C", b""),
    (Kind.CONSUMER_DELETE, "CONSUMER.DELETE.A.C", b""),
    (Kind.STREAM_PURGE, "STREAM.PURGE.A", b""),
    (Kind.STREAM_PURGE, "STREAM.PURGE.Z", b""),
    (Kind.STREAM_DELETE, "STREAM.DELETE.A", b""),
    (Kind.STREAM_DELETE, "STREAM.DELETE.A", b""),
]


@pytest.mark.hub
def test_answers_byte_by_byte(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        for kind, verb, body in TALK:
            if kind is None:
                await reference.publish(verb, body)
                continue
            theirs = await reference.ask(verb, body)
            ours = again(kind, theirs)
            if ours != theirs:
                different.append((verb, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


@pytest.mark.hub
def test_a_pause_byte_by_byte(nats_server):
    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", {"name": "A"})
        await reference.make("CONSUMER.CREATE.A.C", {"stream_name": "A", "config": {}})
        theirs = await reference.ask("CONSUMER.PAUSE.A.C", PAUSED)
        until_ns = 4_070_908_800 * SECOND
        now_ns = until_ns - json.loads(theirs)["pause_remaining"]
        assert responses.consumer_paused(until_ns, now_ns) == theirs
        assert responses.consumer_paused(ZERO_TIME_NS, 1) == await reference.ask(
            "CONSUMER.PAUSE.A.C"
        )

    with_reference(nats_server(jetstream=True).client_url, compare)


@pytest.mark.hub
@pytest.mark.parametrize("domain", ["", "hub"])
def test_acknowledgements_byte_by_byte(nats_server, domain):
    config = f"jetstream {{ domain: {domain} }}" if domain else ""
    head = responses.publish_ack_head("A", domain)

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", {"name": "A"})
        assert await reference.publish("A", b"") == head + b"1}"
        marked = {"Nats-Msg-Id": "1"}
        assert await reference.publish("A", b"", marked) == head + b"2}"
        twin = await reference.publish("A", b"", marked)
        assert twin == head + b'2,"duplicate": true}'
        wrong = await reference.publish("A", b"", {"Nats-Expected-Stream": "B"})
        assert wrong == responses.publish_refused(api_errors.STREAM_NOT_MATCH, "A")
        late = await reference.publish("A", b"", {"Nats-Expected-Last-Sequence": "9"})
        error = api_errors.STREAM_WRONG_LAST_SEQUENCE.filled(seq=2)
        assert late == responses.publish_refused(error, "A")

    with_reference(nats_server(jetstream=True, config=config).client_url, compare)
