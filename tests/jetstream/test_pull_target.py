"""Pull requests: who gets what, and the statuses that end them, as nats-server's."""

from typing import Any

import pytest

from tests.jetstream.duel import MILLISECOND_NS, Duel, Play, on_both

EXPIRES = 120 * MILLISECOND_NS

# The request, messages that are there before and that come after it, when it is answered.
REQUESTS: dict[str, tuple[dict[str, Any], int, int]] = {
    "one": ({"batch": 1}, 1, 0),
    "one-later": ({"batch": 1}, 0, 1),
    "several": ({"batch": 3, "expires": EXPIRES}, 3, 0),
    "expires": ({"batch": 3, "expires": EXPIRES}, 1, 0),
    "expires-empty": ({"batch": 1, "expires": EXPIRES}, 0, 0),
    "expires-later": ({"batch": 3, "expires": EXPIRES}, 0, 1),
    "no-wait": ({"batch": 3, "no_wait": True}, 1, 0),
    "no-wait-empty": ({"batch": 3, "no_wait": True}, 0, 0),
    "no-wait-all": ({"batch": 1, "no_wait": True}, 1, 0),
    "no-wait-expires": ({"batch": 3, "no_wait": True, "expires": EXPIRES}, 1, 0),
    "no-wait-expires-empty": ({"batch": 3, "no_wait": True, "expires": EXPIRES}, 0, 0),
    "no-wait-expires-later": ({"batch": 3, "no_wait": True, "expires": EXPIRES}, 0, 1),
    "bytes": ({"batch": 5, "expires": EXPIRES, "max_bytes": 300}, 3, 0),
    "bytes-too-few": ({"batch": 5, "expires": EXPIRES, "max_bytes": 50}, 3, 0),
    "bytes-no-wait": ({"batch": 5, "no_wait": True, "max_bytes": 1000}, 3, 0),
    "bytes-enough": ({"batch": 2, "expires": EXPIRES, "max_bytes": 1000}, 3, 0),
    "bytes-later": ({"batch": 5, "expires": EXPIRES, "max_bytes": 200}, 0, 3),
    "negative-batch": ({"batch": -1, "no_wait": True}, 2, 0),
    "zero-batch": ({"batch": 0, "no_wait": True}, 2, 0),
    "negative-expires": ({"batch": 1, "expires": -1}, 1, 0),
    "heartbeat-alone": ({"batch": 1, "idle_heartbeat": EXPIRES}, 0, 1),
    "heartbeat-too-long": ({"batch": 1, "expires": EXPIRES, "idle_heartbeat": EXPIRES}, 0, 1),
    "heartbeat-no-wait": ({"batch": 1, "no_wait": True, "idle_heartbeat": EXPIRES}, 0, 0),
    "unknown-field": ({"batch": 1, "other": 1}, 1, 0),
    "group": ({"batch": 1, "group": "A"}, 1, 0),
    "minimum": ({"batch": 1, "min_pending": 5}, 1, 0),
    "id": ({"batch": 1, "id": "none"}, 1, 0),
    "priority": ({"batch": 1, "priority": 3}, 1, 0),
}
BODIES = [b"", b"1", b"2", b"0", b"-1", b"junk", b"{", b"[]", b"null", b"1.5", b" 1 ", b'"1"']


def _stream(play: Play, count: int = 0, **config: Any) -> None:
    play.stream("S", subjects=["s.>"])
    play.consumer("S", "C", ack_policy="explicit", **config)
    if count:
        play.fill("s.a", count, 90)


def _answers(play: Play, inbox: str, wanted: int) -> None:
    """Hear so many messages, or a status."""
    while wanted > 0 and not play.hear(inbox)[-1].code:
        wanted -= 1


def _wait_for_delivery(play: Play, sequence: int) -> None:
    """Wait until a message was delivered, or nobody waits for it any more."""

    def is_through() -> bool:
        info = play.info("S", "C", note=False)
        return info["num_waiting"] == 0 or info["delivered"]["stream_seq"] >= sequence

    play.wait(is_through, f"delivery of {sequence}")


@pytest.mark.hub
@pytest.mark.parametrize("name", REQUESTS)
def test_requests(duel: Duel, name: str) -> None:
    asked, before, later = REQUESTS[name]

    def script(play: Play) -> None:
        _stream(play, before)
        inbox = play.pull("S", "C", **asked)
        play.flush()
        for number in range(later):
            play.put("s.a", bytes(90))
            _wait_for_delivery(play, before + number + 1)
        _answers(play, inbox, max(1, asked["batch"]))
        play.info("S", "C")

    duel.compare(script)


