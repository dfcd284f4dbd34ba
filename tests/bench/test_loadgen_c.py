"""The load generator finds whatever a server loses, repeats, invents or alters."""

import pytest

from bench import loadgen
from bench.errors import HarnessError
from tests.bench.fake_server import FakeServer

MESSAGES = 200
# The fake server's other delivered bytes are right; number 50 is the one that is spoilt.
SPOILT = 50
CHECKED = {"messages": MESSAGES, "block": MESSAGES, "check": 1, "stall_ms": 1000}

pytestmark = pytest.mark.usefixtures("load_generator")


def only_the_spoilt(change):
    return lambda number, frame: change(frame) if number == SPOILT else frame


def swap_two_messages():
    held = []

    def spoil(number, frame):
        if number == SPOILT:
            held.append(frame)
            return b""
        return frame + held.pop() if held else frame

    return spoil


def replaced(old, new):
    def change(frame):
        assert old in frame
        return frame.replace(old, new, 1)

    return change


@pytest.mark.parametrize("size", [16, 17, 128, 4096])
def test_pubsub_counts_what_an_honest_server_delivers(size):
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, size=size, **CHECKED)
        assert server.delivered == MESSAGES
    assert (done["published"], done["delivered"]) == (MESSAGES, MESSAGES)
    assert done["seconds"] > 0


def test_every_subscriber_gets_the_messages_of_every_publisher():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, pubs=3, subs=2, **CHECKED)
        assert server.delivered == 6 * MESSAGES
    assert (done["published"], done["delivered"]) == (3 * MESSAGES, 6 * MESSAGES)


def test_pubsub_without_subscribers_ends_with_pong():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, subs=0, messages=MESSAGES)
        assert server.delivered == 0
    assert (done["published"], done["delivered"]) == (MESSAGES, 0)


def test_distinct_subjects_repeat_after_their_number():
    seen = []

    def note(_, frame):
        seen.append(frame.split()[1].decode())
        return frame

    with FakeServer(note) as server:
        loadgen.run("pubsub", server.port, subjects=100, **CHECKED)
    assert seen == [f"bench.unique.{i % 100:08}" for i in range(MESSAGES)]


def test_the_block_repeats_until_all_messages_are_sent():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, messages=70, block=32, check=1)
    assert done["delivered"] == 70


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (only_the_spoilt(lambda frame: b""), "message 50 lost"),
        (only_the_spoilt(lambda frame: frame + frame), "message 50 came twice or late"),
        (swap_two_messages(), "message 50 lost"),
        (only_the_spoilt(replaced(b"abc", b"abd")), "message 50 is altered"),
        (only_the_spoilt(replaced(b"00:", b"zz:")), "message 50 is altered"),
        (only_the_spoilt(replaced(b"bench.core", b"bench.cure")), "message 50 is altered"),
        (only_the_spoilt(replaced(b" 1 ", b" 2 ")), "message 50 is altered"),
        (only_the_spoilt(lambda frame: frame[:-3] + b"\r\n"), "not the length"),
        (only_the_spoilt(lambda frame: b"PING\r\n-ERR 'No'\r\n"), "-ERR 'No'"),
    ],
    ids=["lost", "repeated", "swapped", "payload", "publisher", "subject", "sid", "short", "error"],
)
def test_check_finds_a_spoilt_message(spoil, reason):
    with FakeServer(spoil) as server, pytest.raises(HarnessError, match=reason):
        loadgen.run("pubsub", server.port, size=64, **CHECKED)


