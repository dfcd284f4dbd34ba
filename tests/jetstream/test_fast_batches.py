"""Fast batches are answered as nats-server answers them."""

from tests.jetstream.duel import Play, on_both

ANSWERS = "_INBOX.f.>"


class Publisher:
    """Sends messages of fast batches; all that comes to one message is heard before the next."""

    def __init__(self, play: Play, stream: str = "S", **config: object) -> None:
        self._play = play
        self.subject = f"{stream.lower()}.a"
        subjects = [f"{stream.lower()}.>"]
        play.stream(stream, **{"subjects": subjects, "allow_batched": True, **config})
        if ANSWERS not in play._sids:
            play.listen(ANSWERS)

    def send(
        self,
        batch: str,
        sequence: object,
        operation: object,
        answers: int = 1,
        *,
        flow: object = 10,
        gap: str = "ok",
        body: bytes | None = None,
        reply: str = "",
        **headers: str,
    ) -> None:
        reply = reply or f"_INBOX.f.{batch}.{flow}.{gap}.{sequence}.{operation}.$FI"
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        payload = f"m{sequence}".encode() if body is None else body
        self._play.note(f"> {reply} {fields}")
        self._play.send(self.subject, payload, reply=reply, headers=fields or None)
        self._play.flush()
        self._play.hear(ANSWERS, answers)

    def several(self, batch: str, first: int, last: int, **options: object) -> None:
        """Append messages that nothing comes to."""
        for sequence in range(first, last + 1):
            self.send(batch, sequence, 1, 0, **options)


@on_both
def test_a_batch(play: Play) -> None:
    fast = Publisher(play)
    fast.send("a", 1, 0)
    fast.several("a", 2, 2)
    fast.send("a", 3, 2)
    fast.send("b", 1, 2)
    fast.send("b", 1, 3)
    fast.send("b", 1, 0)
    fast.send("b", 2, 3)
    play.state("S")
    for sequence in (1, 3):
        play.ask("STREAM.MSG.GET.S", {"seq": sequence})


@on_both
def test_flow(play: Play) -> None:
    fast = Publisher(play)
    fast.send("c", 1, 0, flow=4)
    for first in (2, 5, 9):
        fast.several("c", first, first + (1 if first == 2 else 2), flow=4)
        fast.send("c", first + (2 if first == 2 else 3), 1, flow=4)
    fast.several("c", 13, 13, flow=4)
    fast.send("c", 13, 4, flow=4)
    fast.send("c", 14, 2, flow=4)
    for flow in (0, 1, 500, 501, 65535, 65536, -1, "x", "+5", "5x", ""):
        fast.send("a", 1, 0, 2 if flow == 1 else 1 if flow != "" else 0, flow=flow)
        fast.send("a", 2, 3, 0 if flow == "" else 1)


@on_both
def test_who_comes_second_begins_slowly(play: Play) -> None:
    fast = Publisher(play)
    fast.send("first", 1, 0)
    fast.send("second", 1, 0, 2)
    fast.several("second", 2, 2)
    fast.send("second", 3, 1)
    fast.several("second", 4, 6)
    fast.send("second", 7, 1)
    fast.several("second", 8, 14)
    fast.send("second", 15, 1)
    fast.send("first", 2, 3)
    fast.send("second", 16, 3)


@on_both
def test_gaps_that_are_fine(play: Play) -> None:
    fast = Publisher(play)
    fast.send("d", 1, 0)
    fast.send("d", 3, 1)
    fast.send("d", 3, 4)
    fast.send("d", 6, 4, 2)
    fast.several("d", 7, 7)
    fast.send("d", 5, 1, 2)
    fast.send("d", 8, 2)
    fast.send("e", 1, 0)
    fast.several("e", 2, 2)
    fast.send("e", 1, 4)
    fast.send("e", 2, 4)
    fast.send("e", 2, 1, 2)
    fast.send("g", 1, 0)
    fast.send("g", 3, 3, 2)
    fast.send("g", 1, 0)
    fast.send("g", 3, 2, 2)
    fast.send("m", 1, 0)
    fast.send("m", 1, 0, 2)
    play.state("S")


@on_both
def test_gaps_that_end_it(play: Play) -> None:
    fast = Publisher(play)
    for last, operation in ((4, 1), (4, 4), (4, 2), (4, 3), (1, 1)):
        fast.send("e", 1, 0, gap="fail")
        fast.several("e", 2, 2, gap="fail")
        fast.send("e", last, operation, 1 if last == 1 else 2, gap="fail")
        if last > 1:
            fast.send("e", 5, 1, gap="fail")
        else:
            fast.send("e", 3, 3, gap="fail")
    fast.send("o", 1, 0, gap="fail")
    fast.several("o", 2, 2)
    fast.send("o", 4, 1, 2, flow=3)
    play.state("S")