@pytest.mark.hub
@pytest.mark.parametrize("body", BODIES, ids=str)
def test_bodies(duel: Duel, body: bytes) -> None:
    def script(play: Play) -> None:
        _stream(play, 3)
        play.hear(play.pull("S", "C", raw=body))
        play.info("S", "C")

    duel.compare(script)


@on_both
def test_heartbeats(play: Play) -> None:
    _stream(play, 1)
    inbox = play.pull(
        "S", "C", batch=3, expires=500 * MILLISECOND_NS, idle_heartbeat=200 * MILLISECOND_NS
    )
    found = play.hear_until(inbox, 408)
    assert [message.code for message in found] == [0, 100, 100, 408]


@on_both
def test_limits_of_the_consumer(play: Play) -> None:
    _stream(play, 3, max_batch=2, max_expires=EXPIRES, max_bytes=1000)
    play.hear(play.pull("S", "C", batch=3))
    play.hear(play.pull("S", "C", batch=1, expires=10 * EXPIRES))
    play.hear(play.pull("S", "C", batch=1, expires=EXPIRES, max_bytes=2000))
    play.hear(play.pull("S", "C", batch=1))
    play.hear(play.pull("S", "C", batch=2, expires=EXPIRES), 2)
    play.info("S", "C")


@on_both
def test_max_waiting(play: Play) -> None:
    _stream(play, max_waiting=2)
    first = play.pull("S", "C", batch=1, expires=20 * EXPIRES)
    second = play.pull("S", "C", batch=1, expires=20 * EXPIRES)
    play.wait_info("S", "C", num_waiting=2)
    play.hear(play.pull("S", "C", batch=1, expires=20 * EXPIRES))
    play.info("S", "C")
    play.put("s.a")
    play.hear(first)
    play.put("s.a")
    play.hear(second)
    play.info("S", "C")


@on_both
def test_requests_take_turns(play: Play) -> None:
    _stream(play)
    one = play.pull("S", "C", batch=3, expires=20 * EXPIRES)
    two = play.pull("S", "C", batch=3, expires=20 * EXPIRES)
    play.wait_info("S", "C", num_waiting=2)
    for _ in range(3):
        play.put("s.a")
        play.hear(one)
        play.put("s.a")
        play.hear(two)
    play.info("S", "C")


@on_both
def test_a_pull_that_does_not_wait_meets_the_limit_of_pending(play: Play) -> None:
    _stream(play, 4, max_ack_pending=2)
    inbox = play.pull("S", "C", batch=9, no_wait=True, expires=EXPIRES)
    play.hear(inbox, 3)  # the last of them when it expires
    play.info("S", "C")


@on_both
def test_a_pull_with_heartbeats_is_told_of_the_limit_of_pending(play: Play) -> None:
    _stream(play, 4, max_ack_pending=2)
    asked = {"expires": 20 * EXPIRES, "idle_heartbeat": EXPIRES}
    inbox = play.pull("S", "C", batch=9, no_wait=True, **asked)
    play.hear(inbox, 3)
    play.info("S", "C")


@on_both
def test_who_listens_no_more_gets_nothing(play: Play) -> None:
    _stream(play)
    one = play.pull("S", "C", batch=3, expires=20 * EXPIRES)
    two = play.pull("S", "C", batch=1, expires=20 * EXPIRES)
    play.wait_info("S", "C", num_waiting=2)
    play.ignore(one)
    play.put("s.a")
    play.hear(two)
    play.info("S", "C")


@on_both
def test_consumer_deleted_under_a_request(play: Play) -> None:
    _stream(play)
    inbox = play.pull("S", "C", batch=1, expires=20 * EXPIRES)
    other = play.pull("S", "C", batch=1, no_wait=True)
    play.hear(other)
    play.ask("CONSUMER.DELETE.S.C")
    play.hear(inbox)
    play.consumer("S", "C", ack_policy="explicit")
    inbox = play.pull("S", "C", batch=1, expires=20 * EXPIRES)
    play.flush()
    play.ask("STREAM.DELETE.S")
    play.hear(inbox)
    play.hear(play.pull("S", "C", batch=1))


