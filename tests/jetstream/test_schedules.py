"""Schedules are taken, refused and followed as on nats-server, over restarts too."""

from datetime import UTC, datetime, timedelta

from tests.jetstream.duel import Play, on_both


def schedule(
    play: Play,
    text: str,
    subject: str = "s.a",
    *,
    target: str | None = "s.t",
    body: bytes = b"body",
    **headers: str,
) -> None:
    fields = {"Nats-Schedule": text}
    if target is not None:
        fields["Nats-Schedule-Target"] = target
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    play.note(str(headers))
    play.put(subject, body, fields)


def soon(seconds: float) -> str:
    """Return a time in so many seconds."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("@at %Y-%m-%dT%H:%M:%S.%fZ")


def stored(play: Play, first: int, last: int) -> None:
    for sequence in range(first, last + 1):
        message = play.ask("STREAM.MSG.GET.S", {"seq": sequence}, note=False)
        play.note(f"{sequence}: {message.get('error')}")
    play.state("S", subjects_filter=">")


def copies(play: Play, count: int, last: int) -> None:
    """Note the copies under the target, once the message ``last`` is there."""
    play.wait_state("S", last_seq=last)
    name = f"C{last}"
    play.consumer("S", name, filter_subject="s.t")
    play.fetch("S", name, count)


@on_both
def test_patterns(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    texts = [
        "@every 1h",
        "@every 999ms",
        "@every 1h1h",
        "@every x",
        "@every",
        "@every -1s",
        "@every 1d",
        "@every 1.5h",
        "@every 10000000h",
        "@every  1h",
        "@every 1h ",
        "@at x",
        "@at 2060-01-01T00:00:00Z",
        "@at 2060-01-01",
        "@at",
        "@at 2060-01-01T00:00:00+02:00",
        "@at 2060-01-01T00:00:00.123456789Z",
        "@at 2060-13-01T00:00:00Z",
        "@hourly",
        "@daily",
        "@midnight",
        "@weekly",
        "@monthly",
        "@yearly",
        "@annually",
        "@foo",
        "@HOURLY",
        "@reboot",
        "@hourly x",
    ]
    for text in texts:
        schedule(play, text)
    fields = [
        "* * * * *",
        "0 0 0 1 1 *",
        "60 * * * * *",
        "0 60 * * * *",
        "0 0 24 * * *",
        "0 0 0 0 * *",
        "0 0 0 32 * *",
        "0 0 0 1 13 *",
        "0 0 0 1 0 *",
        "0 0 0 * * 7",
        "0 0 0 * * 6",
        "0 0 0 1 1 sun-sat",
        "0 0 0 * JAN,feb-Mar *",
        "0 0 0 * foo *",
        "0 0 */5 1 1 *",
        "0 0 5/5 1 1 *",
        "0 0 1-5/2 1 1 *",
        "0 5-1 * * * *",
        "*/0 * * * * *",
        "0 */70 0 1 1 *",
        "0 1,2,3-5 0 1 1 *",
        "0 ? 0 1 1 *",
        "0 0 0 ? 1 ?",
        "0 0 0 L * *",
        "0 0 0 31 2 *",
        "0 0 0 30 feb *",
        "0 0 0 29 2 *",
        "1,, 0 0 1 1 *",
        "*-5 0 0 1 1 *",
        "*,5 0 0 1 1 *",
        "  0 0 0 1 1 *",
        "0  0 0 1 1 *",
        "0 0 0 1 1 * *",
        "TZ=UTC 0 0 0 1 1 *",
        "CRON_TZ=UTC 0 0 0 1 1 *",
        "0 0 0 1 1 *-5",
        "0 0 0 1 1 mon-fri/2",
        "0 0 0 1-mar 1 *",
        ", 0 0 1 1 *",
        "0 0 0 1 1-2-3 *",
        "+1 0 0 1 1 *",
        "0 0 0 1 1 fRi",
        "0 0 0 1/0 1 *",
        "0 0 0 1/ 1 *",
        "0 0 0 1/2/3 1 *",
        "-1 0 0 1 1 *",
        "1- 0 0 1 1 *",
        "0 0 0 00001 1 *",
    ]
    for text in fields:
        schedule(play, text)
    play.state("S")


@on_both
def test_targets_and_sources(play: Play) -> None:
    play.stream("S", subjects=["s.>", "q"], allow_msg_schedules=True)
    for target in ("s.a", "t.x", "s.*", "s.>", "", "s..a", "s.b c", "q", None, "$JS.API.INFO"):
        schedule(play, "@every 1h", target=target)
    for source in ("s.src", "t.x", "s.*", "", "s.a", "s.t", "s..", "s.>", "q"):
        schedule(play, "@every 1h", Nats_Schedule_Source=source)
    for rollup in ("sub", "all", "SUB", "", "x"):
        schedule(play, "@every 1h", Nats_Schedule_Rollup=rollup)
        schedule(play, "@every 1h", Nats_Rollup=rollup)
    schedule(play, "@every 1h", "q", target="s.a")
    schedule(play, "x", target="t.x", Nats_Schedule_Source="t.x", Nats_Schedule_Rollup="x")
    schedule(play, "@every 1h", target="t.x", Nats_Schedule_Source="t.x", Nats_Schedule_Rollup="x")
    schedule(play, "@every 1h", Nats_Schedule_Source="t.x", Nats_Schedule_Rollup="x")
    schedule(play, "@every 1h", target="t.x", Nats_Schedule_TTL="x")
    schedule(play, "@every 1h", target="t.x", Nats_Schedule_TTL="5s")
    stored(play, 1, 8)


@on_both
def test_zones(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    for zone in ("UTC", "Local", "America/New_York", "Europe/Amsterdam", "x", "", "+02:00", "EST"):
        schedule(play, "0 0 0 1 1 *", Nats_Schedule_Time_Zone=zone)
    for zone in ("utc", "../etc", "europe/amsterdam", "/etc/localtime", "Europe", "zone.tab"):
        schedule(play, "0 0 0 1 1 *", Nats_Schedule_Time_Zone=zone)
    for text in ("@every 1h", "@at 2060-01-01T00:00:00Z", "@hourly"):
        for zone in ("UTC", "", "x"):
            schedule(play, text, Nats_Schedule_Time_Zone=zone)
    play.put("s.b", b"", {"Nats-Schedule-Time-Zone": "x"})
    play.put("s.b", b"", {"Nats-Schedule-Time-Zone": "UTC"})


@on_both
def test_lives_of_copies(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    for ttl in ("5s", "x", "", "1", "0", "never", "500ms", "1.5s", "-1s", "0s", "1h1s", "NEVER"):
        schedule(play, "@every 1h", Nats_Schedule_TTL=ttl)


@on_both
def test_copies_with_a_life(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True, allow_msg_ttl=True)
    schedule(play, soon(0), Nats_Schedule_TTL="5m", Nats_TTL="1h", A="b")
    copies(play, 1, 2)
    schedule(play, soon(3600), "s.expires", Nats_TTL="1s")
    play.wait_state("S", messages=1)


@on_both
def test_schedulers(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    schedule(play, "@every 1h", Nats_Msg_Id="1")
    schedule(play, "@every 1h", Nats_Msg_Id="1")
    following, scheduler = "Nats-Schedule-Next", "Nats-Scheduler"
    for value in ("x", "purge"):
        for name in (None, "s.q", "", "t.x", "s.*", "s..", "s.a"):
            named = {} if name is None else {scheduler: name}
            play.put("s.q", b"x", {following: value, **named})
            play.state("S", subjects_filter=">")
    for fields in (
        {scheduler: "s.a"},
        {following: ""},
        {following: "2060-01-01T00:00:00Z", scheduler: "s.a"},
        {"Nats-Schedule-Target": "s.a"},
        {"Nats-Schedule-TTL": "5s"},
        {"Nats-Schedule-Source": "s.a"},
        {"Nats-Schedule-Rollup": "x"},
        {"Nats-Schedule": ""},
    ):
        play.put("s.z", b"", fields)
    schedule(play, "@every 1h", Nats_Schedule_Next="purge", Nats_Scheduler="s.q")
    schedule(play, "@every 1h", Nats_Expected_Last_Subject_Sequence="0")
    play.state("S", subjects_filter=">")


@on_both
def test_schedules_elsewhere(play: Play) -> None:
    play.stream("S", subjects=["s.>"])
    for text in ("@every 1h", "x", ""):
        schedule(play, text)
    play.put("s.q", b"", {"Nats-Schedule-Next": "purge", "Nats-Scheduler": "s.a"})
    play.put("s.q", b"", {"Nats-Schedule-Next": "purge"})
    play.put("s.q", b"", {"Nats-Scheduler": "s.a"})
    for zone in ("x", "", "UTC"):
        play.put("s.q", b"", {"Nats-Schedule-Time-Zone": zone})
    play.update("S", subjects=["s.>"], allow_msg_schedules=True)
    play.update("S", subjects=["s.>"])


@on_both
def test_what_was_due(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    listened = play.listen("s.t")
    schedule(play, "@at 2020-01-01T00:00:00Z", A="b", Nats_Msg_Id="7", Nats_Schedule_Rollup="sub")
    copies(play, 1, 2)
    stored(play, 1, 2)
    schedule(play, soon(0.3), A="b")
    copies(play, 2, 4)
    stored(play, 1, 4)
    play.rest(listened)
    play.note("the target is not published to")


@on_both
def test_again_and_again(play: Play) -> None:
    play.stream(
        "S", subjects=["s.>"], allow_msg_schedules=True, republish={"src": "s.t", "dest": "r"}
    )
    listened = play.listen("r")
    schedule(play, "@every 1s", A="b")
    for message in play.hear(listened, 2, note=False):
        assert message.header("Nats-Schedule-Next").startswith("20")
    play.ask("STREAM.PURGE.S", {"filter": "s.a"})
    schedule(play, "* * * * * *", A="c")
    play.hear(listened, 2, note=False)
    play.put("s.b", b"", {"Nats-Scheduler": "s.a", "Nats-Schedule-Next": "purge"})
    play.quiet(listened, 1500)


@on_both
def test_sources(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    play.put("s.src", b"source", {"C": "d", "Nats-Msg-Id": "9"})
    schedule(play, soon(0), Nats_Schedule_Source="s.src", D="e")
    copies(play, 1, 3)
    schedule(play, soon(0), Nats_Schedule_Source="s.none", D="e")
    copies(play, 2, 5)
    play.put("s.plain", b"source")
    schedule(play, soon(0), Nats_Schedule_Source="s.plain", D="e")
    copies(play, 3, 8)


@on_both
def test_over_a_restart(play: Play) -> None:
    play.stream("S", subjects=["s.>"], allow_msg_schedules=True)
    schedule(play, soon(0.2), "s.missed", A="missed")
    schedule(play, soon(2), "s.later", A="later")
    schedule(play, "@at 2060-01-01T00:00:00Z", "s.never", A="never")
    play.restart(hard=True)
    copies(play, 2, 5)
    play.state("S", subjects_filter=">")


@on_both
def test_transformed_targets(play: Play) -> None:
    play.stream(
        "S",
        subjects=["s.>"],
        allow_msg_schedules=True,
        subject_transform={"src": "s.t", "dest": "moved.t"},
    )
    schedule(play, soon(0))
    play.wait_state("S", last_seq=2)
    play.state("S", subjects_filter=">")