@on_both
def test_patterns(play: Play) -> None:
    fast = Publisher(play)
    for options in ({"gap": "maybe"}, {"gap": "x"}):
        fast.send("g", 1, 0, **options)
    for sequence, operation in ((1, 5), (0, 0), ("x", 0), (1, "x"), (2, 0), (1, 1), (-1, 1)):
        fast.send("g", sequence, operation)
    for operation in (1, 2, 3, 4):
        fast.send("i", 2, operation)
    fast.send("h" * 64, 1, 0)
    fast.send("h" * 65, 1, 0)
    for reply in ("a.b.$FI", "$FI", "x.10.ok.1.0.9.$FI"):
        fast.send("", 0, 0, reply=f"_INBOX.f.{reply}")
    fast.send("i", 1, 0, 2, Nats_Batch_Id="q", Nats_Batch_Sequence="1")
    fast.send("i", 2, 2, Nats_Required_Api_Level="99")
    fast.send("i", 2, 2)
    play.state("S")


@on_both
def test_errors(play: Play) -> None:
    fast = Publisher(play)
    wrong = {"Nats_Expected_Last_Sequence": "77"}
    fast.send("j", 1, 0, 2, **wrong)
    fast.send("j", 2, 1, **wrong)
    fast.several("j", 3, 3)
    fast.send("j", 4, 2)
    fast.send("k", 1, 0, gap="fail")
    fast.send("k", 2, 1, 2, gap="fail", **wrong)
    fast.send("k", 3, 1, gap="fail")
    fast.send("k", 1, 2, gap="fail", **wrong)
    fast.send("k", 1, 0, 2, gap="fail", **wrong)
    fast.send("k", 2, 1, gap="fail")
    fast.send("f", 1, 0, 2, **wrong)
    fast.send("f", 2, 2, 2, **wrong)
    fast.send("f", 1, 0, 2, **wrong)
    fast.send("f", 2, 3)
    play.state("S")


@on_both
def test_repeated_messages(play: Play) -> None:
    fast = Publisher(play)
    for sequence, message_id in ((1, "1"), (2, "1"), (3, "2"), (4, "2")):
        fast.send(
            "l",
            sequence,
            2 if sequence == 4 else min(1, sequence - 1),
            2 if sequence == 4 else 1,
            flow=1,
            Nats_Msg_Id=message_id,
        )
    fast.send("l", 1, 2, Nats_Msg_Id="2")
    play.state("S")


@on_both
def test_streams_that_refuse(play: Play) -> None:
    sized = Publisher(play, "Z", max_msg_size=3)
    for gap in ("ok", "fail"):
        sized.send("a", 1, 0, gap=gap)
        sized.send("a", 2, 1, gap=gap, body=b"xxxxx")
        sized.send("a", 3, 2, 2, gap=gap)
    full = Publisher(play, "N", max_msgs=2, discard="new")
    full.send("a", 1, 0)
    full.several("a", 2, 2)
    full.send("a", 3, 1)
    full.send("a", 4, 2, 2)
    play.ask("STREAM.PURGE.N")
    full.send("a", 1, 0, gap="fail")
    full.several("a", 2, 2, gap="fail")
    full.send("a", 3, 1, 2, gap="fail")
    full.send("a", 4, 1, gap="fail")
    counter = Publisher(play, "C", allow_msg_counter=True)
    counter.send("a", 1, 0, body=b"", Nats_Incr="1")
    counter.send("a", 2, 1)
    counter.send("a", 3, 2, body=b"", Nats_Incr="1")
    counter.send("a", 1, 2, body=b"", Nats_Incr="1")


@on_both
def test_batches_that_are_switched_off(play: Play) -> None:
    fast = Publisher(play)
    fast.send("p", 1, 0)
    play.update("S", subjects=["s.>"])
    fast.send("p", 2, 1)
    fast.send("p", 1, 2)
    other = Publisher(play, "O", allow_batched=False)
    other.send("p", 1, 0)
    other.send("p", 1, 0, reply="_INBOX.f.$FI")
    other.send("p", 1, 0, reply="_INBOX.f.FI")
    other.send("p", 1, 0, reply="_INBOX.f.I")
    play.state("O")


@on_both
def test_a_large_batch(play: Play) -> None:
    Publisher(play)
    for number in range(1, 1001):
        operation = 0 if number == 1 else 2 if number == 1000 else 1
        reply = f"_INBOX.f.a.100.fail.{number}.{operation}.$FI"
        play.send("s.a", b"%d" % number, reply=reply)
    heard = play.hear(ANSWERS, note=False)
    while b'"batch"' not in heard[-1].payload:
        heard += play.hear(ANSWERS, note=False)
    play.note(heard[-1].payload.decode())
    play.state("S")
