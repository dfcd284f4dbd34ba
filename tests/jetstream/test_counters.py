"""Counters add up as on nats-server, whatever has to be fetched for it."""

from headwater.jetstream.counters import _DIGITS_MAX
from tests.jetstream.duel import Play, on_both


def step(play: Play, value: str, body: bytes = b"", subject: str = "s.a", **headers: str) -> None:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    play.put(subject, body, {"Nats-Incr": value, **named})


@on_both
def test_steps(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    for payload, headers in ((b"x", None), (b"", None), (b"x", {"A": "b"}), (b"", {"Nats-X": "1"})):
        play.put("s.a", payload, headers)
    for value in ("+1", "-5", "1", "0", "+0", "-0", "", "+", "x", "+1.5", " +1", "+1 ", "+ 1"):
        step(play, value)
    for value in ("+0x10", "+1_000", "0b1", "--1", "+-1", "٣", "+" + 36 * "9", "-" + 40 * "9"):
        step(play, value)
    for sequence in range(1, 10):
        play.ask("STREAM.MSG.GET.S", {"seq": sequence})
    play.put("s.a", b"", b"NATS/1.0\r\nNats-Incr: +1\r\nB: c\r\nNats-Incr: +5\r\n\r\n")
    play.state("S")


@on_both
def test_what_goes_with_a_step(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    step(play, "+1", b"x")
    step(play, "x", b"x")
    step(play, "+1", b"x", Nats_Rollup="sub")
    step(play, "x", Nats_Rollup="sub")
    for name in ("Sequence", "Msg-Id", "Subject-Sequence", "Subject-Sequence-Subject"):
        step(play, "+1", **{f"Nats-Expected-Last-{name}": "0"})
    step(play, "+1", Nats_Rollup="sub")
    step(play, "+1", Nats_Expected_Stream="S")
    step(play, "+1", Nats_Schedule="@every 1s")
    step(play, "+1", Nats_Stream_Source="T 1 > > a")
    step(play, "+1", Nats_Batch_Id="T")
    step(play, "+1", Nats_Msg_Id="1", A="b")
    step(play, "+1", Nats_Msg_Id="1")
    play.ask("STREAM.MSG.GET.S", {"seq": 1})


@on_both
def test_sources_are_kept(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    step(play, "+1")
    step(play, "+1", Nats_Counter_Sources='{"T":{"a":"5"}}')
    step(play, "+2", A="b")
    step(play, "+2", subject="s.b")
    play.restart()
    step(play, "+3")
    for sequence in range(1, 6):
        play.ask("STREAM.MSG.GET.S", {"seq": sequence})


@on_both
def test_counters_that_lose_messages(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    for _ in range(3):
        step(play, "+2")
    play.ask("STREAM.MSG.DELETE.S", {"seq": 3})
    step(play, "+5")
    play.ask("STREAM.PURGE.S", {"filter": "s.a"})
    step(play, "+7")
    play.restart(hard=True)
    step(play, "+7")
    play.state("S")


@on_both
def test_counters_beside_other_features(play: Play) -> None:
    play.stream("Z", subjects=["z.>"], allow_msg_counter=True, max_msg_size=30)
    step(play, "+1", subject="z.a")
    step(play, "+1", subject="z.a", A="bbbbbbbbbbbbbbb")
    play.stream(
        "M", subjects=["m.>"], allow_msg_counter=True, max_msgs_per_subject=1, storage="memory"
    )
    listened = play.listen("m.>")
    for value in ("+1", "+9999999"):
        step(play, value, subject="m.a")
    play.hear(listened, 2)
    play.state("M")
    play.stream(
        "T",
        subjects=["t.>"],
        allow_msg_counter=True,
        subject_transform={"src": "t.*", "dest": "u.{{left(1,1)}}"},
        republish={"src": ">", "dest": "r.>"},
    )
    republished = play.listen("r.>")
    step(play, "+1", subject="t.aa")
    step(play, "+1", subject="t.ab")
    play.hear(republished, 2)


@on_both
def test_steps_elsewhere(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    step(play, "+1")
    step(play, "x", Nats_Rollup="sub")
    step(play, "+1", b"x", Nats_Expected_Stream="T")
    step(play, "")


@on_both
def test_many_counters_after_a_restart(play: Play) -> None:
    """What they stood at lies in blocks that are not in memory."""
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    for number in range(40):
        play.send(f"s.{number}", headers={"Nats-Incr": f"+{number}", "Pad": "x" * 3000})
    play.flush()
    step(play, "+0", subject="s.0")
    play.restart()
    for _ in range(2):
        for number in range(40):
            play.send(f"s.{number}", headers={"Nats-Incr": "+1"})
    for number in (0, 1, 20, 39):
        step(play, "+0", subject=f"s.{number}")
    play.state("S")


@on_both
def test_a_number_is_long(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_counter=True)
    step(play, "+" + (_DIGITS_MAX - 2) * "9")
    step(play, "+1")
