"""Messages with a time to live, and the markers that they leave: the same plays on nats-server."""

import pytest

from tests.jetstream.duel import SECOND_NS, Play, on_both

pytestmark = pytest.mark.hub

_VALUES = (
    *("1", "0", "-1", "007", "+5", "1.5", "1_0", "0x10", "9223372037", "99999999999999999999999"),
    *("1s", "1.5s", "500ms", "999ms", "1000ms", "1000000000ns", "1us", "0s", "-1s", "1h1m", "1d"),
    *("0.5h", "2540400h", "2562048h", "never", "NEVER", "abc", " 5", "5 ", ""),
)


def _put(play: Play, subject: str, **fields: str) -> None:
    play.put(
        subject, b"x", {name.replace("_", "-"): value for name, value in fields.items()} or None
    )


@on_both
def test_values(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_ttl=True, storage="memory")
    play.stream("D", subjects=["d.>"], storage="memory")
    for value in _VALUES:
        _put(play, "s.a", Nats_TTL=value)
        _put(play, "d.a", Nats_TTL=value)


@on_both
def test_what_is_wrong_first(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_ttl=True)
    play.stream("D", subjects=["d.>"])
    for subject in ("s.a", "d.a"):
        for ttl in ("abc", "1"):
            for name, value in (
                ("Nats_Expected_Stream", "X"),
                ("Nats_Expected_Last_Sequence", "99"),
                ("Nats_Expected_Last_Subject_Sequence", "99"),
                ("Nats_Expected_Last_Msg_Id", "x"),
                ("Nats_Rollup", "sub"),
                ("Nats_Rollup", "bad"),
            ):
                _put(play, subject, **{"Nats_TTL": ttl, name: value})
        _put(play, subject, Nats_Msg_Id="id")
        _put(play, subject, Nats_Msg_Id="id", Nats_TTL="abc")


@on_both
def test_configurations(play: Play) -> None:
    play.stream("S", subjects=["s.>"], subject_delete_marker_ttl=65 * SECOND_NS)
    _put(play, "s.a", A="1", Nats_TTL="1", Z="2")
    _put(play, "s.a", Nats_TTL="66s")
    _put(play, "s.a", Nats_TTL="never")
    for sequence in (1, 2, 3):
        play.ask("STREAM.MSG.GET.S", {"seq": sequence})
    play.update("S", subjects=["s.>"], subject_delete_marker_ttl=2 * SECOND_NS)
    play.update("S", subjects=["s.>"])
    play.update("S", subjects=["s.>"], allow_msg_ttl=True, allow_rollup_hdrs=True)
    play.update("S", subjects=["s.>"], allow_msg_ttl=True, deny_purge=True)
    play.update("S", subjects=["s.>"], subject_delete_marker_ttl=SECOND_NS // 2)


@pytest.mark.slow
@on_both
def test_markers(play: Play) -> None:
    play.stream(
        "S",
        subjects=["s.>"],
        max_msgs_per_subject=1,
        max_age=2 * SECOND_NS,
        subject_delete_marker_ttl=60 * SECOND_NS,
    )
    for operation in ("DEL", "PURGE", "PUT"):
        _put(play, f"s.{operation}", KV_Operation=operation)
    _put(play, "s.marked", Nats_Marker_Reason="Purge")
    _put(play, "s.never", Nats_TTL="never")
    _put(play, "s.plain")
    _put(play, "s.short", Nats_TTL="1")
    play.wait_state("S", last_seq=8)
    play.wait_state("S", last_seq=11, messages=5)
    for sequence in range(1, 12):
        play.ask("STREAM.MSG.GET.S", {"seq": sequence})
    play.consumer("S", "C", ack_policy="none")
    play.fetch("S", "C", 5)


@pytest.mark.slow
@on_both
def test_what_is_left_of_a_subject(play: Play) -> None:
    play.stream("S", subjects=["s.>"], subject_delete_marker_ttl=SECOND_NS)
    _put(play, "s.a", Nats_TTL="never")
    _put(play, "s.a", Nats_TTL="1")
    _put(play, "s.b", Nats_TTL="1")
    _put(play, "s.b")
    _put(play, "s.c", Nats_TTL="2")
    _put(play, "s.c", Nats_TTL="1")
    play.wait_state("S", last_seq=7, messages=2)
    play.state("S", subjects_filter=">")
    play.wait_state("S", last_seq=7, messages=2)
