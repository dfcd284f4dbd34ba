"""Publishing into a stream: acknowledgements and refusals are nats-server's."""

from tests.jetstream.duel import Play, on_both


@on_both
def test_acknowledgements(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"1")
    play.put("s.a", b"2", {"Some": "header"})
    play.put("s.b")
    play.put("t.b")
    play.state("S")


@on_both
def test_expected_headers(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for value in ("S", "T", ""):
        play.put("s.a", b"1", {"Nats-Expected-Stream": value})
    for value in ("0", "1", "2", "-1", "x", "", "99999999999999999999999"):
        play.put("s.a", b"1", {"Nats-Expected-Last-Sequence": value})
    for value in ("0", "1", "3", "-1", "x", "", "4"):
        play.put("s.a", b"1", {"Nats-Expected-Last-Subject-Sequence": value})
        play.put("s.new", b"1", {"Nats-Expected-Last-Subject-Sequence": value})
    play.state("S")


@on_both
def test_expected_sequence_of_other_subjects(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a.1")
    play.put("s.b.1")
    play.put("s.a.2")
    last, other = (
        "Nats-Expected-Last-Subject-Sequence",
        "Nats-Expected-Last-Subject-Sequence-Subject",
    )
    play.put("s.a.1", b"", {last: "3", other: "s.a.*"})
    play.put("s.a.1", b"", {last: "3", other: "s.a.*"})
    play.put("s.b.9", b"", {last: "2", other: "s.b.>"})
    play.put("s.b.9", b"", {last: "0", other: "s.none"})
    play.put("s.b.9", b"", {last: "0", other: "t.none"})
    play.put("s.b.9", b"", {other: "s.b.>"})
    play.put("s.b.9", b"", {last: "1", other: "s..b"})
    play.put("s.b.9", b"", {last: "0", other: ""})
    play.state("S")


@on_both
def test_duplicates(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"1", {"Nats-Msg-Id": "one"})
    play.put("s.a", b"2", {"Nats-Msg-Id": "two"})
    play.put("s.b", b"1", {"Nats-Msg-Id": "one"})
    play.put("s.b", b"1", {"Nats-Msg-Id": ""})
    play.put("s.b", b"1", {"Nats-Msg-Id": "one", "Nats-Expected-Last-Sequence": "99"})
    play.put("s.b", b"1", {"Nats-Expected-Last-Msg-Id": "two"})
    play.put("s.b", b"1", {"Nats-Expected-Last-Msg-Id": "two"})
    play.put("s.b", b"1", {"Nats-Expected-Last-Msg-Id": ""})
    play.put("s.b", b"1", {"Nats-Msg-Id": "three"})
    play.put("s.b", b"1", {"Nats-Expected-Last-Msg-Id": "two"})
    play.put("s.b", b"1", {"Nats-Expected-Last-Msg-Id": "three", "Nats-Msg-Id": "four"})
    play.state("S")
    play.ask("STREAM.PURGE.S")
    play.put("s.a", b"1", {"Nats-Msg-Id": "one"})
    play.state("S")


@on_both
def test_rollups(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_rollup_hdrs=True)
    for _ in range(3):
        play.put("s.a")
        play.put("s.b")
    play.put("s.a", b"rolled", {"Nats-Rollup": "sub"})
    play.state("S", subjects_filter=">")
    play.put("s.a", b"rolled", {"Nats-Rollup": "none"})
    play.put("s.a", b"rolled", {"Nats-Rollup": "SUB"})
    play.put("s.a", b"rolled", {"Nats-Rollup": ""})
    play.put("s.c", b"rolled", {"Nats-Rollup": "all"})
    play.state("S", subjects_filter=">", deleted_details=True)
    play.stream("T", subjects=["t"])
    play.put("t", b"1", {"Nats-Rollup": "all"})
    play.put("t", b"1", {"Nats-Rollup": "bad"})
    play.put("t", b"1", {"Nats-Rollup": ""})
    play.stream("U", subjects=["u"], allow_rollup_hdrs=True, deny_purge=True)
    play.put("u", b"1", {"Nats-Rollup": "all"})


@on_both
def test_message_size(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msg_size=40)
    play.put("s.a", bytes(40))
    play.put("s.a", bytes(41))
    play.put("s.a", bytes(20), {"A": "b"})
    play.put("s.a", bytes(30), {"A": "b"})
    play.stream("T", subjects=["t"])
    play.put("t", b"", {"A": "b" * 65000})
    play.put("t", b"", {"A": "b" * 65530})


@on_both
def test_discard_new(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msgs=2, discard="new")
    for _ in range(3):
        play.put("s.a", b"12345")
    play.put("s.a", b"12345", {"Nats-Msg-Id": "x"})
    play.put("s.a", b"12345", {"Nats-Msg-Id": "x"})
    play.state("S")
    play.stream("T", subjects=["t.>"], max_bytes=100, discard="new")
    for _ in range(4):
        play.put("t.a", b"12345")
    play.state("T")
    config = {
        "subjects": ["u.>"],
        "max_msgs_per_subject": 1,
        "discard": "new",
        "discard_new_per_subject": True,
    }
    play.stream("U", **config)
    play.put("u.a")
    play.put("u.a")
    play.put("u.b")
    play.put("u.b", b"", {"Nats-Msg-Id": "x"})
    play.put("u.c", b"", {"Nats-Msg-Id": "x"})
    play.state("U", subjects_filter=">")


@on_both
def test_limits_discard_old(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msgs=3)
    play.fill("s.a", 5)
    play.state("S")
    play.stream("T", subjects=["t.>"], max_bytes=150)
    play.fill("t.a", 7, 10)
    play.state("T")
    play.put("t.b", bytes(300))
    play.state("T")
    play.stream("U", subjects=["u.>"], max_msgs_per_subject=2)
    play.fill("u.a", 4)
    play.fill("u.b", 1)
    play.fill("u.a", 1)
    play.state("U", subjects_filter=">", deleted_details=True)


@on_both
def test_sealed_and_without_acknowledgement(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a")
    play.update("S", subjects=["s.>"], sealed=True)
    play.put("s.a")
    play.stream("T", subjects=["t.>"], no_ack=True)
    inbox = play.listen("ack")
    play.send("t.a", b"1", reply=inbox)
    play.send("t.a", b"1", reply=inbox, headers={"Nats-Expected-Stream": "X"})
    play.wait_state("T", messages=1)
    play.rest(inbox)


@on_both
def test_message_ttl_needs_the_setting(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"", {"Nats-TTL": "1s"})
    play.put("s.a", b"", {"Nats-Incr": "1"})
    play.put("s.a", b"", {"Nats-Stream-Source": "T 1 > > s.a"})
    play.put("s.a", b"", {"Nats-Batch-Id": "1", "Nats-Batch-Sequence": "1"})
    play.put("s.a", b"", {"Nats-Schedule": "@at 2030-01-01T00:00:00Z"})
    play.state("S")


@on_both
def test_no_stream_takes_it(play: Play) -> None:
    play.stream("S", subjects=["s.a", "s.b.*"])
    play.put("s.b.c")
    play.put("s.b")
    play.update("S", subjects=["s.b"])
    play.put("s.b")
    play.put("s.a")
    play.state("S", subjects_filter=">")


@on_both
def test_which_refusal_comes_first(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msgs=2, discard="new")
    play.put("s.a", b"", {"Nats-Msg-Id": "one"})
    wrong = {
        "Nats-Expected-Stream": "X",
        "Nats-Expected-Last-Sequence": "99",
        "Nats-Expected-Last-Subject-Sequence": "99",
        "Nats-Expected-Last-Msg-Id": "other",
        "Nats-Rollup": "sub",
        "Nats-TTL": "1s",
        "Nats-Schedule": "@at 2030-01-01T00:00:00Z",
        "Nats-Incr": "1",
    }
    for name, value in wrong.items():
        play.note(f"duplicate and {name}")
        play.put("s.a", b"", {"Nats-Msg-Id": "one", name: value})
    for first in wrong:
        for second in wrong:
            if first < second:
                play.note(f"{first} and {second}")
                play.put("s.a", b"", {first: wrong[first], second: wrong[second]})
    play.put("s.a")
    play.put("s.a", b"", {"Nats-Msg-Id": "one"})
    for name, value in wrong.items():
        play.note(f"full and {name}")
        play.put("s.a", b"", {name: value})
    play.note("full, and what the stream did not take is no duplicate")
    play.put("s.a", b"", {"Nats-Msg-Id": "two"})
    play.put("s.a", b"", {"Nats-Msg-Id": "two"})


@on_both
def test_empty_headers_are_none(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    play.put("s.a", b"", {"Nats-Msg-Id": "one"})
    for name in ("Expected-Last-Msg-Id", "TTL", "Incr", "Batch-Id", "Schedule", "Msg-Id"):
        play.put("s.a", b"", {f"Nats-{name}": ""})
    play.put("s.a", b"", {"nats-msg-id": "one"})
    play.put("s.a", b"", b"NATS/1.0\r\nNats-Msg-Id:one\r\n\r\n")
    play.put("s.a", b"", b"NATS/1.0\r\nNats-Msg-Id:   one  \r\n\r\n")
    play.put("s.a", b"", b"NATS/1.0\r\nOther: Nats-Msg-Id: one\r\n\r\n")
    play.put("s.a", b"", b"NATS/1.0\r\nNats-Msg-Id: two\r\nNats-Msg-Id: one\r\n\r\n")
    play.state("S")


@on_both
def test_acknowledgements_come_in_order(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    inbox = play.listen("acks")
    for number in range(200):
        play.send(f"s.{number % 7}", b"%d" % number, reply=inbox)
    play.hear(inbox, 200)


@on_both
def test_streams_that_may_acknowledge_early(play: Play) -> None:
    play.stream("S", subjects=["s.>"], persist_mode="async", allow_batched=True)
    for value in ("0", "0", "1"):
        play.put("s.a", b"1", {"Nats-Expected-Last-Sequence": value})
    play.put("s.a", b"1", {"Nats-Msg-Id": "1"})
    play.put("s.a", b"1", {"Nats-Msg-Id": "1"})
    play.ask("STREAM.MSG.GET.S", {"last_by_subj": "s.a"})
    play.state("S")
    play.restart()
    play.state("S")
