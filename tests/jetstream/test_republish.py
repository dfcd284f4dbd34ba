"""Transformed subjects and republished messages are those of nats-server."""

from tests.jetstream.duel import Play, on_both


@on_both
def test_transforms(play: Play) -> None:
    forms = (
        ("a", "b"),
        ("s{n}.*", "b.$1"),
        ("", "b.>"),
        ("s{n}.*", "b.{{partition(3,1)}}.$1"),
        ("s{n}.*", ""),
        ("", ""),
        (">", ">"),
        ("s{n}.*", "b.$2"),
        ("s..", "b"),
        ("s{n}.>", "b.*"),
    )
    for number, (src, dest) in enumerate(forms):
        transform = {"src": src.replace("{n}", str(number)), "dest": dest}
        play.stream(f"S{number}", subjects=[f"s{number}.>"], subject_transform=transform)
        play.put(f"s{number}.one", b"x")
        play.put(f"s{number}.two.three", b"y")
        for sequence in (1, 2):
            play.ask(f"STREAM.MSG.GET.S{number}", {"seq": sequence})


@on_both
def test_transforms_that_come_and_go(play: Play) -> None:
    play.stream("S", subjects=["s.>"], subject_transform={"src": "s.*", "dest": "b.$1"})
    last = "Nats-Expected-Last-Subject-Sequence"
    for value in ("0", "0", "1"):
        play.put("s.a", b"", {last: value})
    play.put("s.a", b"", {last: "2", f"{last}-Subject": "s.a"})
    play.put("s.a", b"", {last: "2", f"{last}-Subject": "b.a"})
    play.put("s.a", b"", {"Nats-Msg-Id": "1"})
    play.put("s.a", b"", {"Nats-Msg-Id": "1"})
    play.update("S", subjects=["s.>"], subject_transform={"src": "s.*", "dest": "b.$2"})
    play.update("S", subjects=["s.>"])
    play.put("s.a", b"plain")
    play.ask("STREAM.MSG.GET.S", {"last_by_subj": "s.a"})
    play.update("S", subjects=["s.>"], subject_transform={"src": "s.>", "dest": "c.>"})
    play.put("s.a", b"again")
    play.ask("STREAM.MSG.GET.S", {"last_by_subj": "c.a"})
    play.state("S", subjects_filter=">")
    play.restart()
    play.put("s.a", b"once more")
    play.ask("STREAM.MSG.GET.S", {"last_by_subj": "c.a"})


@on_both
def test_rollup_of_a_transformed_subject(play: Play) -> None:
    play.stream(
        "S",
        subjects=["s.>"],
        allow_rollup_hdrs=True,
        subject_transform={"src": "s.>", "dest": "b.>"},
    )
    listened = play.listen("s.>")
    for _ in range(3):
        play.put("s.a")
    play.put("s.a", b"", {"Nats-Rollup": "sub"})
    play.rest(listened)
    play.state("S", subjects_filter=">")


@on_both
def test_republish_forms(play: Play) -> None:
    forms = (
        ("a", "r.b"),
        ("s{n}.*", "r.$1"),
        ("", "r.>"),
        (">", "r.>"),
        ("s{n}.*", "r.{{partition(3,1)}}.$1"),
        ("s{n}.*", ""),
        ("", ""),
        ("s{n}.*", "r.$2"),
        ("s..", "r"),
        ("s{n}.>", "r.*"),
        (">", ">"),
        (">", "s{n}.>"),
        ("s{n}.*", "s{n}.x.$1"),
        ("*", "x.{{foo(1)}}"),
    )
    listened = play.listen("r.>")
    for number, (src, dest) in enumerate(forms):
        republish = {"src": src, "dest": dest}
        republish = {key: text.replace("{n}", str(number)) for key, text in republish.items()}
        play.stream(f"S{number}", subjects=[f"s{number}.>"], republish=republish)
        play.put(f"s{number}.one", b"x")
        play.put(f"s{number}.two.three", b"y")
        play.put(f"s{number}.one", b"z", {"A": "b"})
        play.rest(listened)


@on_both
def test_what_is_republished(play: Play) -> None:
    headers_only = {"src": ">", "dest": "r.>", "headers_only": True}
    play.stream("S", subjects=["s.>"], republish=headers_only)
    listened = play.listen("r.>")
    play.put("s.a", b"xyz")
    for _ in range(2):
        play.put("s.a", b"x", {"A": "b", "Nats-Msg-Id": "1"})
    play.put("s.a", b"x", {"Nats-Stream": "q", "Nats-Sequence": "99"})
    play.rest(listened)
    play.update("S", subjects=["s.>"], republish={"src": ">", "dest": "r.>"})
    play.put("s.a", b"xyz")
    play.put("s.b", b"xyz")
    play.ask("STREAM.PURGE.S", {"filter": "s.a"})
    play.put("s.a", b"xyz")
    play.update("S", subjects=["s.>"], republish={"src": ">", "dest": "s.>"})
    play.rest(listened)
    play.update("S", subjects=["s.>"])
    play.put("s.a")
    play.rest(listened)


@on_both
def test_republish_beside_other_features(play: Play) -> None:
    listened = play.listen("r.>")
    to_r = {"src": ">", "dest": "r.>"}
    play.stream("I", subjects=["i.>"], retention="interest", republish=to_r)
    play.put("i.a")
    play.stream("P", subjects=["p.>"], max_msgs_per_subject=1, republish=to_r)
    play.put("p.a")
    play.put("p.a")
    transform = {"src": "t.>", "dest": "b.>"}
    play.stream(
        "T",
        subjects=["t.>"],
        subject_transform=transform,
        republish={"src": "b.>", "dest": "r.t.>"},
    )
    play.put("t.a")
    play.stream(
        "N", subjects=["n.>"], no_ack=True, allow_rollup_hdrs=True, storage="memory", republish=to_r
    )
    play.send("n.a", b"xyz")
    play.send("n.a", b"xyz", headers={"Nats-Rollup": "sub"})
    play.hear(listened, 5)
    whole = play.listen("b.>")
    play.stream(
        "W",
        subjects=["w.>"],
        subject_transform={"src": "w.>", "dest": "b.>"},
        republish={"src": ">", "dest": ">"},
    )
    play.put("w.a", b"x")
    play.rest(whole)


@on_both
def test_a_bucket_is_republished(play: Play) -> None:
    listened = play.listen("feed.>")
    play.stream(
        "KV_b",
        subjects=["$KV.b.>"],
        max_msgs_per_subject=5,
        allow_rollup_hdrs=True,
        deny_delete=True,
        discard="new",
        allow_direct=True,
        republish={"src": "$KV.b.>", "dest": "feed.>"},
    )
    play.put("$KV.b.key", b"one")
    play.put("$KV.b.key", b"", {"KV-Operation": "DEL"})
    play.put("$KV.b.key", b"", {"KV-Operation": "PURGE", "Nats-Rollup": "sub"})
    play.rest(listened)


@on_both
def test_into_another_stream(play: Play) -> None:
    play.stream("B", subjects=["b.>"], republish={"src": ">", "dest": "c.>"})
    play.stream("A", subjects=["a.>"], republish={"src": "a.>", "dest": "b.>"})
    listened = play.listen("c.>")
    for number in range(3):
        play.put("a.x", b"%d" % number)
    play.hear(listened, 3)
    play.consumer("B", "C")
    play.take("B", "C", 3)
