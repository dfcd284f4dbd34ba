"""Messages by request: the answers are nats-server's."""

import base64
import json

from tests.jetstream.duel import Play, on_both


def _fill(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_direct=True)
    for number in range(9):
        headers = {"Number": str(number), "Other": "x"} if number % 2 else None
        play.send(f"s.{number % 3}", b"payload %d" % number, headers=headers)
    play.put("s.last.one")
    play.ask("STREAM.MSG.DELETE.S", {"seq": 5})


@on_both
def test_get(play: Play) -> None:
    _fill(play)
    bodies = [
        {"seq": 1},
        {"seq": 2},
        {"seq": 2, "no_hdr": True},
        {"seq": 5},
        {"seq": 99},
        {"seq": 0},
        {"seq": -1},
        {},
        {"last_by_subj": "s.0"},
        {"last_by_subj": "s.*"},
        {"last_by_subj": ">"},
        {"last_by_subj": "none"},
        {"last_by_subj": "s..0"},
        {"last_by_subj": "s.0", "seq": 1},
        {"next_by_subj": "s.1"},
        {"next_by_subj": "s.1", "seq": 3},
        {"next_by_subj": "s.1", "seq": 5},
        {"next_by_subj": "s.1", "seq": 9},
        {"next_by_subj": "s.*", "seq": 4},
        {"next_by_subj": ">", "seq": 10},
        {"next_by_subj": "none"},
        {"next_by_subj": "s.1", "last_by_subj": "s.1"},
        {"start_time": "2001-01-01T00:00:00Z"},
        {"start_time": "2101-01-01T00:00:00Z"},
        {"start_time": "2001-01-01T00:00:00Z", "next_by_subj": "s.2"},
        {"start_time": "2001-01-01T00:00:00Z", "seq": 3},
        {"start_time": "junk"},
        {"batch": 2, "seq": 1},
        {"multi_last": ["s.0"]},
        b"junk",
        b"",
    ]
    for body in bodies:
        play.ask("STREAM.MSG.GET.S", body)
    play.ask("STREAM.MSG.GET.T", {"seq": 1})


@on_both
def test_get_by_time(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_direct=True)
    for number in range(10):
        play.put(f"s.{number % 3}")
    for sequence in (1, 4, 6, 10):
        answer = play.ask("STREAM.MSG.GET.S", {"seq": sequence}, note=False)
        time = answer["message"]["time"]
        play.note(f"since {sequence}")
        found = play.ask("STREAM.MSG.GET.S", {"start_time": time}, note=False)
        play.note(str(found["message"]["seq"]))
        inbox = play.listen("_INBOX.times")
        play.send(
            "$JS.API.DIRECT.GET.S",
            _json({"multi_last": ["s.*"], "up_to_time": time}),
            reply=inbox,
        )
        while play.hear(inbox)[-1].code == 0:
            pass
        play.send(
            "$JS.API.DIRECT.GET.S",
            _json({"batch": 2, "next_by_subj": "s.1", "start_time": time}),
            reply=inbox,
        )
        while play.hear(inbox)[-1].code == 0:
            pass
        play.ignore(inbox)
        found = play.ask(
            "STREAM.MSG.GET.S", {"start_time": time, "next_by_subj": "s.0"}, note=False
        )
        play.note(str(found.get("message", found).get("seq", found.get("error"))))


@on_both
def test_delete(play: Play) -> None:
    _fill(play)
    for body in (
        {"seq": 1},
        {"seq": 1},
        {"seq": 10, "no_erase": True},
        {"seq": 10},
        {"seq": 11},
        {"seq": 0},
        {"seq": -1},
        {},
        b"",
        b"junk",
    ):
        play.ask("STREAM.MSG.DELETE.S", body)
        play.state("S", deleted_details=True, subjects_filter=">")
    play.ask("STREAM.MSG.DELETE.T", {"seq": 1})
    play.put("s.0")
    play.state("S", deleted_details=True, subjects_filter=">")


