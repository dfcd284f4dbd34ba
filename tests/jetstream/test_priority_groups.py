"""Clients of a pull consumer that do not get their share in turn, compared with nats-server."""

from typing import Any

import pytest

from tests.jetstream.duel import MILLISECOND_NS, Duel, Play, on_both

_LONG = 3000 * MILLISECOND_NS
_SHORT = 30 * MILLISECOND_NS
_ADVISORIES = "$JS.EVENT.ADVISORY.CONSUMER.>"

_POLICIES: dict[str, dict[str, Any]] = {
    "none": {},
    "overflow": {"priority_groups": ["A", "B"], "priority_policy": "overflow"},
    "pinned_client": {"priority_groups": ["A", "B"], "priority_policy": "pinned_client"},
    "prioritized": {"priority_groups": ["A", "B"], "priority_policy": "prioritized"},
}
_QUIET_MS = 30
_ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"group": "A"},
    {"group": "B"},
    {"group": "C"},
    {"group": "C C"},
    {"min_pending": 1},
    {"group": "A", "min_pending": 1},
    {"group": "A", "min_pending": -1},
    {"group": "A", "min_ack_pending": 1},
    {"id": "x"},
    {"group": "A", "id": "x"},
    {"priority": 1},
    {"group": "A", "priority": 1},
    {"group": "A", "priority": 9},
    {"group": "A", "priority": 10},
    {"group": "A", "priority": -1},
    {"priority": 10},
    {"group": "C", "batch": 3},
    {"group": "A", "id": "x", "min_pending": 1, "priority": 11},
    {"group": "C", "idle_heartbeat": _SHORT},
)


def _start(play: Play, policy: str, **config: Any) -> None:
    play.stream("S", subjects=["s.>"])
    play.consumer("S", "C", ack_policy="explicit", **_POLICIES[policy], **config)
    play.listen(_ADVISORIES)


def _pull(play: Play, batch: int = 1, expires: int = _LONG, **asked: Any) -> str:
    return play.pull("S", "C", **{"batch": batch, "expires": expires, "group": "A", **asked})


def _put_apart(play: Play, count: int) -> None:
    """Publish messages that are delivered one by one."""
    for _ in range(count):
        play.put("s.a")
        play.settle(_QUIET_MS)


@pytest.mark.hub
@pytest.mark.parametrize("policy", _POLICIES)
def test_requests_are_refused(duel: Duel, policy: str) -> None:
    def script(play: Play) -> None:
        _start(play, policy, max_batch=2)
        for asked in _ASKED:
            play.note(str(asked))
            play.hear(play.pull("S", "C", **{"batch": 1, "expires": _SHORT, **asked}))
        play.info("S", "C")

    duel.compare(script)


@pytest.mark.hub
@pytest.mark.parametrize("policy", ["overflow", "prioritized"])
def test_bare_requests_name_no_group(duel: Duel, policy: str) -> None:
    def script(play: Play) -> None:
        _start(play, policy)
        play.fill("s.a", 9)
        (found,) = play.hear(play.pull("S", "C", raw=b"1"))
        for body in (b"1", b" ", b"x", b"{}"):
            play.hear(play.pull("S", "C", raw=body))
        answers = play.listen("answers")
        play.send(found.reply, b"+NXT {}", reply=answers)
        play.hear(answers)
        play.info("S", "C")

    duel.compare(script)


@on_both
def test_overflow_begins_when_much_is_pending(play: Play) -> None:
    _start(play, "overflow")
    play.fill("s.a", 9)
    inbox = _pull(play, 3, min_pending=10)
    play.quiet(inbox, 50)
    play.put("s.a")
    play.hear(inbox)
    play.quiet(inbox, 50)
    _put_apart(play, 2)
    play.hear(inbox, 2)
    play.info("S", "C")


@on_both
def test_overflow_begins_when_many_acknowledgements_are_pending(play: Play) -> None:
    _start(play, "overflow")
    play.fill("s.a", 10)
    waits = _pull(play, 2, min_ack_pending=3)
    play.hear(_pull(play, 2), 2)
    play.quiet(waits, 50)
    play.hear(_pull(play))
    play.hear(waits, 2)
    # One of two conditions is enough.
    play.hear(_pull(play, min_ack_pending=20, min_pending=5))
    play.hear(_pull(play, min_ack_pending=6, min_pending=50))
    play.info("S", "C")


