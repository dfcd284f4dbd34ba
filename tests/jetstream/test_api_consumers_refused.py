"""Consumers that are refused, for every reason that there is: the answers are nats-server's."""

from typing import Any

from tests.jetstream.duel import SECOND_NS, Play, on_both

_ACKS = {"ack_policy": "explicit"}
_PUSH = {"deliver_subject": "d"}
_FLOW = {
    **_PUSH,
    "ack_policy": "flow_control",
    "flow_control": True,
    "idle_heartbeat": SECOND_NS,
    "max_ack_pending": 5,
}
_OVERFLOW = {"priority_policy": "overflow"}
_REFUSED: list[dict[str, Any]] = [
    {"deliver_subject": "d.*"},
    {"deliver_subject": "s.x"},
    {"deliver_subject": "d..x"},
    {"deliver_subject": " "},
    {**_PUSH, "max_waiting": 5},
    {**_PUSH, "idle_heartbeat": 5},
    {**_PUSH, "flow_control": True},
    {**_PUSH, **_OVERFLOW, "priority_groups": ["a"]},
    {"rate_limit_bps": 5},
    {"idle_heartbeat": SECOND_NS},
    {"flow_control": True},
    {"direct": True},
    {"deliver_policy": "by_start_sequence"},
    {"deliver_policy": "by_start_time"},
    {"deliver_policy": "last_per_subject"},
    {"opt_start_seq": 5},
    {"name": "x" * 300},
    {"name": "a.b"},
    {"name": "a/b"},
    {"durable_name": "x" * 256},
    {"durable_name": "a.b"},
    {"durable_name": "a/b"},
    {"durable_name": "A", "name": "B"},
    {"description": "x" * 5000},
    {"metadata": {"a": "x" * 131073}},
    {"max_expires": 5},
    {"mem_storage": True, "num_replicas": 3},
    {**_ACKS, "num_replicas": 3},
    {**_ACKS, "num_replicas": -1},
    {**_ACKS, "sample_freq": "x"},
    {**_ACKS, "ack_wait": -1},
    {**_ACKS, "backoff": [-1]},
    {**_ACKS, "backoff": [SECOND_NS, SECOND_NS], "max_deliver": 1},
    {"filter_subject": "s.a", "filter_subjects": ["s.b"]},
    {"filter_subjects": ["s.>", "s.b"]},
    {"filter_subjects": [""]},
    {"priority_groups": ["a"]},
    {"priority_timeout": SECOND_NS},
    _OVERFLOW,
    {**_OVERFLOW, "priority_groups": [""]},
    {**_OVERFLOW, "priority_groups": ["a b"]},
    {"ack_policy": "x"},
    {"ack_policy": 5},
    {"replay_policy": "x"},
    {"ack_policy": "flow_control"},
    {**_FLOW, "flow_control": False},
    {**_FLOW, "flow_control": False, "idle_heartbeat": 0},
    {**_FLOW, "idle_heartbeat": 5 * SECOND_NS},
    {**_FLOW, "max_ack_pending": 0},
    {**_FLOW, "max_ack_pending": -1},
    {**_FLOW, "ack_wait": SECOND_NS},
    {**_FLOW, "backoff": [SECOND_NS]},
    {**_FLOW, "max_deliver": 3},
]


@on_both
def test_configurations(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for config in _REFUSED:
        for verb in ("CREATE.S.C", "DURABLE.CREATE.S.C"):
            play.ask(f"CONSUMER.{verb}", {"stream_name": "S", "config": config})
            play.ask("CONSUMER.DELETE.S.C")


@on_both
def test_names(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for verb, config in (
        ("CREATE.S.C", {"durable_name": "D"}),
        ("CREATE.S.C", {"durable_name": "C", "name": "D"}),
        ("CREATE.S.C", {"durable_name": "D", "name": "C"}),
        ("CREATE.S.C*", {"durable_name": "C*"}),
        ("CREATE.S.C>", {"name": "C>"}),
        ("CREATE.S.a/b", {"name": "a/b"}),
        ("CREATE.S.C.s.a", {"durable_name": "C", "filter_subjects": ["s.a", "s.b"]}),
        ("CREATE.S.C.s.b", {"durable_name": "C", "filter_subject": "s.a"}),
        ("CREATE.S", {"durable_name": "C"}),
        ("DURABLE.CREATE.S.C", {}),
        ("DURABLE.CREATE.S.C", {"name": "C"}),
        ("DURABLE.CREATE.S.C", {"durable_name": "D"}),
        ("DURABLE.CREATE.S.C*", {"durable_name": "C*"}),
        ("DURABLE.CREATE.S.a/b", {"durable_name": "a/b"}),
        ("CREATE.N.C", {"name": "C"}),
    ):
        play.ask(f"CONSUMER.{verb}", {"stream_name": "S", "config": config})
        play.ask("CONSUMER.DELETE.S.C")
    for verb in ("CREATE.S", "CREATE.S.C", "DURABLE.CREATE.S.C"):
        for body in (b"", b"{}", b"{", b"[]", b"null", {"stream_name": "T"}):
            play.ask(f"CONSUMER.{verb}", body)
    for verb in ("CREATE.N", "CREATE.N.C", "DURABLE.CREATE.N.C", "INFO.N.C", "DELETE.N.C"):
        config = {"durable_name": "C", "name": "C"} if "CREATE" in verb else {}
        play.ask(f"CONSUMER.{verb}", {"stream_name": "N", "config": config} if config else b"")


@on_both
def test_what_is_there_already(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for subject in "de":
        play.listen(subject)
    play.consumer("S", "C", deliver_subject="d")
    play.consumer("S", "C", deliver_subject="e")
    play.consumer("S", "C", deliver_subject="e", action="create")
    play.consumer("S", "C", deliver_subject="d", action="create", description="x")
    play.consumer("S", "X", deliver_subject="e", action="update")
    play.consumer("S", "C")
    for config in (
        {"durable_name": "C", "deliver_subject": "e", "filter_subject": "s.a"},
        {"durable_name": "C", "deliver_subject": "d", "ack_policy": "explicit"},
    ):
        play.ask("CONSUMER.DURABLE.CREATE.S.C", {"stream_name": "S", "config": config})
    play.stream("W", subjects=["w.>"], retention="workqueue")
    for config in (
        {},
        _ACKS,
        {**_ACKS, "deliver_policy": "last"},
        {**_ACKS, "durable_name": "D"},
        {**_ACKS, "durable_name": "E", "filter_subject": "w.a"},
    ):
        asked = {"durable_name": "C", **config}
        name = asked["durable_name"]
        play.ask(f"CONSUMER.CREATE.W.{name}", {"stream_name": "W", "config": asked})