@on_both
def test_deletes_that_are_refused(play: Play) -> None:
    play.ask("STREAM.MSG.DELETE.S", b"")
    play.ask("STREAM.MSG.DELETE.S", b"{")
    for storage in ("file", "memory"):
        play.stream("S", subjects=["s.>"], storage=storage)
        play.ask("STREAM.MSG.DELETE.S", {"seq": 0})
        play.ask("STREAM.MSG.DELETE.S", {"seq": 1})
        play.fill("s.a", 10)
        for body in (
            {},
            *({"seq": sequence} for sequence in (0, 11, -1, 2, 2, "3", 1, 1, 10, 10, 11)),
            *({"seq": sequence} for sequence in (2**64 - 1, 2**64, 1.5)),
            {"seq": 3, "no_erase": True},
            {"seq": 3, "no_erase": True},
            {"no_erase": True},
            {"seq": 4, "x": 1},
            b"null",
            b"[]",
        ):
            play.ask("STREAM.MSG.DELETE.S", body)
            play.state("S", deleted_details=True)
        play.ask("STREAM.PURGE.S")
        play.ask("STREAM.MSG.DELETE.S", {"seq": 5})
        play.ask("STREAM.MSG.DELETE.S", {"seq": 10})
        play.ask("STREAM.DELETE.S")


DIRECT = [
    {"seq": 1},
    {"seq": 2},
    {"seq": 2, "no_hdr": True},
    {"seq": 1, "no_hdr": True},
    {"seq": 5},
    {"seq": 99},
    {"seq": 0},
    {},
    {"last_by_subj": "s.0"},
    {"last_by_subj": "s.*"},
    {"last_by_subj": "none"},
    {"last_by_subj": "s.0", "seq": 1},
    {"next_by_subj": "s.1"},
    {"next_by_subj": "s.1", "seq": 5},
    {"next_by_subj": "s.1", "seq": 9},
    {"next_by_subj": "none"},
    {"next_by_subj": "s.1", "last_by_subj": "s.1"},
    {"start_time": "2001-01-01T00:00:00Z"},
    {"start_time": "2101-01-01T00:00:00Z"},
    {"start_time": "2001-01-01T00:00:00Z", "next_by_subj": "s.2"},
    {"start_time": "2001-01-01T00:00:00Z", "seq": 3},
    {"multi_last": ["s.0"], "seq": 1},
    {"multi_last": ["none"]},
    {"batch": 3, "next_by_subj": "none"},
    {"batch": 3, "seq": 99},
    {"batch": 3, "last_by_subj": "s.0"},
    {"max_bytes": 10, "seq": 1},
    {"batch": -1, "seq": 1},
    b"junk",
    b"",
]


@on_both
def test_direct(play: Play) -> None:
    _fill(play)
    for body in DIRECT:
        play.ask("DIRECT.GET.S", body)
    for subject in ("s.0", "s.last.one", "s.*", "none", "s..0", ">"):
        play.ask(f"DIRECT.GET.S.{subject}")
    play.ask("DIRECT.GET.T", {"seq": 1})
    play.ask("DIRECT.GET.T.s.0")
    play.update("S", subjects=["s.>"], allow_direct=False)
    play.ask("DIRECT.GET.S", {"seq": 1})
    play.update("S", subjects=["s.>"], allow_direct=True)
    play.ask("DIRECT.GET.S", {"seq": 1})