@on_both
def test_what_is_delivered_again_counts_as_pending(play: Play) -> None:
    _start(play, "overflow")
    play.fill("s.a", 2)
    first, second = play.hear(_pull(play, 2), 2)
    play.ack(first, b"-NAK")
    play.hear(_pull(play, min_pending=2, expires=_SHORT))
    play.hear(_pull(play, min_pending=1))
    play.ack(second, b"-NAK")
    play.hear(_pull(play, min_ack_pending=3, expires=_SHORT))
    play.hear(_pull(play, min_ack_pending=2))
    play.info("S", "C")


@on_both
def test_overflow_without_waiting(play: Play) -> None:
    _start(play, "overflow")
    play.fill("s.a", 5)
    play.hear(_pull(play, 2, 0, no_wait=True, min_pending=10))
    play.hear(_pull(play, 2, _SHORT, no_wait=True, min_pending=10))
    play.hear_until(_pull(play, 5, 20 * _SHORT, no_wait=True, min_pending=4), 404)
    play.info("S", "C")


@on_both
def test_overflow_leaves_the_turn_to_others(play: Play) -> None:
    _start(play, "overflow")
    first = _pull(play, 6, min_pending=2)
    second = _pull(play, 6)
    play.flush()
    _put_apart(play, 8)
    play.hear(second, 6)
    play.hear(first, 1)


@on_both
def test_lower_priorities_are_served_first(play: Play) -> None:
    _start(play, "prioritized")
    priorities = (5, 0, 0, None, 5)
    inboxes = [
        _pull(play, 2, **({} if number is None else {"priority": number})) for number in priorities
    ]
    play.flush()
    _put_apart(play, 8)
    late = _pull(play, 2, priority=1)
    _put_apart(play, 3)
    for inbox in (*inboxes, late):
        play.rest(inbox)
    play.info("S", "C")


@on_both
def test_priorities_are_nothing_to_other_policies(play: Play) -> None:
    _start(play, "overflow")
    inboxes = [_pull(play, 2, priority=number) for number in (5, 3)]
    _put_apart(play, 4)
    for inbox in inboxes:
        play.hear(inbox, 2)


@on_both
def test_one_client_is_pinned(play: Play) -> None:
    _start(play, "pinned_client")
    pinned, other = _pull(play, 3), _pull(play, 3)
    play.flush()
    play.info("S", "C")
    _put_apart(play, 4)
    pin = play.hear(pinned, 3)[0].header("Nats-Pin-Id")
    play.hear(_ADVISORIES)
    play.info("S", "C")
    play.hear(_pull(play, id=pin))
    play.hear(_pull(play, id="another"))
    # It stands by, as it names no other client.
    play.hear(_pull(play, expires=_SHORT))
    play.hear(_pull(play, 1, 0, no_wait=True))
    play.rest(other)
    play.ask("CONSUMER.LIST.S")


@on_both
def test_an_unpinned_client_is_told_so_when_another_is_pinned(play: Play) -> None:
    _start(play, "pinned_client")
    pinned = _pull(play, 5)
    play.put("s.a")
    pin = play.hear(pinned)[0].header("Nats-Pin-Id")
    play.hear(_ADVISORIES)
    other = _pull(play, 2)
    play.ask("CONSUMER.UNPIN.S.C", {"group": "A"})
    play.hear(_ADVISORIES)
    play.info("S", "C")
    play.put("s.a")
    play.hear(pinned)
    play.hear(other)
    play.hear(_ADVISORIES)
    play.hear(_pull(play, id=pin))
    play.info("S", "C")


@on_both
def test_a_pin_does_not_outlive_its_time(play: Play) -> None:
    _start(play, "pinned_client", priority_timeout=200 * MILLISECOND_NS)
    first, second = _pull(play, 5), _pull(play, 5)
    play.put("s.a")
    play.hear(first)
    play.hear(_ADVISORIES, 2)
    play.info("S", "C")
    play.put("s.a")
    play.hear(second)
    play.put("s.a")
    play.hear(first)
    play.hear(second)
    play.hear(_ADVISORIES, 2)


@on_both
def test_who_asks_keeps_the_pin(play: Play) -> None:
    _start(play, "pinned_client", priority_timeout=300 * MILLISECOND_NS)
    play.fill("s.a", 6)
    pin = play.hear(_pull(play))[0].header("Nats-Pin-Id")
    play.hear(_ADVISORIES)
    for _ in range(4):
        play.quiet(_ADVISORIES, 150)
        play.hear(_pull(play, id=pin))


@on_both
def test_nobody_is_pinned_who_says_that_it_was_already(play: Play) -> None:
    _start(play, "pinned_client")
    play.fill("s.a", 2)
    play.hear(_pull(play, id="gone"))
    play.info("S", "C")
    play.hear(_pull(play))
    play.info("S", "C")