@on_both
def test_push_consumer_is_not_asked(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.listen("deliver")
    play.consumer("S", "C", ack_policy="explicit", deliver_subject="deliver")
    play.hear(play.pull("S", "C", batch=1))
    play.hear(play.pull("S", "NONE", batch=1))
    play.hear(play.pull("NONE", "C", batch=1))


@on_both
def test_update_under_a_request(play: Play) -> None:
    _stream(play)
    inbox = play.pull("S", "C", batch=2, expires=20 * EXPIRES)
    play.flush()
    play.consumer("S", "C", ack_policy="explicit", filter_subject="s.b")
    play.put("s.a")
    play.put("s.b")
    play.hear(inbox)
    play.info("S", "C")


@on_both
def test_redelivered_messages_count_for_bytes(play: Play) -> None:
    _stream(play, 2)
    (found, _) = play.fetch("S", "C", 2)
    play.ack(found, b"-NAK")
    inbox = play.pull("S", "C", batch=2, expires=EXPIRES, max_bytes=150)
    _answers(play, inbox, 3)
    play.info("S", "C")


_EDGES: tuple[dict[str, Any], ...] = (
    {"batch": 1, "expires": -5},
    {"batch": 1, "expires": 1},
    {"batch": 0, "expires": EXPIRES},
    {"batch": -3, "expires": EXPIRES},
    {"batch": 300, "no_wait": True},
    {"no_wait": True},
    {"expires": EXPIRES, "idle_heartbeat": EXPIRES // 2 + 1},
    {"batch": 1, "idle_heartbeat": -5, "expires": EXPIRES},
    {"batch": 1, "max_bytes": -1, "expires": EXPIRES},
)


@on_both
def test_edges_of_requests(play: Play) -> None:
    _stream(play, 3)
    for asked in _EDGES:
        play.note(str(asked))
        play.hear(play.pull("S", "C", **asked))


@on_both
def test_who_waits_when_the_consumer_goes(play: Play) -> None:
    _stream(play)
    inboxes = [
        play.pull("S", "C", batch=1, expires=50 * EXPIRES),
        play.pull("S", "C", batch=3, expires=50 * EXPIRES, max_bytes=1000),
        play.pull("S", "C", batch=1),
    ]
    play.flush()
    play.ask("CONSUMER.DELETE.S.C")
    for inbox in inboxes:
        play.hear(inbox)
    play.quiet(play.pull("S", "C", batch=1), 50)


@on_both
def test_who_waits_when_the_stream_goes(play: Play) -> None:
    _stream(play)
    inbox = play.pull("S", "C", batch=1, expires=50 * EXPIRES)
    play.flush()
    play.ask("STREAM.DELETE.S")
    play.hear(inbox)


@on_both
def test_push_consumers_are_not_asked(play: Play) -> None:
    _stream(play, deliver_subject="d")
    for body in (b"", b"{", b'{"batch":1}'):
        play.hear(play.pull("S", "C", raw=body))


@on_both
def test_too_many_wait(play: Play) -> None:
    _stream(play, max_waiting=2)
    inboxes = [play.pull("S", "C", batch=1, expires=8 * EXPIRES) for _ in range(2)]
    play.hear(play.pull("S", "C", batch=1, expires=8 * EXPIRES))
    # Who asked for heartbeats finds out without being told.
    beats = play.pull("S", "C", batch=1, expires=8 * EXPIRES, idle_heartbeat=2 * EXPIRES)
    play.hear(play.pull("S", "C", batch=1, no_wait=True))
    play.hear(play.pull("S", "C", batch=1, no_wait=True, expires=EXPIRES))
    for inbox in inboxes:
        play.hear(inbox)
    play.rest(beats)
    play.hear(play.pull("S", "C", batch=1, expires=EXPIRES))


@on_both
def test_who_left_makes_room(play: Play) -> None:
    _stream(play, max_waiting=2)
    first = play.pull("S", "C", batch=1, expires=50 * EXPIRES)
    second = play.pull("S", "C", batch=1, expires=50 * EXPIRES)
    play.flush()
    play.ignore(first)
    play.info("S", "C")
    third = play.pull("S", "C", batch=1, expires=50 * EXPIRES)
    play.flush()
    play.info("S", "C")
    for inbox in (second, third):
        play.put("s.a")
        play.hear(inbox)
    play.info("S", "C")


@on_both
def test_so_many_bytes(play: Play) -> None:
    _stream(play)
    for _ in range(5):
        play.put("s.a", bytes(100))
    for asked in ({"expires": 2 * EXPIRES}, {"no_wait": True}):
        play.hear(play.pull("S", "C", batch=5, max_bytes=300, **asked), 3)
    play.hear(play.pull("S", "C", batch=5, max_bytes=300, no_wait=True), 2)
    inbox = play.pull(
        "S", "C", batch=5, max_bytes=10_000, expires=3 * EXPIRES, idle_heartbeat=EXPIRES
    )
    play.hear_until(inbox, 408)


@on_both
def test_who_names_bytes_is_told_of_the_end(play: Play) -> None:
    _stream(play, 9)
    asked = {"batch": 2, "max_bytes": 1000}
    for way in ({}, {"expires": EXPIRES}, {"no_wait": True}, {"no_wait": True, "expires": EXPIRES}):
        found = play.hear_until(play.pull("S", "C", **asked, **way), 409)
    inbox = play.listen("next")
    play.send(found[0].reply, b'+NXT {"batch":1,"max_bytes":500}', reply=inbox)
    play.hear_until(inbox, 409)
    play.info("S", "C")


@on_both
def test_the_last_byte_counts(play: Play) -> None:
    for size in range(69, 75):
        name = f"S{size}"
        play.stream(name, subjects=[f"s{size}.>"])
        play.consumer(name, "C", ack_policy="explicit")
        play.put(f"s{size}.a", bytes(30))
        play.hear(play.pull(name, "C", batch=1, max_bytes=size, expires=EXPIRES))


@on_both
def test_who_has_had_the_last_byte_is_told_nothing(play: Play) -> None:
    _stream(play, 4)
    (found, _) = play.fetch("S", "C", 2)
    size = len("s.a") + len(found.reply) + len(found.payload)
    for batch in (1, 2):
        inbox = play.pull("S", "C", batch=batch, max_bytes=size, expires=EXPIRES)
        play.hear(inbox)
        play.quiet(inbox, 2 * EXPIRES // MILLISECOND_NS)
    play.info("S", "C")


@pytest.mark.hub
@pytest.mark.parametrize("expires", [0, 50 * EXPIRES])
@pytest.mark.parametrize("there", [0, 1, 2])
def test_who_will_not_wait_behind_others(duel: Duel, there: int, expires: int) -> None:
    """Others wait as well, as so much is not acknowledged that nothing is delivered."""

    def script(play: Play) -> None:
        _stream(play, 1 + there, max_ack_pending=1)
        play.fetch("S", "C")
        for batch in (1, 1, 3):
            inbox = play.pull("S", "C", batch=1, no_wait=True, expires=expires)
            play.quiet(inbox, 50)
            play.ignore(inbox)
            play.pull("S", "C", batch=batch, expires=50 * EXPIRES)
        inbox = play.pull("S", "C", batch=1, no_wait=True, expires=expires)
        play.quiet(inbox, 50)

    duel.compare(script)


@on_both
def test_acknowledgements_make_room(play: Play) -> None:
    _stream(play, 5, max_ack_pending=2)
    inbox = play.pull("S", "C", batch=5, expires=5 * EXPIRES)
    found = play.hear(inbox, 2)
    play.quiet(inbox, 50)
    play.ack(found[0])
    play.hear(inbox)
    play.ack(found[1], b"-NAK")
    play.hear(inbox)
    play.hear(inbox)
    play.hear(play.pull("S", "C", batch=1, no_wait=True, expires=EXPIRES))
    play.consumer("S", "C", ack_policy="explicit", max_ack_pending=3)
    play.hear(play.pull("S", "C", batch=1, no_wait=True))


@on_both
def test_nobody_asks_for_too_long(play: Play) -> None:
    advisories = play.listen("$JS.EVENT.ADVISORY.CONSUMER.>")
    _stream(play, 1, inactive_threshold=2 * EXPIRES, ack_wait=5 * EXPIRES)
    inbox = play.pull("S", "C", batch=2, expires=4 * EXPIRES)
    (message, _) = play.hear(inbox, 2)
    play.info("S", "C")
    # Who works on a message need not ask.
    play.ack(message, b"+WPI")
    play.quiet(play.listen("_INBOX.nothing"), 300)
    play.info("S", "C")
    play.ack(message)
    play.hear(advisories, 2)
    play.ask("CONSUMER.INFO.S.C")