def test_a_queue_group_shares_the_messages():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, pubs=2, subs=3, queue=1, **CHECKED)
        assert server.delivered == 2 * MESSAGES
    assert (done["published"], done["delivered"]) == (2 * MESSAGES, 2 * MESSAGES)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda frame: b"", "received 199 of 200"),
        (lambda frame: frame + frame, "message 50 came twice"),
        (replaced(b"abc", b"abd"), "message 50 is altered"),
    ],
    ids=["lost", "repeated", "payload"],
)
def test_check_finds_what_a_queue_group_got_wrong(spoil, reason):
    options = {**CHECKED, "stall_ms": 300}
    with (
        FakeServer(only_the_spoilt(spoil)) as server,
        pytest.raises(HarnessError, match=reason),
    ):
        loadgen.run("pubsub", server.port, size=64, subs=2, queue=1, **options)


def test_many_interests_of_one_subscriber():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, subjects=10, interests=100, **CHECKED)
        assert server.delivered == 2 * MESSAGES
    assert (done["published"], done["delivered"]) == (MESSAGES, 2 * MESSAGES)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda frame: b"", "message 25 lost"),
        (replaced(b" 1000005 ", b" 1000006 "), "message 25 is altered"),
        (replaced(b" 1000005 ", b" 2000005 "), "message 25 lost|came twice"),
    ],
    ids=["lost", "other", "wildcard"],
)
def test_check_finds_what_the_wrong_interest_got(spoil, reason):
    with (
        FakeServer(only_the_spoilt(spoil)) as server,
        pytest.raises(HarnessError, match=reason),
    ):
        loadgen.run("pubsub", server.port, subjects=10, interests=100, **CHECKED)


def test_requests_are_answered_in_order():
    with FakeServer() as server:
        done = loadgen.run("request", server.port, messages=500, window=10, size=32)
        assert server.delivered == 1000
    assert (done["published"], done["delivered"]) == (500, 500)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (replaced(b"MSG bench.request", b"MSG bench.requests"), "unexpected request"),
        (replaced(b"00:", b"01:"), "the answer to request"),
    ],
    ids=["subject", "payload"],
)
def test_requests_that_arrive_wrong_are_noticed(spoil, reason):
    def spoil_requests(number, frame):
        return spoil(frame) if frame.startswith(b"MSG bench.request") and number > 20 else frame

    with FakeServer(spoil_requests) as server, pytest.raises(HarnessError, match=reason):
        loadgen.run("request", server.port, messages=MESSAGES, window=5)


def test_a_lost_answer_ends_the_run():
    lose = only_the_spoilt(lambda frame: b"")
    with FakeServer(lose) as server, pytest.raises(HarnessError, match=r"due|nothing moves"):
        loadgen.run("request", server.port, messages=MESSAGES, window=5, stall_ms=300)


@pytest.mark.parametrize("check", [0, 1])
def test_a_lost_last_message_is_noticed(check):
    lose_last = lambda number, frame: b"" if number == MESSAGES - 1 else frame  # noqa: E731
    options = {**CHECKED, "check": check, "stall_ms": 200}
    with FakeServer(lose_last) as server, pytest.raises(HarnessError, match="received 199 of 200"):
        loadgen.run("pubsub", server.port, **options)


@pytest.mark.parametrize("check", [0, 1])
def test_a_message_too_many_is_noticed_after_the_end(check):
    repeat_last = lambda number, frame: frame * (1 + (number == MESSAGES - 1))  # noqa: E731
    options = {**CHECKED, "check": check}
    with FakeServer(repeat_last) as server, pytest.raises(HarnessError, match="more than the 200"):
        loadgen.run("pubsub", server.port, **options)


def test_a_ping_between_messages_is_answered_and_not_counted():
    with FakeServer(only_the_spoilt(lambda frame: b"PING\r\n" + frame)) as server:
        assert loadgen.run("pubsub", server.port, **CHECKED)["delivered"] == MESSAGES


def test_a_paced_load_takes_as_long_as_its_rate_says():
    with FakeServer() as server:
        done = loadgen.run("pubsub", server.port, messages=200, rate=2000)
    assert done["seconds"] >= 0.1


