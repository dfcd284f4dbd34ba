"""STREAM.* of the API, messages apart: the answers are nats-server's."""

from tests.jetstream.duel import SECOND_NS, Play, on_both


@on_both
def test_life_of_a_stream(play: Play) -> None:
    play.ask("STREAM.INFO.S")
    play.ask("STREAM.DELETE.S")
    play.ask("STREAM.PURGE.S")
    play.stream("S", subjects=["s.>"], description="first")
    play.stream("S", subjects=["s.>"], description="first")
    play.stream("S", subjects=["s.>"], description="second")
    play.ask("STREAM.CREATE.T", {"name": "S", "subjects": ["t"]})
    play.stream("T", subjects=["s.a"])
    play.update("S", subjects=["s.>", "t"], description="second")
    play.update("T", subjects=["t"])
    play.ask("STREAM.UPDATE.X", {"name": "S"})
    play.update("S", subjects=["s.>"], storage="memory")
    play.put("s.a")
    play.ask("STREAM.INFO.S")
    play.ask("STREAM.INFO.S", b"junk")
    play.ask("STREAM.DELETE.S", b"{}")
    play.ask("STREAM.DELETE.S", {"a": 1})
    play.stream("S", subjects=["s.>"])
    play.put("s.a")
    play.state("S")
    play.ask("STREAM.DELETE.S")
    play.ask("STREAM.INFO.S")
    play.put("s.a")


@on_both
def test_memory_stream(play: Play) -> None:
    play.stream("S", subjects=["s.>"], storage="memory", max_msgs=2)
    play.fill("s.a", 3)
    play.state("S")
    play.ask("STREAM.MSG.GET.S", {"seq": 2})
    play.ask("STREAM.DELETE.S")


@on_both
def test_names_and_lists(play: Play) -> None:
    play.ask("STREAM.NAMES")
    play.ask("STREAM.LIST")
    for name in ("B", "A", "C"):
        play.stream(name, subjects=[f"{name}.>", "x.*"] if name == "B" else [f"{name}.a"])
    play.put("A.a")
    for body in (
        b"",
        {"offset": 1},
        {"offset": 9},
        {"offset": -1},
        {"subject": "A.a"},
        {"subject": "*.a"},
        {"subject": "x.y"},
        {"subject": ">"},
        {"subject": "none"},
        {"subject": "bad..subject"},
        b"junk",
    ):
        play.ask("STREAM.NAMES", body)
        play.ask("STREAM.LIST", body)


@on_both
def test_first_sequence(play: Play) -> None:
    play.stream("S", subjects=["s.>"], first_seq=1000)
    play.state("S")
    play.put("s.a")
    play.state("S")
    play.consumer("S", "C", ack_policy="explicit")
    play.take("S", "C")
    play.ask("STREAM.PURGE.S")
    play.state("S")


