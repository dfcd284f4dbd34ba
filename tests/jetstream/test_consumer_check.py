"""Tests of headwater.jetstream.consumer_check; the comparison is test_consumer_check_reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.jetstream import stream_check
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.consumer_check import (
    ConsumerLimits,
    check_new,
    check_update,
    for_sourcing,
    named_by_subject,
    normalise,
)
from headwater.jetstream.consumer_config import (
    AckPolicy,
    Action,
    ConsumerConfig,
    CreateConsumerRequest,
    DeliverPolicy,
    PriorityPolicy,
)
from headwater.jetstream.stream_config import Retention, StreamConfig
from tests.jetstream import SECOND

STREAM = stream_check.check_new(StreamConfig(name="A", subjects=("a.>",)))
QUEUE = stream_check.check_new(
    StreamConfig(name="A", subjects=("a.>",), retention=Retention.WORKQUEUE)
)


def refused(code: int, text: str | None = None):
    """Expect a JetStreamError of this number whose text matches ``text``."""
    return pytest.raises(
        JetStreamError, check=lambda error: error.error.err_code == code, match=text
    )


def test_defaults_of_a_pull_consumer():
    config = check_new(ConsumerConfig(name="C", ack_policy=AckPolicy.EXPLICIT), STREAM)
    assert config.ack_wait_ns == 30 * SECOND
    assert config.max_ack_pending == 1000
    assert config.max_deliver == -1
    assert config.max_waiting == 512
    assert config.inactive_threshold_ns == 5 * SECOND
    assert config.metadata == {"_nats.req.level": "0"}


def test_a_durable_consumer_stays():
    config = check_new(ConsumerConfig(name="C", durable_name="C"), STREAM)
    assert config.inactive_threshold_ns == 0


def test_a_consumer_without_acks_has_none_to_wait_for():
    config = check_new(ConsumerConfig(deliver_subject="d"), STREAM)
    assert (config.ack_wait_ns, config.max_ack_pending, config.max_waiting) == (0, 0, 0)


@given(
    st.builds(
        ConsumerConfig,
        name=st.sampled_from(["", "C", "a.b"]),
        durable_name=st.sampled_from(["", "C"]),
        deliver_policy=st.sampled_from(DeliverPolicy),
        opt_start_seq=st.integers(0, 2),
        ack_policy=st.sampled_from(AckPolicy),
        ack_wait_ns=st.integers(-1, 1),
        backoff_ns=st.lists(st.integers(-1, 3), max_size=2).map(tuple),
        max_deliver=st.integers(-2, 2),
        filter_subject=st.text(alphabet="a.>* ", max_size=4),
        filter_subjects=st.lists(st.text(alphabet="a.>*", max_size=4), max_size=2).map(tuple),
        sample_freq=st.sampled_from(["", "1%"]) | st.text(max_size=3),
        deliver_subject=st.sampled_from(["", "d", "a.b", "*"]),
        idle_heartbeat_ns=st.sampled_from([-1, 0, 1, SECOND]),
        flow_control=st.booleans(),
        num_replicas=st.integers(-1, 2),
        priority_policy=st.sampled_from(PriorityPolicy),
        priority_groups=st.lists(st.text(max_size=2), max_size=2).map(tuple),
    ),
    st.sampled_from([STREAM, QUEUE]),
)
def test_a_consumer_is_refused_or_stable(config, stream):
    try:
        checked = check_new(config, stream)
    except JetStreamError as error:
        assert error.error.code in (400, 500)  # noqa: PT017 (both outcomes are fine)
    else:
        assert check_new(checked, stream) == checked
        assert check_update(checked, checked, stream, action=Action.CREATE) == checked


def test_limits_of_server_account_and_stream():
    acks = ConsumerConfig(name="C", ack_policy=AckPolicy.EXPLICIT)
    limits = ConsumerLimits(server_max_ack_pending=50, account_max_ack_pending=20)
    assert check_new(acks, STREAM, (), limits).max_ack_pending == 20
    with refused(10121, "exceeds system limit of 20"):
        check_new(ConsumerConfig(max_ack_pending=21, ack_policy=AckPolicy.ALL), STREAM, (), limits)
    batch = ConsumerLimits(max_request_batch=4)
    assert check_new(acks, STREAM, (), batch).max_batch == 4
    with refused(10125, "exceeds server limit of 4"):
        check_new(ConsumerConfig(max_batch=5), STREAM, (), batch)
    with refused(10157, "max_request_batch must be set"):
        check_new(acks, STREAM, (), batch, pedantic=True)


def test_the_account_limits_the_number_of_consumers():
    one = check_new(ConsumerConfig(name="C"), STREAM)
    hidden = check_new(ConsumerConfig(name="D", direct=True, deliver_subject="d"), STREAM)
    limits = ConsumerLimits(max_consumers=1)
    check_new(ConsumerConfig(name="E"), STREAM, [hidden], limits)
    with refused(10026):
        check_new(ConsumerConfig(name="E"), STREAM, [one, hidden], limits)


def test_what_does_not_exist_is_not_updated():
    with refused(10149):
        check_new(ConsumerConfig(), STREAM, action=Action.UPDATE)


def test_a_deliver_subject_changes_only_while_nobody_listens():
    old = check_new(ConsumerConfig(name="C", deliver_subject="d"), STREAM)
    new = ConsumerConfig(name="C", deliver_subject="e")
    assert check_update(old, new, STREAM).deliver_subject == "e"
    with refused(10013):
        check_update(old, new, STREAM, is_bound=True)


def test_an_update_leaves_the_pause_alone():
    old = check_new(ConsumerConfig(name="C", pause_until="2099-01-01T00:00:00Z"), STREAM)
    new = check_update(old, ConsumerConfig(name="C"), STREAM)
    assert new.pause_until == "2099-01-01T00:00:00Z"
    assert new.metadata == {"_nats.req.level": "1"}


def test_consumers_of_a_queue_do_not_share_messages_after_an_update_either():
    wanted = {"ack_policy": AckPolicy.EXPLICIT}
    one = check_new(ConsumerConfig(name="C", filter_subject="a.b", **wanted), QUEUE)
    two = check_new(ConsumerConfig(name="D", filter_subject="a.c", **wanted), QUEUE, [one])
    with refused(10100):
        check_update(two, ConsumerConfig(name="D", filter_subject="a.*", **wanted), QUEUE, [one])


@pytest.mark.parametrize("retention", [Retention.WORKQUEUE, Retention.INTEREST])
def test_a_stream_that_forgets_is_sourced_by_a_durable_consumer(retention):
    stream = stream_check.check_new(StreamConfig(name="A", retention=retention))
    asked = ConsumerConfig(
        name="JS_SRC_x",
        direct=True,
        sourcing=True,
        deliver_subject="d",
        max_deliver=1,
        ack_wait_ns=5,
    )
    config = for_sourcing(asked, stream, "suffix")
    assert (config.name, config.durable_name) == ("JS_SRC_x", "JS_SRC_x")
    assert config.ack_policy == AckPolicy.FLOW_CONTROL
    assert not config.direct
    assert (config.max_deliver, config.ack_wait_ns) == (0, 0)


def test_other_streams_are_sourced_by_one_with_a_new_name_each_time():
    asked = ConsumerConfig(name="JS_SRC_x", direct=True, sourcing=True, deliver_subject="d")
    assert for_sourcing(asked, STREAM, "suffix").name == "JS_SRC_x-suffix"
    plain = ConsumerConfig(name="C")
    assert for_sourcing(plain, STREAM, "suffix") is plain


def test_what_the_hub_asks_for_to_source_passes():
    config = ConsumerConfig(
        name="JS_SRC_x-y",
        deliver_policy=DeliverPolicy.ALL,
        ack_wait_ns=79_200 * SECOND,
        max_deliver=1,
        flow_control=True,
        deliver_subject="$JS.S.hYHUzgVs",
        idle_heartbeat_ns=SECOND,
        inactive_threshold_ns=10 * SECOND,
        direct=True,
        sourcing=True,
    )
    checked = check_new(config, STREAM)
    assert checked.inactive_threshold_ns == 10 * SECOND
    assert checked.idle_heartbeat_ns == SECOND


@pytest.mark.parametrize(
    ("tokens", "config", "code"),
    [
        (["CREATE", "B", "C"], ConsumerConfig(), 10056),
        (["CREATE", "A", "a/b"], ConsumerConfig(), 10127),
        (["DURABLE", "CREATE", "A"], ConsumerConfig(), 10016),
        (["DURABLE", "CREATE", "A", "C"], ConsumerConfig(), 10018),
        (["DURABLE", "CREATE", "A", "C"], ConsumerConfig(durable_name="D"), 10017),
        (["CREATE", "A", "C"], ConsumerConfig(durable_name="D"), 10017),
        (["CREATE", "A"], ConsumerConfig(durable_name="D"), 10020),
        (["CREATE", "A", "C", "a", "b"], ConsumerConfig(filter_subjects=("a.b",)), 10137),
        (["CREATE", "A", "C", "a", "b"], ConsumerConfig(filter_subject="a.c"), 10131),
    ],
)
def test_subject_and_body_must_fit(tokens, config, code):
    with refused(code):
        named_by_subject(CreateConsumerRequest(stream_name="A", config=config), tokens)


@pytest.mark.parametrize(
    ("tokens", "config", "name"),
    [
        (["CREATE", "A"], ConsumerConfig(), ""),
        (["CREATE", "A"], ConsumerConfig(name="N"), "N"),
        (["CREATE", "A", "C"], ConsumerConfig(name="N"), "C"),
        (["DURABLE", "CREATE", "A", "C"], ConsumerConfig(durable_name="C"), "C"),
        (["CREATE", "A", "C", "a", "b"], ConsumerConfig(filter_subject="a.b"), "C"),
    ],
)
def test_the_subject_names_the_consumer(tokens, config, name):
    named = named_by_subject(CreateConsumerRequest(stream_name="A", config=config), tokens)
    assert named.name == name


def test_the_first_backoff_is_the_ack_wait():
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, backoff_ns=(SECOND, 2 * SECOND))
    assert normalise(config, STREAM).ack_wait_ns == SECOND
