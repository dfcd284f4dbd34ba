"""Requests that want to be told of what would be adjusted: the same plays on nats-server."""

from typing import Any

from tests.jetstream.duel import SECOND_NS, Play, on_both

_STREAMS: list[dict[str, Any]] = [
    *(
        {count: value}
        for count in (
            "max_msgs",
            "max_bytes",
            "max_msg_size",
            "max_consumers",
            "max_msgs_per_subject",
        )
        for value in (-5, 0, 7)
    ),
    *({"num_replicas": count} for count in (-1, 0, 1)),
    {"max_age": SECOND_NS},
    {"max_age": SECOND_NS, "duplicate_window": SECOND_NS},
    {"duplicate_window": 0},
    {"subject_delete_marker_ttl": SECOND_NS},
    {"subject_delete_marker_ttl": SECOND_NS, "allow_msg_ttl": True},
    {"subject_delete_marker_ttl": SECOND_NS, "allow_msg_ttl": True, "allow_rollup_hdrs": True},
    {"allow_msg_schedules": True},
    {"allow_msg_schedules": True, "allow_rollup_hdrs": True},
    {"republish": {"src": "", "dest": "r.>"}},
    {"republish": {"src": "s.>", "dest": "r.>"}},
    {"subject_transform": {"src": "", "dest": "x.>"}},
    {"placement": {}},
    {"sealed": True},
    {"mirror_direct": True},
    {"allow_msg_counter": True},
    {"persist_mode": "async"},
    {"metadata": {"_nats.req.level": "4"}},
    {"consumer_limits": {"inactive_threshold": -5, "max_ack_pending": -5}},
    {"discard_new_per_subject": True},
    {"subjects": None},
    {"subjects": ["a", "a"]},
]

_ACKS = {"ack_policy": "explicit"}
_CONSUMERS: list[dict[str, Any]] = [
    {},
    _ACKS,
    *({**_ACKS, "ack_wait": time} for time in (0, -1)),
    *({**_ACKS, "max_deliver": count} for count in (0, -5)),
    {**_ACKS, "backoff": [SECOND_NS], "ack_wait": 5 * SECOND_NS},
    {**_ACKS, "backoff": [SECOND_NS], "ack_wait": SECOND_NS, "max_deliver": 3},
    *({**_ACKS, "max_ack_pending": count} for count in (-5, 0, 20, 100)),
    *({"max_waiting": count} for count in (-1, 0, 5)),
    {"max_batch": -5},
    {"max_bytes": -1},
    {"max_expires": -1},
    *({"inactive_threshold": time} for time in (-1, 0, SECOND_NS, 1000 * SECOND_NS)),
    {"inactive_threshold": SECOND_NS, "max_ack_pending": 20, **_ACKS},
    {"deliver_subject": "d", "flow_control": True},
    {"deliver_subject": "d", "idle_heartbeat": 1},
    {"priority_policy": "pinned_client", "priority_groups": ["a"], "priority_timeout": -1},
    {"opt_start_seq": 5},
    {"num_replicas": 0},
]


@on_both
def test_streams(play: Play) -> None:
    for fields in _STREAMS:
        config = {"name": "S", "subjects": ["s.>"], **fields}
        play.ask("STREAM.CREATE.S", {**config, "pedantic": True})
        play.ask("STREAM.CREATE.S", {**config, "pedantic": False})
        play.ask("STREAM.UPDATE.S", {**config, "description": "x", "pedantic": True})
        play.ask("STREAM.DELETE.S")


@on_both
def test_consumers(play: Play) -> None:
    limits = {"inactive_threshold": 10 * SECOND_NS, "max_ack_pending": 50}
    play.stream("S", subjects=["s.>"], consumer_limits=limits)
    play.stream("T", subjects=["t.>"])
    for stream in "ST":
        for fields in _CONSUMERS:
            asked = {"stream_name": stream, "config": {"durable_name": "C", **fields}}
            verb = f"CONSUMER.CREATE.{stream}.C"
            play.ask(verb, {**asked, "pedantic": True})
            play.ask(verb, {**asked, "pedantic": False})
            asked["config"] = {"durable_name": "C", "description": "x", **fields}
            play.ask(verb, {**asked, "pedantic": True, "action": "update"})
            play.ask(f"CONSUMER.DELETE.{stream}.C")
