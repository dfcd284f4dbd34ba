"""Atomic batches are taken, refused, committed and given up as on nats-server."""

from tests.jetstream.duel import Play, on_both

ABANDONED = "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.>"


def part(
    play: Play,
    batch: str,
    sequence: object,
    commit: str | None = None,
    *,
    subject: str = "s.a",
    body: bytes | None = None,
    reply: bool = True,
    **headers: str,
) -> None:
    """Send one message of a batch."""
    fields = {"Nats-Batch-Id": batch}
    if sequence is not None:
        fields["Nats-Batch-Sequence"] = str(sequence)
    if commit is not None:
        fields["Nats-Batch-Commit"] = commit
    fields.update({name.replace("_", "-"): text for name, text in headers.items()})
    payload = f"m{sequence}".encode() if body is None else body
    if reply:
        play.put(subject, payload, fields)
    else:
        play.send(subject, payload, headers=fields)


def stored(play: Play, first: int, last: int, name: str = "S") -> None:
    for sequence in range(first, last + 1):
        play.ask(f"STREAM.MSG.GET.{name}", {"seq": sequence})


@on_both
def test_commits(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    play.consumer("S", "C")
    part(play, "a", 1)
    part(play, "a", 2)
    play.state("S")
    part(play, "a", 3, "1")
    play.state("S")
    part(play, "b", 1, "1")
    part(play, "c", 1)
    part(play, "c", 2, "eob")
    part(play, "d", 1, reply=False)
    part(play, "d", 2, reply=False)
    part(play, "d", 3, "1")
    part(play, "e", 1, reply=False)
    part(play, "e", 2, "1", reply=False)
    play.wait_state("S", messages=10)
    stored(play, 1, 5)
    play.take("S", "C", 10)
    play.restart(hard=True)
    play.state("S")
    part(play, 'q"<é', 1, "1")


@on_both
def test_orders(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    abandoned = play.listen(ABANDONED)
    part(play, "c", 1, "eob")
    play.hear(abandoned)
    part(play, "d", 2)
    part(play, "d", 1)
    part(play, "d", 3)
    play.hear(abandoned)
    part(play, "d", 2)
    part(play, "g", 1)
    part(play, "g", 1)
    play.hear(abandoned)
    part(play, "g", 2)
    play.state("S")


@on_both
def test_broken_headers(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    for sequence in (None, "x", 0, -1, "", "99999999999999999999999"):
        part(play, "e", sequence)
    part(play, "x" * 64, 1, "1")
    part(play, "x" * 65, 1, "1")
    part(play, "x" * 65, None, "x")
    part(play, "", 1, "1")
    for sequence, commit in ((1, "0"), (1, ""), (2, "x"), (2, "1"), (1001, "x"), (1, "true")):
        part(play, "f", sequence, commit)
    part(play, "g", 1)
    part(play, "g", 2, "x")
    part(play, "g", 2, "1")
    part(play, "g", 1)
    part(play, "g", 5, "x")
    part(play, "g", 2)
    play.put("s.a", b"", {"Nats-Batch-Sequence": "1"})
    play.put("s.a", b"", {"Nats-Batch-Commit": "1"})
    play.put("t.a", b"", {"Nats-Batch-Id": "1", "Nats-Batch-Sequence": "1"})
    play.state("S")


@on_both
def test_levels(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    abandoned = play.listen(ABANDONED)
    part(play, "j", 1, Nats_Required_Api_Level="99")
    play.hear(abandoned)
    part(play, "j", 1, Nats_Required_Api_Level="2")
    part(play, "j", 2, Nats_Required_Api_Level="99")
    play.hear(abandoned)
    part(play, "j", 2, "1")
    part(play, "c", 1001, Nats_Required_Api_Level="99")
    part(play, "d", None, Nats_Required_Api_Level="99")


@on_both
def test_message_ids(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    part(play, "h", 1, Nats_Expected_Last_Msg_Id="x")
    part(play, "h", 2, "1")
    part(play, "i", 1, Nats_Msg_Id="1")
    part(play, "i", 2, "1", Nats_Msg_Id="1")
    part(play, "i", 1, Nats_Msg_Id="1")
    part(play, "i", 2, "1", Nats_Msg_Id="2")
    part(play, "i", 1, Nats_Msg_Id="3")
    part(play, "i", 2, "1", Nats_Msg_Id="2")
    play.put("s.a", b"", {"Nats-Expected-Last-Msg-Id": "2"})
    play.put("s.a", b"", {"Nats-Msg-Id": "3"})
    play.put("s.a", b"", {"Nats-Msg-Id": "2"})
    part(play, "i", 1, "1", Nats_Msg_Id="2")
    part(play, "h", 1, Nats_Expected_Last_Msg_Id="1", Nats_Expected_Stream="T")
    part(play, "h", 2, "1")
    play.state("S")


@on_both
def test_expected_sequences(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    last = "Nats-Expected-Last-Sequence"
    pairs = (("0", None), ("0", None), ("2", "3"), (None, "2"), (None, "3"), (None, "x"))
    for first, second in pairs:
        part(play, "k", 1, **({last: first} if first else {}))
        part(play, "k", 2, "1", **({last: second} if second else {}))
    part(play, "k", 1, "1", **{last: "4"})
    part(play, "k", 1, Nats_Expected_Stream="T")
    part(play, "k", 2, "1", Nats_Expected_Stream="S")
    play.state("S")


@on_both
def test_expected_sequences_of_subjects(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    last, of = (
        "Nats-Expected-Last-Subject-Sequence",
        "Nats-Expected-Last-Subject-Sequence-Subject",
    )
    batches = (
        (("s.x", {last: "0"}), ("s.y", {last: "0"})),
        (("s.x", {last: "1"}), ("s.x", {last: "1"})),
        (("s.x", {last: "1"}), ("s.x", {last: "3"})),
        (("s.x", {}), ("s.x", {last: "1"})),
        (("s.x", {}), ("s.y", {last: "2"})),
        (("s.x", {}), ("s.y", {last: "3", of: "s.x"})),
        (("s.x", {last: "99"}), ("s.x", {})),
        (("s.x", {}), ("s.y", {last: "4", of: "s.*"})),
        (("s.x", {}), ("s.y", {last: "5", of: "s.*"})),
        (("s.x", {}), ("s.y", {of: "s.*"})),
    )
    for first, second in batches:
        part(play, "l", 1, subject=first[0], **first[1])
        part(play, "l", 2, "1", subject=second[0], **second[1])
    play.state("S", subjects_filter=">")


@on_both
def test_headers_of_features_that_are_off(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    for name, value in (("Nats-Rollup", "sub"), ("Nats-Incr", "1"), ("Nats-Schedule", "@hourly")):
        part(play, "l", 1, **{name: value})
        part(play, "l", 2, "1")
    play.state("S")


@on_both
def test_rollups(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True, allow_rollup_hdrs=True)
    play.put("s.a")
    batches = (
        (("s.a", "sub"), ("s.a", "")),
        (("s.a", "all"), ("s.a", "sub")),
        (("s.a", ""), ("s.a", "sub")),
        (("s.b", ""), ("s.a", "sub")),
        (("s.b", ""), ("s.a", "all")),
        (("s.b", "x"), ("s.a", "")),
        (("s.b", "all"), ("s.a", "sub")),
    )
    for pair in batches:
        for number, (subject, rollup) in enumerate(pair, 1):
            commit = "1" if number == 2 else None
            part(play, "z", number, commit, subject=subject, Nats_Rollup=rollup)
        play.state("S", subjects_filter=">")


@on_both
def test_limits_of_the_stream(play: Play) -> None:
    play.stream("N", subjects=["n.>"], allow_atomic=True, max_msgs=3, discard="new")
    for count in (4, 2, 2):
        for number in range(1, count + 1):
            part(play, "a", number, "1" if number == count else None, subject="n.a")
    play.stream("O", subjects=["o.>"], allow_atomic=True, max_msgs=2)
    for number in range(1, 5):
        part(play, "a", number, "1" if number == 4 else None, subject="o.a")
    play.state("O")
    play.stream("Z", subjects=["z.>"], allow_atomic=True, max_msg_size=100)
    part(play, "a", 1, subject="z.a")
    part(play, "a", 2, subject="z.a", body=bytes(100))
    part(play, "a", 2, "1", subject="z.a")
    per_subject = {"max_msgs_per_subject": 1, "discard_new_per_subject": True, "discard": "new"}
    play.stream("P", subjects=["p.>"], allow_atomic=True, **per_subject)
    for second in ("p.a", "p.b"):
        part(play, "a", 1, subject="p.a")
        part(play, "a", 2, "1", subject=second)
    play.state("P")


@on_both
def test_counters_in_batches(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True, allow_msg_counter=True)
    part(play, "z", 1, body=b"", Nats_Incr="1")
    part(play, "z", 2, "1", body=b"", Nats_Incr="+2")
    part(play, "z", 1, body=b"", Nats_Incr="1")
    part(play, "z", 2, "1", body=b"")
    play.put("s.a", b"", {"Nats-Incr": "+10"})
    stored(play, 1, 3)
    play.restart()
    part(play, "z", 1, body=b"", Nats_Incr="1")
    part(play, "z", 2, "1", body=b"", Nats_Incr="+2")
    stored(play, 4, 5)


@on_both
def test_batches_that_are_switched_off(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    part(play, "q", 1)
    play.update("S", subjects=["s.>"])
    part(play, "q", 2, "1")
    play.update("S", subjects=["s.>"], allow_atomic=True)
    part(play, "q", 2, "1")
    part(play, "z", 1)
    play.update("S", subjects=["s.>"], allow_atomic=True, sealed=True)
    part(play, "z", 2, "1")
    part(play, "y", 1)


@on_both
def test_large_batches(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    abandoned = play.listen(ABANDONED)
    for last, commit in ((1000, "1"), (1001, "eob"), (1001, "1")):
        for number in range(1, last):
            part(play, "a", number, reply=False)
        part(play, "a", last, commit)
    play.hear(abandoned)
    part(play, "a", 1001)
    play.state("S")


@on_both
def test_many_batches(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_atomic=True)
    for number in range(50):
        part(play, f"l{number}", 1, reply=False)
    part(play, "m", 1)
    part(play, "m", 1, "1")
    part(play, "l0", 2, "1")
    part(play, "m", 1, "1")
    part(play, "n", 1)
    part(play, "o", 1)


@on_both
def test_batches_beside_other_features(play: Play) -> None:
    play.stream("N", subjects=["n.>"], allow_atomic=True, no_ack=True, storage="memory")
    part(play, "z", 1, subject="n.a", reply=False)
    part(play, "z", 2, "1", subject="n.a", reply=False)
    play.wait_state("N", messages=2)
    republish = {"src": ">", "dest": "r.>"}
    play.stream(
        "T",
        subjects=["t.>"],
        allow_atomic=True,
        subject_transform={"src": "t.>", "dest": "u.>"},
        republish=republish,
    )
    republished = play.listen("r.>")
    part(play, "z", 1, subject="t.a")
    part(play, "z", 2, "1", subject="t.b")
    play.hear(republished, 2)
    play.stream("I", subjects=["i.>"], allow_atomic=True, retention="interest")
    part(play, "z", 1, subject="i.a")
    part(play, "z", 2, "1", subject="i.a")
    play.put("i.a")
    play.stream("W", subjects=["w.>"], allow_atomic=True, retention="workqueue")
    play.consumer("W", "C", ack_policy="explicit")
    part(play, "z", 1, subject="w.a")
    part(play, "z", 2, "1", subject="w.a")
    for message in play.fetch("W", "C", 2):
        play.ack(message)
    play.wait_state("W", messages=0)