def test_jspub_counts_acknowledgements():
    with FakeServer() as server:
        done = loadgen.run("jspub", server.port, messages=500, window=10, size=128)
    assert (done["published"], done["acknowledged"]) == (500, 500)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda frame: b"", "should have the sequence 51"),
        (replaced(b'"seq":51', b'"seq":52'), "should have the sequence 51"),
        (replaced(b'"seq":51', b'"error":'), "message 50 is not acknowledged"),
        (replaced(b"00000050 1", b"00000051 1"), "acknowledgement of message 50 is due"),
        (replaced(b"_INBOX.bench", b"_INBOX.other"), "unexpected message"),
    ],
    ids=["lost", "sequence", "error", "inbox", "subject"],
)
def test_jspub_finds_a_wrong_acknowledgement(spoil, reason):
    with FakeServer(only_the_spoilt(spoil)) as server, pytest.raises(HarnessError, match=reason):
        loadgen.run("jspub", server.port, messages=MESSAGES, stall_ms=1000)


def test_jspub_keeps_to_its_window():
    # The fake server swallows every acknowledgement, so only one window is ever published.
    with FakeServer(lambda number, frame: b"") as server:
        with pytest.raises(HarnessError, match="0 of 200 messages acknowledged"):
            loadgen.run("jspub", server.port, messages=MESSAGES, window=7, stall_ms=300)
        assert server.delivered == 7


def test_jspub_publishes_on_several_subjects_in_turn():
    seen = []
    with FakeServer(published=seen.append) as server:
        loadgen.run("jspub", server.port, messages=10, window=5, subjects=3)
    assert seen == [b"bench.js.%08d" % (i % 3) for i in range(10)]


def test_jspub_takes_the_acknowledgements_of_several_streams_in_any_order():
    held = []

    def swap_streams(number, frame):
        held.append(frame)
        return b"".join(reversed([held.pop() for _ in range(2)])) if number % 2 else b""

    for spoil in (None, swap_streams):
        with FakeServer(spoil, streams=True) as server:
            done = loadgen.run("jspub", server.port, messages=500, window=10, streams=4)
        assert done["acknowledged"] == 500


def test_jspub_finds_a_wrong_acknowledgement_of_one_stream():
    spoil = only_the_spoilt(replaced(b'"seq":13', b'"seq":14'))
    with (
        FakeServer(spoil, streams=True) as server,
        pytest.raises(HarnessError, match="message 50 should have the sequence 13"),
    ):
        loadgen.run("jspub", server.port, messages=MESSAGES, streams=4, stall_ms=1000)


def test_latency_reports_percentiles():
    with FakeServer() as server:
        done = loadgen.run("latency", server.port, messages=100, warmup=5, size=16)
        assert server.delivered == 2 * 105
    assert done["round_trips"] == 100
    assert 0 < done["p50_us"] <= done["p99_us"]


@pytest.mark.parametrize("number", [SPOILT, SPOILT + 1], ids=["request", "reply"])
def test_latency_compares_what_comes_back(number):
    def spoil(at, frame):
        return replaced(b"00:", b"01:")(frame) if at == number else frame

    with FakeServer(spoil) as server, pytest.raises(HarnessError, match="due: MSG"):
        loadgen.run("latency", server.port, messages=100)


def test_a_server_that_is_none_is_refused():
    with (
        FakeServer(greeting=b"220 mail.example\r\n") as server,
        pytest.raises(HarnessError, match="expected INFO, got 220 mail"),
    ):
        loadgen.run("pubsub", server.port)


def test_a_publisher_hears_of_its_own_messages_only():
    """Others would count them as theirs, and publish more than their window."""
    options = {"pubs": 3, "messages": 50, "window": 10}
    stored = []
    with FakeServer(published=stored.append) as server:
        loadgen.run("consume", server.port, due=1, pull=2, ahead=1, **options)
        assert stored.count(b"bench.js") == 3 * 50
        assert server.delivered == 3 * 50 + 1
