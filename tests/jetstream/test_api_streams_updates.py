"""What an update of a stream may change: each field, on nats-server and here."""

from typing import Any

from tests.jetstream.duel import SECOND_NS, Play, on_both

_COUNTS: dict[str, list[Any]] = {
    "max_consumers": [1, 5, -1, 0],
    "max_msgs": [0, 1, 5, -7],
    "max_bytes": [100, 1000, -1],
    "max_msgs_per_subject": [1, -1, 0],
    "max_msg_size": [10, -1, -2],
    "num_replicas": [1, 3, 0],
    "max_age": [0, SECOND_NS, 100 * SECOND_NS, 5],
    "duplicate_window": [0, SECOND_NS, 1000 * SECOND_NS, 5],
    "subject_delete_marker_ttl": [SECOND_NS, 5, -1],
    "first_seq": [5, 0],
    "consumer_limits": [{"max_ack_pending": 5}, {"inactive_threshold": SECOND_NS}],
}
_SUBJECTS: dict[str, list[Any]] = {
    "subjects": [
        ["s.>", "t"],
        ["t"],
        [],
        None,
        ["$JS.x"],
        ["a", "a"],
        ["s.>", "s.a"],
        ["*"],
        ["s..x"],
        [""],
    ],
    "subject_transform": [{"src": "s.>", "dest": "x.>"}, {"src": "", "dest": "y"}],
    "republish": [{"src": "s.>", "dest": "r.>"}, {"src": "s.*", "dest": "r.{{wildcard(1)}}"}],
    "placement": [{"cluster": "x"}, {"tags": ["a"]}, {"preferred": "x"}, {}],
    "metadata": [{"a": "b"}, {}],
    "description": ["x", ""],
    "template_owner": ["x"],
}
_CHOICES: dict[str, list[Any]] = {
    "retention": ["interest", "workqueue", "limits"],
    "discard": ["new", "old"],
    "storage": ["memory", "file"],
    "compression": ["s2", "none"],
    "persist_mode": ["async", "default"],
}
_FLAGS: dict[str, list[Any]] = {
    name: [True, False]
    for name in (
        "no_ack",
        "allow_direct",
        "mirror_direct",
        "sealed",
        "deny_delete",
        "deny_purge",
        "allow_rollup_hdrs",
        "allow_msg_ttl",
        "allow_msg_counter",
        "allow_atomic",
        "allow_msg_schedules",
        "allow_batched",
        "discard_new_per_subject",
    )
}


@on_both
def test_counts_and_times(play: Play) -> None:
    _there_and_back(play, _COUNTS)


@on_both
def test_subjects_and_texts(play: Play) -> None:
    _there_and_back(play, _SUBJECTS)


@on_both
def test_choices(play: Play) -> None:
    _there_and_back(play, _CHOICES)


@on_both
def test_flags(play: Play) -> None:
    _there_and_back(play, _FLAGS)


def _there_and_back(play: Play, fields: dict[str, list[Any]]) -> None:
    """Let streams become each value, and become something else once they have it."""
    for field, values in fields.items():
        for value in values:
            config = {"subjects": ["s.>"], field: value}
            play.stream("S", subjects=["s.>"])
            play.update("S", **config)
            play.update("S", subjects=["s.>"], description="as it was")
            play.update("S", **{"max_age": 10 * SECOND_NS, **config})
            play.ask("STREAM.DELETE.S")
            play.stream("S", **config)
            for other in values:
                play.update("S", **{"subjects": ["s.>"], field: other})
            play.update("S", subjects=["s.>"])
            play.ask("STREAM.DELETE.S")