@on_both
def test_a_client_that_is_gone_stays_pinned_for_its_time(play: Play) -> None:
    _start(play, "pinned_client", priority_timeout=400 * MILLISECOND_NS)
    pinned, other = _pull(play, 5), _pull(play, 5)
    play.put("s.a")
    play.hear(pinned)
    play.ignore(pinned)
    play.put("s.a")
    play.quiet(other, 50)
    play.info("S", "C")
    play.hear(other)
    play.hear(_ADVISORIES, 3)


@on_both
def test_who_takes_too_few_bytes_is_not_pinned(play: Play) -> None:
    _start(play, "pinned_client")
    play.fill("s.a", 4)
    play.hear(_pull(play, max_bytes=20))
    play.hear(_ADVISORIES)
    play.info("S", "C")
    pin = play.hear(_pull(play))[0].header("Nats-Pin-Id")
    play.hear(_ADVISORIES)
    play.hear(_pull(play, id=pin, max_bytes=20))
    play.info("S", "C")
    play.hear(_pull(play, id=pin))
    play.rest(_ADVISORIES)


@on_both
def test_groups_are_one(play: Play) -> None:
    _start(play, "pinned_client")
    first, second = _pull(play, 5), _pull(play, 5, group="B")
    play.flush()
    _put_apart(play, 2)
    play.hear(first, 2)
    play.rest(second)
    play.ask("CONSUMER.UNPIN.S.C", {"group": "B"})
    play.hear(_ADVISORIES, 2)
    play.info("S", "C")


@on_both
def test_the_pin_is_one_more_header(play: Play) -> None:
    _start(play, "pinned_client")
    play.put("s.a", b"x", headers={"A": "b"})
    play.put("s.a", b"x", headers={"Nats-Pin-Id": "fake"})
    play.put("s.a", b"y", headers=b"NATS/1.0 503 x\r\n\r\n")
    play.put("s.a")
    play.hear(_pull(play, 4), 4)


@on_both
def test_the_pin_and_the_size_are_two_more(play: Play) -> None:
    _start(play, "pinned_client", headers_only=True)
    play.put("s.a", b"xyz", headers={"A": "b"})
    play.put("s.a", b"xyz")
    play.hear(_pull(play, 2), 2)


@on_both
def test_what_was_refused_goes_to_who_is_pinned_next(play: Play) -> None:
    _start(play, "pinned_client")
    pinned, other = _pull(play, 5), _pull(play, 5)
    play.put("s.a")
    (message,) = play.hear(pinned)
    play.ack(message, b"-NAK")
    play.hear(pinned)
    play.ask("CONSUMER.UNPIN.S.C", {"group": "A"})
    play.ack(message, b"-NAK")
    play.hear(other)
    play.info("S", "C")


@on_both
def test_a_pin_is_kept_by_updates_and_forgotten_by_restarts(play: Play) -> None:
    _start(play, "pinned_client")
    play.put("s.a")
    play.hear(_pull(play, 3))
    for policy in ("overflow", "prioritized", "none", "pinned_client"):
        play.consumer("S", "C", ack_policy="explicit", **_POLICIES[policy])
        play.info("S", "C")
    play.restart()
    play.info("S", "C")


@on_both
def test_unpin(play: Play) -> None:
    _start(play, "pinned_client")
    play.consumer("S", "P", ack_policy="explicit")
    play.consumer("S", "O", ack_policy="explicit", **_POLICIES["overflow"])
    for place, body in (
        ("S.C", {"group": "A"}),
        ("S.C", {"group": "A", "unknown": 1}),
        ("S.C", {"Group": "B"}),
        ("S.C", {"group": "C"}),
        ("S.C", {"group": "C C"}),
        ("S.C", {"group": "c" * 17}),
        ("S.C", {"group": ""}),
        ("S.C", {"group": 1}),
        ("S.C", {}),
        ("S.C", b""),
        ("S.C", b" "),
        ("S.C", b"null"),
        ("S.C", b"[]"),
        ("S.C", b"junk"),
        ("S.C", b'{"group":"A"'),
        ("S.C", b'{"group":"A"}x'),
        ("S.P", {"group": "A"}),
        ("S.O", {"group": "A"}),
        ("S.N", {"group": "A"}),
        ("N.N", {"group": "A"}),
        ("N.N", b"junk"),
    ):
        play.ask(f"CONSUMER.UNPIN.{place}", body)
    play.rest(_ADVISORIES)