@on_both
def test_details_of_the_state(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(12):
        play.send(f"s.{number % 3}")
    play.put("s.3")
    for sequence in (2, 5, 6, 13):
        play.ask("STREAM.MSG.DELETE.S", {"seq": sequence})
    play.state("S")
    play.state("S", deleted_details=True)
    for pattern in (">", "s.*", "s.0", "none", "s.>", "*", "bad..subject"):
        play.ask("STREAM.INFO.S", {"subjects_filter": pattern})
    play.ask("STREAM.INFO.S", {"subjects_filter": ">", "offset": 1})
    play.ask("STREAM.INFO.S", {"subjects_filter": ">", "offset": 99})
    play.ask("STREAM.MSG.DELETE.S", {"seq": 1})
    play.state("S", deleted_details=True)


@on_both
def test_what_is_asked_of_the_state(play: Play) -> None:
    play.stream("S", subjects=["s.>"], first_seq=7)
    play.fill("s.a", 9)
    play.ask("STREAM.MSG.DELETE.S", {"seq": 9})
    for body in (
        {"deleted_details": True, "subjects_filter": "s.>"},
        {"subjects_filter": ">", "offset": -1},
        {"offset": 5},
        {"subjects_filter": 5},
        {"deleted_details": 1},
        {"x": 1},
        b"null",
        b"[]",
        b"{",
        b'""',
    ):
        play.ask("STREAM.INFO.S", body)
        play.ask("STREAM.INFO.NONE", body)
    play.ask("STREAM.PURGE.S")
    play.ask("STREAM.INFO.S", {"deleted_details": True})
    play.ask("STREAM.INFO.*")


def _changes(play: Play, storage: str) -> None:
    def shown() -> None:
        play.state("S", deleted_details=True, subjects_filter=">")

    play.stream(
        "S",
        subjects=["s.>"],
        storage=storage,
        max_msgs_per_subject=3,
        allow_rollup_hdrs=True,
        first_seq=7,
    )
    shown()
    for number in range(20):
        play.put(f"s.{number % 4}", bytes(number))
        if number % 3 == 0:
            play.ask("STREAM.MSG.DELETE.S", {"seq": 7 + number})
        shown()
    play.ask("STREAM.PURGE.S", {"filter": "s.1"})
    shown()
    play.put("s.1", b"", {"Nats-Rollup": "all"})
    for number in range(3):
        play.put(f"s.{number % 2}")
    shown()
    play.ask("STREAM.MSG.DELETE.S", {"seq": 28})
    play.ask("STREAM.MSG.DELETE.S", {"seq": 30})
    shown()
    play.ask("STREAM.PURGE.S", {"keep": 1})
    shown()
    play.ask("STREAM.PURGE.S")
    play.consumer("S", "C")
    play.consumer("S", "D")
    shown()


@on_both
def test_a_state_changes(play: Play) -> None:
    _changes(play, "file")


@on_both
def test_a_state_in_memory_changes(play: Play) -> None:
    _changes(play, "memory")


@on_both
def test_a_server_on_its_own_is_the_cluster(play: Play) -> None:
    """It leads, and knows of no other places to read from."""
    for replicas in (0, 1, 2, 3, 5, 6, -1):
        config = {"name": "S", "subjects": ["s"], "num_replicas": replicas}
        play.ask("STREAM.CREATE.S", config)
        play.ask("STREAM.UPDATE.S", config)
    play.ask("STREAM.INFO.S")
    play.ask("STREAM.LIST")
    for replicas in (0, 1, 2, 3, 5, 6, -1):
        play.consumer("S", "C", num_replicas=replicas)
        play.consumer("S", "C", num_replicas=replicas, description="x")
    play.ask("CONSUMER.LIST.S")


@on_both
def test_purge(play: Play) -> None:
    def filled() -> None:
        for number in range(12):
            play.send(f"s.{number % 3}")
        play.put("s.3")

    play.stream("S", subjects=["s.>"])
    play.ask("STREAM.PURGE.S")
    bodies = [
        b"",
        {},
        {"filter": "s.1"},
        {"filter": "s.1", "keep": 2},
        {"filter": "s.*", "keep": 1},
        {"keep": 3},
        {"keep": 99},
        {"keep": 0},
        {"filter": "none"},
        {"filter": "s.>"},
        {"seq": 1},
        {"seq": 3, "keep": 1},
        {"filter": "s..1"},
        {"filter": "s.1", "keep": 0},
        b"junk",
    ]
    for body in bodies:
        filled()
        play.ask("STREAM.PURGE.S", body)
        play.state("S", subjects_filter=">", deleted_details=True)
    last = play.state("S")["last_seq"]
    for body in ({"seq": last - 3}, {"seq": last - 1, "filter": "s.*"}, {"seq": last + 100}):
        filled()
        play.ask("STREAM.PURGE.S", body)
        play.state("S", subjects_filter=">", deleted_details=True)


@on_both
def test_purge_and_delete_denied(play: Play) -> None:
    play.stream("S", subjects=["s.>"], deny_delete=True, deny_purge=True)
    play.put("s.a")
    play.ask("STREAM.PURGE.S")
    play.ask("STREAM.MSG.DELETE.S", {"seq": 1})
    play.update("S", subjects=["s.>"], deny_delete=True)
    play.stream("T", subjects=["t.>"])
    play.put("t.a")
    play.update("T", subjects=["t.>"], sealed=True)
    play.ask("STREAM.PURGE.T")
    play.ask("STREAM.MSG.DELETE.T", {"seq": 1})
    play.ask("STREAM.MSG.GET.T", {"seq": 1})
    play.update("T", subjects=["t.>"], sealed=False)
    play.ask("STREAM.DELETE.T")


@on_both
def test_update_lowers_limits(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(20):
        play.send(f"s.{number % 4}", bytes(20))
    play.put("s.9")
    play.update("S", subjects=["s.>"], max_msgs=15)
    play.state("S", subjects_filter=">")
    play.update("S", subjects=["s.>"], max_bytes=400)
    play.state("S", subjects_filter=">")
    play.update("S", subjects=["s.>"], max_msgs_per_subject=1)
    play.state("S", subjects_filter=">", deleted_details=True)
    play.update("S", subjects=["s.>"], max_msgs=2)
    play.state("S")
    play.update("S", subjects=["s.>"], max_age=SECOND_NS // 5, duplicate_window=SECOND_NS // 5)
    play.wait_state("S", messages=0)


@on_both
def test_messages_get_too_old(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_age=SECOND_NS // 5, duplicate_window=SECOND_NS // 5)
    play.put("s.a", b"", {"Nats-Msg-Id": "x"})
    play.put("s.a", b"", {"Nats-Msg-Id": "x"})
    play.wait_state("S", messages=0)
    play.put("s.a", b"", {"Nats-Msg-Id": "x"})
    play.wait_state("S", messages=0)


@on_both
def test_account(play: Play) -> None:
    def shown() -> None:
        answer = play.ask("INFO", note=False)
        answer.pop("api", None)
        play.note(str(answer))

    shown()
    play.stream("S", subjects=["s.>"], max_bytes=1000)
    play.stream("T", subjects=["t.>"], storage="memory", max_bytes=100)
    play.put("s.a")
    play.put("t.a")
    play.consumer("S", "C")
    shown()
    play.ask("STREAM.DELETE.S")
    shown()


@on_both
def test_unknown_requests(play: Play) -> None:
    inbox = play.listen("answers")
    verbs = ["NONSENSE", "STREAM.NONSENSE.S", "STREAM.INFO", "STREAM.CREATE.S.T", "CONSUMER.X"]
    verbs += ["STREAM.TEMPLATE.CREATE.T", "STREAM.TEMPLATES", "STREAM.TEMPLATE.INFO.T"]
    for verb in verbs:
        play.send(f"$JS.API.{verb}", reply=inbox)
    play.quiet(inbox, 100)
    play.rest(inbox)


@on_both
def test_advisories(play: Play) -> None:
    inbox = play.listen("$JS.EVENT.ADVISORY.STREAM.>")
    play.stream("S", subjects=["s.>"])
    play.update("S", subjects=["s"])
    play.ask("STREAM.DELETE.S")
    play.hear(inbox, 3)


@on_both
def test_required_api_level(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_direct=True)
    play.consumer("S", "C")
    for value in ("0", "1", "2", "3", "4", "99", "x", ""):
        headers = {"Nats-Required-Api-Level": value}
        play.put("s.a")
        play.ask("STREAM.NAMES", headers=headers)
        play.ask("DIRECT.GET.S", {"seq": 1}, headers=headers)
        play.ask("DIRECT.GET.S.s.a", headers=headers)
        play.ask("CONSUMER.MSG.NEXT.S.C", b"1", headers=headers)


@on_both
def test_requests_are_counted(play: Play) -> None:
    def counts() -> tuple[int, int]:
        api = play.ask("INFO", note=False)["api"]
        return api["total"], api["errors"]

    total, errors = counts()

    def note_counts() -> None:
        now = counts()
        play.note(f"{now[0] - total} requests, {now[1] - errors} errors")

    note_counts()
    play.stream("S", subjects=["s"])
    note_counts()
    play.stream("S", subjects=["t"])
    play.ask("STREAM.INFO.X")
    note_counts()
    play.ask("STREAM.MSG.GET.S", {"seq": 1})
    play.ask("STREAM.MSG.GET.S", b"x")
    play.ask("STREAM.PURGE.S")
    play.consumer("S", "C")
    play.take("S", "C")
    note_counts()
