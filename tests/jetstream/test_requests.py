"""Tests of headwater.jetstream.requests."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream import requests
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import decode_consumer_config, decode_create_request
from headwater.jetstream.requests import (
    BareNext,
    MessageGetRequest,
    NextRequest,
    PurgeRequest,
    StreamInfoRequest,
    StreamListRequest,
)
from headwater.jetstream.stream_config import decode_stream_config, decode_stream_request
from tests.jetstream import SECOND, Reference, error_of, refusal, with_reference

MADE_FOR_THE_API = [
    decode_stream_config,
    decode_stream_request,
    decode_consumer_config,
    decode_create_request,
    requests.read_purge,
    requests.read_message_get,
    requests.read_message_delete,
    requests.read_reset,
    lambda body: requests.read_optional(StreamInfoRequest, body),
    requests.read_pause,
]
MADE_FOR_STATUS = [requests.read_direct_get, requests.read_next]

_WORDS = [
    *("name", "subjects", "max_msgs", "retention", "metadata", "sources", "config", "backoff"),
    *("consumer_limits", "seq", "keep", "opt_start_time", "pause_until", "start_time", "placement"),
    *("tags", "compression", "deliver_policy", "offset"),
]
_KEYS = st.one_of(st.sampled_from(_WORDS), st.text(max_size=5))
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2024-01-01T00:00:00Z", "2024-99-01T00:00:00Z", "limits", "s2", ""]),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)
_BODIES = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(_KEYS, _VALUES, max_size=5).map(lambda value: json.dumps(value).encode()),
    _VALUES.map(lambda value: json.dumps(value).encode()),
)


@pytest.mark.parametrize("read", MADE_FOR_THE_API)
@given(body=_BODIES)
def test_nothing_but_api_errors_comes_out(read, body):
    with contextlib.suppress(JetStreamError):
        read(body)


@pytest.mark.parametrize("read", MADE_FOR_STATUS)
@given(body=_BODIES)
def test_nothing_but_value_errors_comes_out(read, body):
    with contextlib.suppress(ValueError):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"metadata":' * 50_000,
        b'{"max_msgs":' + b"9" * 10_000 + b"}",
        b'{"name":"\\ud800"}',
        b'{"name":"' + b"x" * 10,
        b"\xef\xbb\xbf{}",
        b'{"max_age":1e999}',
        b'{"max_age":NaN}',
    ],
    ids=lambda body: body[:14].decode(),
)
def test_hostile_bodies_are_refused(body):
    with pytest.raises(JetStreamError, match="invalid JSON"):
        decode_stream_config(body)


def test_bytes_that_are_not_utf8_are_replaced():
    assert decode_stream_config(b'{"description":"a\xffb"}').description == "a�b"


def test_keys_match_in_any_case_and_the_last_one_wins():
    config = decode_stream_config(b'{"NAME":"A","name":"B","Max_Msgs":3}')
    assert (config.name, config.max_msgs) == ("B", 3)


def test_null_leaves_a_field_as_it_was():
    assert decode_stream_config(b'{"subjects":null,"max_age":null}') == decode_stream_config(b"{}")


def test_the_first_of_several_errors_is_told():
    with pytest.raises(JetStreamError, match='unknown field "x"'):
        decode_stream_config(b'{"x":1,"max_msgs":"a","retention":"bogus"}')


def test_unknown_fields_may_be_let_through():
    assert requests.read_body(PurgeRequest, b'{"seq":4,"x":1}', strict=False).seq == 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", PurgeRequest()),
        (b"x", PurgeRequest()),
        (b"{}", PurgeRequest()),
        (b'{"seq":5}', PurgeRequest(seq=5)),
        (b'{"keep":2,"filter":"a.*"}', PurgeRequest(keep=2, filter="a.*")),
    ],
)
def test_purges(body, expected):
    assert requests.read_purge(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", BareNext(batch=1)),
        (b"  ", BareNext(batch=1)),
        (b"5", BareNext(batch=5)),
        (b" 12\n", BareNext(batch=12)),
        (b"-3", BareNext(batch=-3)),
        (b"many", BareNext(batch=1)),
        (b"99999999999999999999999", BareNext(batch=1)),
        (b"\xd9\xa3", BareNext(batch=1)),  # a digit, but none of ASCII
        (b"[]", BareNext(batch=1)),
        (b"{}", NextRequest()),
        (b'{"batch":3,"no_wait":true,"unknown":1}', NextRequest(batch=3, no_wait=True)),
        (
            b'{"expires":2000000000,"idle_heartbeat":1000000000,"max_bytes":9}',
            NextRequest(expires_ns=2 * SECOND, idle_heartbeat_ns=SECOND, max_bytes=9),
        ),
        (b'{"Batch":3,"expires":null}', NextRequest(batch=3)),
        (b'{"batch":3,"batch":4}', NextRequest(batch=4)),
        (b'{"group":"g","min_pending":2,"id":"p"}', NextRequest(group="g", min_pending=2, id="p")),
    ],
)
def test_pull_requests(body, expected):
    assert requests.read_next(body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"expires":1000000000,"idle_heartbeat":600000000}', "heartbeat value too large"),
        (b'{"idle_heartbeat":1}', "heartbeat value too large"),
        (b'{"batch":"x"}', "cannot unmarshal string"),
        (b'{"expires":9223372036854775808}', "cannot unmarshal number 9223372036854775808"),
        (b'{"batch":1.0}', "cannot unmarshal number 1.0"),
        (b"{", "unexpected end of JSON input"),
    ],
)
def test_bad_pull_requests(body, reason):
    with pytest.raises(ValueError, match=reason):
        requests.read_next(body)


@given(
    st.dictionaries(
        st.sampled_from(["batch", "expires", "no_wait", "id", "Batch", "x", "idle_heartbeat"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.floats(allow_nan=False),
        max_size=4,
    )
)
def test_the_short_way_gives_what_the_long_one_does(fields):
    body = json.dumps(fields).encode()

    def outcome(read):
        try:
            return read(body)
        except ValueError as error:
            return str(error)
        except JetStreamError as error:
            return str(error).removeprefix("invalid JSON: ")

    ours = outcome(requests.read_next)
    if ours != "heartbeat value too large":
        assert ours == outcome(lambda b: requests.read_lenient(NextRequest, b))


def test_times_are_nanoseconds():
    request = requests.read_message_get(b'{"start_time":"2024-01-01T02:00:00.000000001+02:00"}')
    assert request.start_time_ns == 1_704_067_200 * SECOND + 1
    assert request.up_to_time_ns is None


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.100Z", "2024-01-01T00:00:00.1Z"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.1234567891+02:00", "2024-01-01T00:00:00.123456789+02:00"),
    ],
)
def test_times_are_kept_as_they_print(given_text, kept):
    body = json.dumps({"start_time": given_text}).encode()
    assert requests.read_message_get(body).start_time == kept


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (500_000_000, "500ms"),
        (1_500_000_000, "1.5s"),
        (-SECOND, "-1s"),
        (120 * SECOND, "2m0s"),
        (3_661 * SECOND + 5, "1h1m1.000000005s"),
    ],
)
def test_durations_read_as_go_prints_them(duration_ns, text):
    assert requests.duration_text(duration_ns) == text


@pytest.mark.parametrize("body", [b"", b"{}", b" { } "])
def test_empty_bodies(body):
    assert requests.is_empty(body)
    requests.check_empty(body)


@pytest.mark.parametrize("body", [b"x", b"null", b"[]", b'{"a":1}', b"[" * 100_000])
def test_bodies_that_are_not_empty(body):
    assert not requests.is_empty(body)
    with pytest.raises(JetStreamError, match="expected an empty request payload"):
        requests.check_empty(body)


# --- beside the real server ------------------------------------------------------------------

ERRORS = [
    ("STREAM.PURGE.A", requests.read_purge),
    ("STREAM.MSG.GET.A", requests.read_message_get),
    ("STREAM.MSG.DELETE.A", requests.read_message_delete),
    ("STREAM.INFO.A", lambda body: requests.read_optional(StreamInfoRequest, body)),
    ("STREAM.LIST", lambda body: requests.read_optional(StreamListRequest, body)),
    ("CONSUMER.PAUSE.A.C", requests.read_pause),
    ("CONSUMER.INFO.A.C", requests.check_empty),
]
BODIES = [
    b"",
    b"{}",
    b"x",
    b"[]",
    b"5",
    b'{"x":1}',
    b'{"seq":1}',
    b'{"seq":"1"}',
    b'{"seq":-1}',
    b'{"seq":1,"keep":1}',
    b'{"filter":5}',
    b'{"last_by_subj":"A"}',
    b'{"last_by_subj":"A","seq":1}',
    b'{"last_by_subj":"A","next_by_subj":"A"}',
    b'{"next_by_subj":"A"}',
    b'{"next_by_subj":"A","seq":1}',
    b'{"start_time":"2024-01-01T00:00:00Z"}',
    b'{"start_time":"2024-01-01T00:00:00Z","seq":1}',
    b'{"start_time":"2024-01-01T00:00:00Z","last_by_subj":"A"}',
    b'{"start_time":"2024-01-01T00:00:00Z","next_by_subj":"A"}',
    b'{"start_time":5}',
    b'{"seq":1,"batch":2}',
    b'{"seq":1,"max_bytes":2}',
    b'{"seq":1,"no_hdr":true}',
    b'{"multi_last":["A"]}',
    b'{"multi_last":["A"],"last_by_subj":"A"}',
    b'{"multi_last":["A"],"next_by_subj":"A"}',
    b'{"last_by_subj":"A","batch":2}',
    b'{"multi_last":["A"],"up_to_seq":1,"up_to_time":"2024-01-01T00:00:00Z"}',
    b'{"offset":1}',
    b'{"offset":"1"}',
    b'{"deleted_details":1}',
    b'{"subjects_filter":5}',
    b'{"pause_until":"x"}',
]
# What a request that can be read may still be told.
AFTER_READING = (10037, 10043, 10057)


@pytest.mark.hub
@pytest.mark.parametrize(("verb", "read"), ERRORS, ids=lambda value: str(value)[:22])
def test_errors_of_requests(nats_server, verb, read):
    different = []

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", {"name": "A"})
        await reference.make("CONSUMER.CREATE.A.C", {"stream_name": "A", "config": {}})
        for body in BODIES:
            await reference.publish("A", b"x")
            theirs = error_of(await reference.ask(verb, body))
            if theirs is not None and theirs["err_code"] in AFTER_READING:
                theirs = None
            ours = None
            try:
                read(body)
            except JetStreamError as error:
                ours = refusal(error)
            if ours != theirs:
                different.append((body, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


@pytest.mark.hub
def test_statuses_of_direct_gets(nats_server):
    different = []

    async def compare(reference: Reference) -> None:
        await reference.make("STREAM.CREATE.A", {"name": "A", "allow_direct": True})
        await reference.publish("A", b"x")
        for body in BODIES:
            theirs = await reference.status("DIRECT.GET.A", body)
            ours = ""
            try:
                requests.read_direct_get(body)
            except ValueError as error:
                ours = f"408 {error}"
            if ours != (theirs if theirs.startswith("408") else ""):
                different.append((body, theirs, ours))

    with_reference(nats_server(jetstream=True).client_url, compare)
    assert different == []


def test_a_request_for_messages_keeps_what_was_asked():
    request = requests.read_direct_get(b'{"multi_last":["a.*","b"],"up_to_seq":9,"batch":2}')
    assert request == MessageGetRequest(multi_last=("a.*", "b"), up_to_seq=9, batch=2)
