"""Who takes a request to the API: it, a stream, a consumer, or nobody."""

from tests.jetstream.duel import Play, on_both


@on_both
def test_who_is_asked_for_messages_that_nobody_has(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    asked = (
        "DIRECT.GET", "DIRECT.GET.S", "DIRECT.GET.X", "DIRECT.GET.S.s.a", "DIRECT.OTHER",
        "CONSUMER.MSG.NEXT", "CONSUMER.MSG.NEXT.S.C", "CONSUMER.MSG.NEXT.X",
    )  # fmt: skip
    for number, subject in enumerate(asked):
        inbox = play.listen(f"_INBOX.asked.{number}")
        play.send(f"$JS.API.{subject}", b'{"seq":1}', reply=inbox)
        play.note(subject)
        play.quiet(inbox, 100)
