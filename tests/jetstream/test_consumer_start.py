"""Where a new consumer begins: for every policy and filter as nats-server."""

from tests.jetstream.duel import Play, on_both

FILTERS = [
    {},
    {"filter_subject": "s.1"},
    {"filter_subject": "s.*"},
    {"filter_subject": "s.>"},
    {"filter_subject": "s.none"},
    {"filter_subjects": ["s.0", "s.2"]},
    {"filter_subjects": ["s.0", "s.deep.>"]},
    {"filter_subjects": ["s.*", "s.none.*"]},
]


def _fill(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(12):
        play.send(f"s.{number % 3}", b"%d" % number)
    play.send("s.deep.1", b"12")
    play.put("s.2", b"13")
    for sequence in (1, 2, 7, 14):
        play.ask("STREAM.MSG.DELETE.S", {"seq": sequence}, note=False)


def _drain(play: Play, name: str) -> None:
    """Hear everything that a consumer has, and something new."""
    play.info("S", name)
    play.take("S", name, 2)
    play.info("S", name)
    play.take("S", name, 50)
    play.info("S", name)


def _play_policy(play: Play, **config: object) -> None:
    _fill(play)
    for number, filters in enumerate(FILTERS):
        name = f"C{number}"
        play.consumer("S", name, ack_policy="explicit", **config, **filters)
        _drain(play, name)
    play.put("s.1", b"14")
    play.put("s.deep.2", b"15")
    for number in range(len(FILTERS)):
        _drain(play, f"C{number}")


@on_both
def test_all(play: Play) -> None:
    _play_policy(play, deliver_policy="all")


@on_both
def test_last(play: Play) -> None:
    _play_policy(play, deliver_policy="last")


@on_both
def test_new(play: Play) -> None:
    _play_policy(play, deliver_policy="new")


@on_both
def test_last_per_subject(play: Play) -> None:
    _fill(play)
    for number, filters in enumerate(FILTERS):
        name = f"C{number}"
        filters = filters or {"filter_subject": ">"}
        play.consumer(
            "S", name, ack_policy="explicit", deliver_policy="last_per_subject", **filters
        )
        _drain(play, name)
    play.put("s.1", b"14")
    play.put("s.deep.2", b"15")
    for number in range(len(FILTERS)):
        _drain(play, f"C{number}")


@on_both
def test_last_of_a_subject_that_changes_meanwhile(play: Play) -> None:
    play.stream("S", subjects=["s.>"], max_msgs_per_subject=1)
    for number in range(4):
        play.put(f"s.{number}")
    play.consumer(
        "S", "C", ack_policy="none", deliver_policy="last_per_subject", filter_subject="s.>"
    )
    play.take("S", "C", 1)
    play.put("s.1", b"again")
    play.info("S", "C")
    play.take("S", "C", 9)
    play.info("S", "C")


@on_both
def test_by_sequence(play: Play) -> None:
    _fill(play)
    for start in (1, 2, 5, 7, 14, 15, 99):
        for number, filters in enumerate(FILTERS[:4]):
            name = f"C{start}-{number}"
            play.consumer(
                "S",
                name,
                ack_policy="explicit",
                deliver_policy="by_start_sequence",
                opt_start_seq=start,
                **filters,
            )
            _drain(play, name)
    play.put("s.1", b"14")
    for start in (5, 99):
        _drain(play, f"C{start}-0")
        _drain(play, f"C{start}-1")


@on_both
def test_by_time(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for number in range(6):
        play.put(f"s.{number % 3}")
    found = [play.ask("STREAM.MSG.GET.S", {"seq": seq}, note=False) for seq in (1, 3, 6)]
    times = ["2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"]
    times += [answer["message"]["time"] for answer in found]
    for place, time in enumerate(times):
        for number, filters in enumerate(FILTERS[:3]):
            name = f"C{place}-{number}"
            config = {"deliver_policy": "by_start_time", "opt_start_time": time}
            body = {"durable_name": name, "ack_policy": "explicit", **config, **filters}
            play.ask(f"CONSUMER.CREATE.S.{name}", {"stream_name": "S", "config": body}, note=False)
            _drain(play, name)


@on_both
def test_empty_stream(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    policies = ("all", "last", "new", "last_per_subject")
    for policy in policies:
        filters = {"filter_subject": "s.*"} if policy == "last_per_subject" else {}
        play.consumer("S", policy, ack_policy="explicit", deliver_policy=policy, **filters)
        play.info("S", policy)
    play.put("s.1")
    for policy in policies:
        _drain(play, policy)


@on_both
def test_the_last_of_each_subject_of_an_empty_stream(play: Play) -> None:
    config = {"ack_policy": "explicit", "deliver_policy": "last_per_subject"}
    for name, emptied in (("N", {}), ("P", {"seq": 9}), ("D", {"keep": 0})):
        play.stream(name, subjects=[f"{name}.>"])
        if name != "N":
            play.put(f"{name}.a")
            play.put(f"{name}.b")
        play.consumer(name, "BEFORE", filter_subject=f"{name}.none", **config)
        play.ask(f"STREAM.PURGE.{name}", emptied)
        play.consumer(name, "C", filter_subject=f"{name}.*", **config)
        play.info(name, "C")
