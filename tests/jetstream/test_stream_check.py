"""Tests of headwater.jetstream.stream_check; test_stream_check_reference holds the comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headwater.jetstream import stream_check
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_config import ConsumerConfig
from headwater.jetstream.quota import Quota
from headwater.jetstream.stream_check import (
    StreamLimits,
    check_consumers,
    check_new,
    check_overlap,
    check_reservation,
    check_update,
    normalise,
    not_supported,
    same_config,
)
from headwater.jetstream.stream_config import (
    ConsumerLimits,
    Discard,
    Retention,
    Storage,
    StreamConfig,
    StreamSource,
    decode_stream_config,
)
from tests.jetstream import SECOND


def refused(code: int, text: str | None = None):
    """Expect a JetStreamError of this number whose text matches ``text``."""
    return pytest.raises(
        JetStreamError, check=lambda error: error.error.err_code == code, match=text
    )


def stream(**fields) -> StreamConfig:
    return StreamConfig(**{"name": "A", **fields})


def test_defaults():
    config = check_new(stream())
    assert config.subjects == ("A",)
    assert config.num_replicas == 1
    assert (config.max_msgs, config.max_bytes, config.max_msg_size) == (-1, -1, -1)
    assert (config.max_consumers, config.max_msgs_per_subject) == (-1, -1)
    assert config.duplicate_window_ns == 120 * SECOND
    assert config.metadata == {"_nats.req.level": "0"}


def test_checking_again_changes_nothing():
    config = check_new(stream(max_age_ns=SECOND, subjects=("a.*", "b")))
    assert check_new(config) == config
    assert normalise(config) == config


def test_what_was_asked_for_is_left_alone():
    asked = stream(metadata={"_nats.ver": "x"})
    check_new(asked)
    assert asked == stream(metadata={"_nats.ver": "x"})


@given(
    st.builds(
        StreamConfig,
        name=st.sampled_from(["A", "a.b", "", "x" * 256]) | st.text(max_size=4),
        subjects=st.lists(st.text(alphabet="ab.*> $JSY", max_size=6), max_size=3).map(tuple),
        max_age_ns=st.integers(-(2**63), 2**63 - 1),
        duplicate_window_ns=st.integers(-(2**63), 2**63 - 1),
        max_msgs=st.integers(-(2**63), 2**63 - 1),
        num_replicas=st.integers(-1, 7),
        no_ack=st.booleans(),
        discard=st.sampled_from(Discard),
        retention=st.sampled_from(Retention),
        metadata=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    )
)
def test_a_stream_is_refused_or_stable(config):
    try:
        checked = check_new(config)
    except JetStreamError as error:
        assert error.error.code in (400, 500)  # noqa: PT017 (both outcomes are fine)
    else:
        assert check_new(checked) == checked
        assert check_update(checked, checked) == checked


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a*", ">", "a/b", "a\\b", "a\tb", "a\nb"])
def test_names_that_are_none(name):
    assert not stream_check.is_valid_name(name)
    with refused(10052, "stream name is required"):
        check_new(stream(name=name))


def test_the_server_limits_the_duplicate_window():
    limits = StreamLimits(duplicate_window_max_ns=10 * SECOND)
    assert check_new(stream(), limits).duplicate_window_ns == 10 * SECOND
    with refused(10052, "larger then server limit of 10s"):
        check_new(stream(duplicate_window_ns=11 * SECOND), limits)
    with refused(10157, "duplicate window limits are higher"):
        check_new(stream(), limits, pedantic=True)


def test_the_account_limits_max_bytes():
    required = StreamLimits(max_bytes_required=True)
    with refused(10113):
        check_new(stream(), required)
    assert check_new(stream(max_bytes=5), required).max_bytes == 5
    limits = StreamLimits(memory_max_stream_bytes=10, file_max_stream_bytes=20)
    assert check_new(stream(max_bytes=20), limits).max_bytes == 20
    with refused(10122):
        check_new(stream(max_bytes=20, storage=Storage.MEMORY), limits)
    with refused(10122):
        check_new(stream(max_bytes=21), limits)


@pytest.mark.parametrize(("storage", "code"), [(Storage.FILE, 10047), (Storage.MEMORY, 10028)])
def test_a_stream_must_fit_beside_the_others(storage, code):
    server = Quota(100)
    for quota in (Quota(100, Quota(-1)), Quota(-1, server), Quota(100, server)):
        config = check_new(stream(max_bytes=40, storage=storage))
        server.reserved = 0
        quota.reserve(60)
        check_reservation(config, quota, StreamLimits())
        quota.reserve(1)
        with refused(code):
            check_reservation(config, quota, StreamLimits())
        check_reservation(config, quota, StreamLimits(), released_bytes=1)
        unlimited = check_new(stream(storage=storage))
        quota.reserve(38)
        check_reservation(unlimited, quota, StreamLimits())
        quota.reserve(1)
        with refused(code):
            check_reservation(unlimited, quota, StreamLimits())
    endless = Quota(-1, Quota(-1))
    endless.reserve(10**18)
    check_reservation(config, endless, StreamLimits())


def test_the_account_limits_the_consumers_of_a_stream():
    limits = StreamLimits(max_consumers=3)
    check_reservation(check_new(stream(max_consumers=3)), Quota(-1), limits)
    with refused(10026):
        check_reservation(check_new(stream(max_consumers=4)), Quota(-1), limits)


@pytest.mark.parametrize(
    ("subjects", "free"),
    [(["b"], True), (["a"], False), (["*"], False), (["b", "c.d"], False), (["c"], True)],
)
def test_streams_do_not_share_subjects(subjects, free):
    others = [stream(subjects=("a",)), stream(subjects=("c.>",))]
    if free:
        check_overlap(subjects, others)
    else:
        with refused(10065):
            check_overlap(subjects, others)


def test_features_that_are_missing_are_named():
    assert not_supported(check_new(stream())) is None
    mirrored = stream(mirror=StreamSource(name="O"))
    assert not_supported(mirrored) == "mirror"
    with refused(10052, "mirror is not supported by this server"):
        check_new(mirrored)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"KV_b","subjects":["$KV.b.>"],"max_consumers":-1,"max_msgs":-1,"discard":"new",'
        b'"discard_new_per_subject":false,"max_age":10000000000,"max_msgs_per_subject":5,'
        b'"num_replicas":1,"no_ack":false,"duplicate_window":10000000000,"sealed":false,'
        b'"deny_delete":true,"deny_purge":false,"allow_rollup_hdrs":true,"allow_msg_ttl":true}',
        b'{"name":"OBJ_o","subjects":["$O.o.C.>","$O.o.M.>"],"max_consumers":0,"discard":"new",'
        b'"discard_new_per_subject":false,"max_msgs_per_subject":-1,"max_msg_size":-1,'
        b'"num_replicas":1,"no_ack":false,"duplicate_window":0,"sealed":false,"max_age":0,'
        b'"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"allow_direct":true}',
    ],
    ids=["key-value", "objects"],
)
def test_buckets_of_nats_py_pass(body):
    config = decode_stream_config(body)
    assert check_new(config).subjects == config.subjects


def test_message_ttls_may_be_permitted_for_good():
    # nats-py does so for every key-value bucket.
    permitted = check_new(stream(allow_msg_ttl=True))
    assert permitted.metadata == {"_nats.req.level": "1"}
    with refused(10052, "message TTL status can not be disabled"):
        check_update(permitted, stream())


def test_an_update_may_not_bring_a_missing_feature():
    with refused(10052, "sources is not supported"):
        check_update(check_new(stream()), stream(sources=(StreamSource(name="O"),)))


def test_a_sealed_stream_stays_sealed_and_lets_nothing_go():
    old = check_new(stream(max_age_ns=SECOND, allow_rollup_hdrs=True))
    sealed = check_update(old, stream(max_age_ns=SECOND, sealed=True))
    assert sealed.sealed
    assert sealed.max_age_ns == 0
    assert sealed.discard == Discard.NEW
    assert sealed.deny_delete
    assert sealed.deny_purge
    assert not sealed.allow_rollup_hdrs
    with refused(10052, "can not unseal"):
        check_update(sealed, stream())


def test_lower_limits_for_consumers_must_fit_those_there_are():
    old = check_new(stream())
    new = replace(old, consumer_limits=ConsumerLimits(inactive_threshold_ns=5, max_ack_pending=7))
    fits = ConsumerConfig(max_ack_pending=7, inactive_threshold_ns=5)
    above = ConsumerConfig(max_ack_pending=8)
    check_consumers(old, new, [("fits", fits)])
    with refused(10069, "change to limits violates consumers: above"):
        check_consumers(old, new, [("fits", fits), ("above", above)])
    check_consumers(new, new, [("above", above)])


def test_the_same_again():
    old = check_new(stream(metadata={"a": "b"}))
    assert same_config(old, check_new(stream(subjects=("A",), metadata={"a": "b"})))
    assert not same_config(old, check_new(stream()))