MANY = [
    {"batch": 3, "seq": 1},
    {"batch": 3, "seq": 4},
    {"batch": 99, "seq": 1},
    {"batch": 2, "next_by_subj": "s.1"},
    {"batch": 9, "next_by_subj": "s.*", "seq": 4},
    {"batch": 9, "next_by_subj": "s.>", "seq": 9},
    {"batch": 9, "start_time": "2001-01-01T00:00:00Z"},
    {"batch": 9, "start_time": "2001-01-01T00:00:00Z", "next_by_subj": "s.0"},
    {"batch": 9, "seq": 1, "max_bytes": 60},
    {"batch": 9, "seq": 1, "max_bytes": 1},
    *({"batch": 9, "seq": 1, "max_bytes": size} for size in (8, 9, 12, 13, 50, 53, 57, 58, 99)),
    {"batch": 2, "seq": 1, "no_hdr": True},
    {"batch": 9},
    {"multi_last": ["s.0", "s.1"]},
    {"multi_last": ["s.*"]},
    {"multi_last": [">"]},
    {"multi_last": ["s.*", "s.0"]},
    {"multi_last": ["s.0", "none"]},
    {"multi_last": ["s.>"], "batch": 2},
    {"multi_last": ["s.>"], "up_to_seq": 6},
    {"multi_last": ["s.>"], "up_to_seq": 5},
    {"multi_last": ["s.>"], "up_to_seq": 1},
    {"multi_last": ["s.0"], "up_to_seq": 9},
    {"multi_last": ["s.>"], "up_to_seq": 10},
    {"multi_last": ["s.>"], "up_to_seq": 11},
    {"multi_last": ["s.>"], "up_to_seq": 99},
    {"multi_last": ["s.>"], "up_to_time": "2001-01-01T00:00:00Z"},
    {"multi_last": ["s.>"], "up_to_time": "2101-01-01T00:00:00Z"},
    {"multi_last": ["s.>"], "max_bytes": 60},
    {"multi_last": ["s.>"], "no_hdr": True},
    {"batch": 2000, "seq": 1},
    {"batch": 5, "next_by_subj": "s.>", "seq": 8},
    {"batch": 9, "seq": 1, "up_to_seq": 2},
    {"batch": 9, "seq": 1, "up_to_time": "2101-01-01T00:00:00Z"},
    {"batch": 9, "seq": 4, "start_time": "2001-01-01T00:00:00Z"},
    {"batch": 9, "start_time": "2101-01-01T00:00:00Z"},
    {"multi_last": ["s.0"], "batch": 9},
    {"multi_last": ["s.0"], "seq": 5},
    {"multi_last": ["s.0"], "last_by_subj": "s.1"},
    {"multi_last": ["s.0"], "next_by_subj": "s.1"},
    {"multi_last": ["s.0"], "max_bytes": 1},
    {"multi_last": ["s..0"]},
    {"multi_last": [""]},
    {"multi_last": ["s.0"], "up_to_seq": 2, "up_to_time": "2101-01-01T00:00:00Z"},
]


@on_both
def test_direct_of_many(play: Play) -> None:
    _fill(play)
    inbox = play.listen("_INBOX.many")
    for body in MANY:
        play.note(str(body))
        play.send("$JS.API.DIRECT.GET.S", _json(body), reply=inbox)
        if "no_hdr" in body:
            play.wait_message(inbox, lambda message: message.code != 0)
            continue
        while play.hear(inbox)[-1].code == 0:
            pass


@on_both
def test_the_last_of_too_many_subjects(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_direct=True)
    for number in range(1024):
        play.send(f"s.{number}")
    play.put("s.last")
    for body in ({"multi_last": ["s.>"]}, {"multi_last": ["s.>"], "batch": 1}):
        play.ask("DIRECT.GET.S", body)
    play.ask("STREAM.PURGE.S", {"filter": "s.9"})
    inbox = play.listen("_INBOX.many")
    play.send("$JS.API.DIRECT.GET.S", _json({"multi_last": ["s.>"]}), reply=inbox)
    play.hear_until(inbox, 204)


@on_both
def test_payload_of_any_bytes(play: Play) -> None:
    play.stream("S", subjects=["s"])
    data = bytes(range(256))
    play.put("s", data)
    answer = play.ask("STREAM.MSG.GET.S", {"seq": 1})
    play.note(str(base64.b64decode(answer["message"]["data"]) == data))


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
