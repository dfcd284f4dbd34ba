"""Traces of messages: those of our server beside those of the real nats-server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.server.duel import Duel
from tests.server.trace_plays import (
    DESTINATION,
    ONLY,
    PARENT,
    Client,
    Peer,
    Play,
    comparable,
    hpub,
    run,
    traces,
)
from tests.server.trace_scenarios import GROUPS, RIGHTS, WATCHER
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

# Traces tell the name of the server, which has to be the same for both.
_NAMED = "server_name: T\n"
_SCENARIOS = [(config, name) for config, plays in GROUPS.items() for name in plays]


@pytest.mark.parametrize(("config", "name"), _SCENARIOS, ids=[name for _, name in _SCENARIOS])
def test_same_traces(duel_with: Callable[[str], Duel], config: str, name: str) -> None:
    play: Play = GROUPS[config][name]
    duel = duel_with(f"{_NAMED}{config}")
    ours = run(int(duel.ours.client_url.rpartition(":")[2]), play)
    assert ours == run(duel.theirs.port(), play, ours)


# --- generated -------------------------------------------------------------------------------

_FIELDS = st.sampled_from(
    [
        *[DESTINATION, "Nats-Trace-Dest: tr.ok", "Nats-Trace-Dest: tr.*", "Nats-Trace-Dest:"],
        *["Nats-Trace-Dest: trace disabled", "Nats-Trace-Dest: trace disabled "],
        *[ONLY, "Nats-Trace-Only: no", PARENT, "Nats-Trace-Hop: 1", "Nats-Trace-Origin-Account: X"],
        *["Accept-Encoding: gzip", "Accept-Encoding: br", "A: b", "A: c", "nats-trace-dest: tr.x"],
    ]
)
_SUBJECTS = st.sampled_from(["foo", "foo.a", "foo.denied", "foo.a.b", "bar", "den", "ok2", "_I"])
_INTEREST = st.sampled_from(["foo", "foo.*", "foo.>", "*", "ok", "denied", "_I", "tr.x", "tr.*"])


@st.composite
def _plays(draw: st.DrawFn) -> Play:
    """Return clients of all kinds and some messages; each queue group has one member."""

    def peer(name: str) -> Peer:
        interest = [
            draw(_INTEREST) + draw(st.sampled_from(["", f" {name}{number}"]))
            for number in range(draw(st.integers(0, 4)))
        ]
        verbose, echo = draw(st.booleans()), draw(st.booleans())
        user = draw(st.sampled_from("ar"))
        return Peer(interest, {"user": user, "pass": "p", "verbose": verbose, "echo": echo})

    def message() -> bytes:
        # Most of them are to be traced.
        fields = [DESTINATION] if draw(st.booleans()) else []
        fields += draw(st.lists(_FIELDS, max_size=4))
        return hpub(draw(_SUBJECTS), *fields, reply=draw(st.sampled_from(["", "_I", "_R_.x"])))

    data = b"".join(message() for _ in range(draw(st.integers(1, 6))))
    peers = {name: peer(name) for name in draw(st.sampled_from(["b", "bc", "bcd"]))}
    return Play(data, {"watcher": WATCHER, **peers}, peer("p"))


@given(_plays())
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
def test_generated(duel_with: Callable[[str], Duel], play: Play) -> None:
    duel = duel_with(f"{_NAMED}{RIGHTS}")
    ours = run(int(duel.ours.client_url.rpartition(":")[2]), play)
    assert ours == run(duel.theirs.port(), play, ours)


# --- streams ---------------------------------------------------------------------------------

_STREAMS = [
    {"name": "S", "subjects": ["s.>"], "allow_rollup_hdrs": True, "allow_direct": True},
    {"name": "N", "subjects": ["n.>"], "no_ack": True},
    {"name": "I", "subjects": ["i.>"], "retention": "interest"},
    {"name": "M", "subjects": ["m.>"], "discard": "new", "max_msgs": 1, "max_msg_size": 90},
    {"name": "P", "subjects": ["p.>"], "discard": "new", "max_msgs_per_subject": 1}
    | {"discard_new_per_subject": True},
    {"name": "Z", "subjects": ["z.>"], "sealed": True},
]


def _published(subject: str, *fields: str, payload: str = "x") -> list[bytes]:
    """Return a message twice: first only traced, then traced as well as delivered."""
    return [
        hpub(subject, DESTINATION, *more, *fields, payload=payload, reply="_I")
        for more in ((ONLY,), ())
    ]


_INGEST = [
    *_published("s.1", "Nats-Msg-Id: 1"),
    *_published("s.1", "Nats-Msg-Id: 1"),
    *_published("s.2", "Nats-Expected-Last-Sequence: 1"),
    *_published("s.2", "Nats-Expected-Last-Sequence: 1"),
    *_published("s.2", "Nats-Expected-Last-Sequence: x"),
    *_published("s.2", "Nats-Expected-Last-Subject-Sequence: 7"),
    *_published("s.2", "Nats-Expected-Last-Subject-Sequence: x"),
    *_published("s.2", "Nats-Expected-Last-Subject-Sequence-Subject: s.*"),
    *_published(
        "s.2",
        "Nats-Expected-Last-Subject-Sequence-Subject: s.1",
        "Nats-Expected-Last-Subject-Sequence: 2",
    ),
    *_published("s.2", "Nats-Expected-Stream: X"),
    *_published("s.2", "Nats-Expected-Stream: S"),
    *_published("s.2", 'Nats-Expected-Last-Msg-Id: X"Y'),
    *_published("s.2", "Nats-TTL: 1s"),
    *_published("s.2", "Nats-Incr: 1"),
    *_published("s.2", "Nats-Schedule: @at 2100-01-01T00:00:00Z"),
    *_published("s.2", "Nats-Batch-Id: 1"),
    *_published("s.2", "Nats-Stream-Source: x"),
    *_published("s.2", "Nats-Rollup: some"),
    *_published("s.2", "Nats-Rollup: sub"),
    *_published("s.3", f"A: {'b' * 66000}"),
    *_published("n.1"),
    *_published("n.1", "Nats-Expected-Stream: X"),
    *_published("n.1", "Nats-Rollup: sub"),
    *_published("i.1"),
    *_published("m.1", payload="x" * 100),
    *_published("m.1"),
    *_published("m.2"),
    *_published("p.1"),
    *_published("p.1"),
    *_published("p.2"),
    *_published("z.1"),
    *_published("mapped", "Nats-Msg-Id: 9"),
    *_published("nothing"),
    *_published("$JS.ACK.S.none.1.2.3.4.5"),
    *_published("$JS.API.DIRECT.GET.S.s.none", payload=""),
    *_published("$JS.API.STREAM.NAMES", payload=""),
    *_published("$JS.API.NOTHING", payload=""),
    hpub("$JS.D.API.STREAM.NAMES", DESTINATION, payload="", reply="_I"),
    hpub("$JS.D.API.DIRECT.GET.S.s.none", DESTINATION, payload="", reply="_I"),
    *_published("$JS.OTHER.API.STREAM.NAMES", payload=""),
]


def _ingested(port: int) -> list[Any]:
    """Publish all of that; return what the publisher heard of each, and what the streams have."""
    with Client(port, "publisher", Peer(["_I", "tr.x"])) as client:
        for config in _STREAMS:
            _ask(client, f"STREAM.CREATE.{config['name']}", _without(config, "sealed"))
            if "sealed" in config:
                _ask(client, f"STREAM.UPDATE.{config['name']}", config)
        client.got.clear()
        heard = []
        for data in _INGEST:
            client.send(data)
            wait_until(lambda: _is_complete(client), what=f"all of {data[:100]!r}")
            heard.append(comparable(client.got, {client.id: "publisher"}))
            client.got = []
        names = [config["name"] for config in _STREAMS]
        infos = [json.loads(_ask(client, f"STREAM.INFO.{name}", {})) for name in names]
        states = [info["state"] for info in infos]
        return [*heard, [[state["messages"], state["last_seq"]] for state in states]]


def _is_complete(client: Client) -> bool:
    """Tell whether the trace of a message is there, and the answer if there is to be one."""
    client.settle()
    if not (found := traces(client.got)):
        return False
    event = found[0]["events"][-1]
    stored = event["type"] == "js" and "error" not in event
    unanswered = event.get("stream") == "N" or event.get("from", "").endswith(".NOTHING")
    if stored and "Nats-Trace-Only" in found[0]["request"]["header"]:
        unanswered = True
    return unanswered or len(client.got) > 1


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in fields if name not in names}


def _ask(client: Client, subject: str, body: dict[str, Any]) -> str:
    """Send a request to the API; return the answer, which is not kept among what was heard."""
    text = json.dumps(body)
    client.send(f"SUB api api\r\nPUB $JS.API.{subject} api {len(text)}\r\n{text}\r\n".encode())
    answers: list[str] = []

    def answered() -> bool:
        client.settle()
        answers.extend(item[-1] for item in client.got if item[0] == "api")
        client.got = [item for item in client.got if item[0] != "api"]
        return bool(answers)

    wait_until(answered, what=f"an answer to {subject}")
    assert '"error"' not in answers[0], answers
    return answers[0]


def test_same_traces_of_streams(duel_with: Callable[[str], Duel], tmp_path: Path) -> None:
    duel = duel_with(
        f"{_NAMED}mappings {{ mapped: s.mapped }}\n"
        f"jetstream {{ store_dir: '{tmp_path}', max_mem: 64MB, max_file: 1GB, domain: D }}"
    )
    ours = _ingested(int(duel.ours.client_url.rpartition(":")[2]))
    theirs = _ingested(duel.theirs.port())
    for index, data in enumerate(_INGEST):
        assert ours[index] == theirs[index], data[:200]
    assert ours[-1] == theirs[-1]
