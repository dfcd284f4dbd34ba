"""Requests to JetStream: the API, messages with its headers, pulls and acknowledgements.

An input is requests by lines: a subject and a body; bodies have no line ends.  A body may begin
with the rest of a reply subject (``^in.x^``) and with header lines (``#A: b~C: d#``).
"""

import enum
import functools
import types
import typing
from typing import Any

import msgspec

from headwater.jetstream import ack_verbs, requests
from headwater.jetstream.consumer_config import ConsumerConfig, CreateConsumerRequest
from headwater.jetstream.stream_config import StreamConfig
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require
from tests.jetstream.fakes import HeldJobs
from tests.monitor.streams import World
from tests.sim.simdisk import SimDisk

# A request leads to so many bytes at most: nothing here has more than a few streams and consumers.
_ANSWER_BYTES_MAX = 64 * 1024
_REQUESTS_MAX = 12
_DISK_BYTES = 4 * 1024 * 1024
_SUBJECT_BYTES_MAX = 1000


class JetStreamTarget(Target):
    """Every request is answered with JSON or a status, and the server goes on."""

    name = "jetstream"

    def begin(self) -> None:
        self._played = 0
        self._renew()

    def _renew(self) -> None:
        disk = SimDisk()
        disk.capacity_bytes = _DISK_BYTES  # a part of it is held back
        world = World(disk)
        world.client.say(b"SUB inbox 1\r\nSUB in.> 2\r\n")
        world.stream("S", max_msgs=5)
        world.consumer("S", "C")
        world.publish("S.a", 2)
        world.stream("F", **_EVERYTHING)
        world.stream("N", allow_msg_counter=True, allow_atomic=True, allow_batched=True)
        world.client.take()
        self._world = world
        self._jobs: HeldJobs = world.jobs

    def make(self, dice: Dice) -> bytes:
        lines = [_line(dice) for _ in range(1 + dice.below(3))]
        data = b"\n".join(lines)
        return mutate(dice, data, _WORDS, _GOOD) if dice.chance(0.5) else data

    def play(self, data: bytes) -> object:
        # What earlier requests have made is part of the game; ever more of it is not.
        self._played += 1
        if self._played % 50 == 0:
            self._renew()
        answers = []
        for line in data.split(b"\n")[:_REQUESTS_MAX]:
            subject, _, body = line.partition(b" ")
            answers.append(self._ask(subject or b"x", body))
        return answers

    def _ask(self, subject: bytes, body: bytes) -> bytes:
        subject = b".".join(subject.split())[:_SUBJECT_BYTES_MAX] or b"x"
        client = self._world.client
        block = b""
        reply = b"inbox"
        if body[:1] == b"^":
            reply, _, body = body[1:].partition(b"^")
            reply = b".".join(reply.split())[:_SUBJECT_BYTES_MAX] or b"inbox"
        if body[:1] == b"#":
            name, _, body = body[1:].partition(b"#")
            lines = name.replace(b"\r", b"").replace(b"~", b"\r\n")
            block = b"NATS/1.0\r\n" + lines + b"\r\n\r\n"
        head = b"HPUB %b %b %d %d\r\n" % (subject, reply, len(block), len(block) + len(body))
        said = client.say(head + block + body + b"\r\n")
        self._jobs.run()
        self._world.node.timers.run_due()
        self._jobs.run()
        said += client.take()
        require(len(said) <= _ANSWER_BYTES_MAX, f"an answer of {len(said)} bytes")
        require(client.session.open, f"closed: {client.session.reason} {said!r}")
        for part in said.split(b"\r\n"):
            if part.startswith(b'{"type":'):
                msgspec.json.decode(part)
        verb, argument = ack_verbs.parse_ack(body)
        require(verb is not None or argument is None, "an argument of nothing")
        return said


def _line(dice: Dice) -> bytes:
    kind = dice.below(6)
    if kind == 0:
        return dice.pick(_MESSAGES) + b" " + dice.pick(_HEADERS) + dice.pick(_BODIES)
    if kind == 5 and dice.chance(0.5):
        return _feature(dice)
    if kind == 1:
        return dice.pick(_ACKS) + b" " + dice.pick(_ACK_BODIES)
    verb, structure = dice.pick(_REQUESTS)
    subject = b"$JS.API." + verb.replace(b"?", dice.pick(_NAMES), 1)
    subject = subject.replace(b"!", dice.pick(_CONSUMERS), 1)
    return subject + b" " + _object(dice, structure)


def _feature(dice: Dice) -> bytes:
    """Return a message that asks something more of a stream."""
    lines = [dice.pick(_FEATURES) for _ in range(1 + dice.below(4))]
    reply = b""
    if dice.chance(0.3):
        place = (dice.pick(_BATCHES), dice.pick(_GAPS), dice.pick(_PLACES), dice.below(6))
        reply = b"^in.%b.10.%b.%b.%d.$FI^" % place
    subject = dice.pick((b"F.a", b"F.b", b"F.t", b"N.a", b"N.b", b"S.a"))
    return subject + b" " + reply + b"#" + b"~".join(lines) + b"#" + dice.pick(_BODIES[:2])


def _object(dice: Dice, kind: type[msgspec.Struct] | None, depth: int = 0) -> bytes:
    """Return the JSON of a structure with some of its fields."""
    if kind is None:
        return dice.pick((b"", b"", b"{}", dice.pick(_BODIES)))
    if dice.chance(0.05):
        return dice.pick(_BODIES)
    fields = _fields_of(kind)
    pairs = [
        b'"%b":%b' % (name, _value(dice, wanted, depth))
        for name, wanted in (dice.pick(fields) for _ in range(dice.below(7)))
    ]
    if kind is StreamConfig and not depth:
        pairs += [b'"name":"%b"' % dice.pick(_NAMES), b'"subjects":' + dice.pick(_SUBJECT_LISTS)]
    elif kind is CreateConsumerRequest:
        pairs += [b'"stream_name":"S"', b'"config":' + _object(dice, ConsumerConfig, 1)]
    return b"{" + b",".join(pairs) + b"}"


def _value(dice: Dice, wanted: Any, depth: int) -> bytes:
    """Return a value that fits a type, or rarely one that may not."""
    if dice.chance(0.1):
        return dice.pick(_VALUES)
    if typing.get_origin(wanted) in (types.UnionType, typing.Union):
        wanted = typing.get_args(wanted)[0]
    origin = typing.get_origin(wanted)
    if origin is typing.Annotated:
        wanted = wanted.__origin__
    if origin is tuple:
        inner = typing.get_args(wanted)[0]
        return b"[" + b",".join(_value(dice, inner, depth + 1) for _ in range(dice.below(3))) + b"]"
    if wanted is bool:
        return dice.pick((b"true", b"false"))
    if wanted is int:
        return dice.pick(_INTEGERS)
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return b'"%b"' % str(dice.pick(list(wanted)).value).encode()
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct) and depth < 3:
        return _object(dice, wanted, depth + 1)
    return dice.pick(_TEXTS)


@functools.cache
def _fields_of(kind: type[msgspec.Struct]) -> list[tuple[bytes, Any]]:
    return [(field.encode_name.encode(), field.type) for field in msgspec.structs.fields(kind)]


_REQUESTS: tuple[tuple[bytes, type[msgspec.Struct] | None], ...] = (
    *((b"STREAM.CREATE.?", StreamConfig), (b"STREAM.UPDATE.?", StreamConfig)) * 2,
    *((b"CONSUMER.CREATE.?.!", CreateConsumerRequest),) * 2,
    (b"CONSUMER.CREATE.?.!.S.a", CreateConsumerRequest),
    (b"CONSUMER.DURABLE.CREATE.?.!", CreateConsumerRequest),
    (b"CONSUMER.MSG.NEXT.?.!", requests.NextRequest),
    (b"STREAM.MSG.GET.?", requests.MessageGetRequest),
    (b"DIRECT.GET.?", requests.MessageGetRequest),
    (b"STREAM.MSG.DELETE.?", requests.MessageDeleteRequest),
    (b"STREAM.PURGE.?", requests.PurgeRequest),
    (b"STREAM.INFO.?", requests.StreamInfoRequest),
    (b"STREAM.NAMES", requests.StreamListRequest),
    (b"STREAM.LIST", requests.StreamListRequest),
    (b"CONSUMER.NAMES.?", requests.ConsumerListRequest),
    (b"CONSUMER.LIST.?", requests.ConsumerListRequest),
    (b"STREAM.DELETE.T", None),
    (b"CONSUMER.INFO.?.!", None),
    (b"CONSUMER.DELETE.?.!", None),
    (b"INFO", None),
    (b"NONE.?.!", None),
)
_NAMES = (b"S",) * 12 + (
    b"T",
    b"T",
    b"T",
    b"U",
    b"",
    b"a b",
    b"*",
    b">",
    b"x" * 40,
    b"\xff",
    b"A/B",
)
_CONSUMERS = (b"C", b"C", b"C", b"D", b"D", b"E", b"E", b"", b"*", b"a\\b", b"\xff")
_INTEGERS = (
    *(b"0", b"1", b"2", b"5", b"10", b"-1", b"100", b"1000000000", b"60000000000"),
    *NUMBERS,
)
_SUBJECT_LISTS = (b'["S.>"]', b'["T.>"]', b'["T.*","U"]', b'["S.>","T.*"]', b'[">"]', b"[]")
_TEXTS = (
    *(b'"x"', b'""', b'"S.>"', b'"S.a"', b'"S.*"', b'"T"', b'"S"', b'"in.x"', b'"a..b"', b'"a b"'),
    *(b'"2024-01-02T03:04:05Z"', b'"2099-01-02T03:04:05.5+01:00"', b'"q"', b'"x.{{wildcard(1)}}"'),
    *(b'"50%"', b'"1s"', b'"' + b"y" * 300 + b'"'),
)
_VALUES = (
    *(b"0", b"1", b"2", b"-1", b"true", b"false", b"null", b'"x"', b'""', b"[]", b"{}", b'"S.>"'),
    *(
        b'"S.a"',
        b'["S.a"]',
        b'["S.>","T.*"]',
        b'[">"]',
        b'["a..b"]',
        b'[""]',
        b"1000000000",
        b"1.5",
    ),
    *(b'"limits"', b'"workqueue"', b'"interest"', b'"memory"', b'"file"', b'"new"', b'"old"'),
    *(b'"all"', b'"last"', b'"by_start_sequence"', b'"by_start_time"', b'"explicit"', b'"none"'),
    *(b'"2024-01-02T03:04:05Z"', b'"0001-01-01T00:00:00Z"', b'"2024-13-01T00:00:00Z"', b'"1s"'),
    *(b'{"src":"S.*","dest":"x.{{wildcard(1)}}"}', b'{"src":"S.a","dest":"S.b"}', b'{"name":"T"}'),
    *(b'[{"name":"T"}]', b'{"a":"b"}', b"[1,2,3]", b'"\\ud800"', b'"\xff"', b'"10%"', b'"in.x"'),
    *NUMBERS,
)
_MESSAGES = (b"S.a", b"S.b", b"S.a.b", b"T.x", b"S", b"in.x")
_HEADERS = (
    *(b"", b"#Nats-Msg-Id: 1#", b"#Nats-Expected-Last-Sequence: 2#", b"#Nats-Rollup: sub#"),
    *(b"#Nats-Expected-Stream: T#", b"#Nats-Expected-Last-Subject-Sequence: 9#", b"#Nats-TTL: 1s#"),
    *(b"#Nats-Rollup: x#", b"#Nats-Msg-Id: #", b"#Nats-TTL: -1#", b"#Nats-Required-Api-Level: 9#"),
    *(b"#Nats-Expected-Last-Sequence: x#", b"#Nats-Expected-Last-Msg-Id: 1#", b"#Nats-TTL: never#"),
)
_EVERYTHING = {
    "allow_atomic": True,
    "allow_batched": True,
    "allow_msg_schedules": True,
    "allow_msg_ttl": True,
    "allow_rollup_hdrs": True,
    "max_msgs": 20,
    "subject_transform": {"src": "F.a", "dest": "F.moved"},
    "republish": {"src": ">", "dest": "in.>"},
}
_BATCHES = (b"p", b"p", b"p", b"q", b"", b"r" * 65)
_GAPS = (b"ok", b"ok", b"fail", b"x")
_PLACES = (b"1", b"1", b"1", b"2", b"2", b"3", b"0", b"-1", b"x", b"99999999999999999999")
_FEATURES = (
    *(b"Nats-Incr: +1", b"Nats-Incr: -99999999999999999999", b"Nats-Incr: x", b"Nats-Incr: "),
    *(b"Nats-Counter-Sources: {}", b"Nats-Counter-Sources: x", b"Nats-Msg-Id: 1", b"Nats-TTL: 1s"),
    *(
        b"Nats-Batch-Id: b",
        b"Nats-Batch-Id: b",
        b"Nats-Batch-Id: c",
        b"Nats-Batch-Id: " + b"x" * 65,
    ),
    *(b"Nats-Batch-Sequence: 1", b"Nats-Batch-Sequence: 1", b"Nats-Batch-Sequence: 2"),
    *(b"Nats-Batch-Sequence: 0", b"Nats-Batch-Sequence: x", b"Nats-Batch-Sequence: 1001"),
    *(b"Nats-Batch-Commit: 1", b"Nats-Batch-Commit: eob", b"Nats-Batch-Commit: x"),
    *(b"Nats-Schedule: @every 1s", b"Nats-Schedule: @at 2001-01-01T00:00:00Z", b"Nats-Schedule: x"),
    *(b"Nats-Schedule: * * * * * *", b"Nats-Schedule: 0 0 0 31 2 *", b"Nats-Schedule: @hourly"),
    *(
        b"Nats-Schedule: 1-/,,*/0 ? L - , /",
        b"Nats-Schedule: @every 99999999h",
        b"Nats-Schedule: @at",
    ),
    *(b"Nats-Schedule-Target: F.t", b"Nats-Schedule-Target: F.t", b"Nats-Schedule-Target: S.a"),
    *(b"Nats-Schedule-Source: F.b", b"Nats-Schedule-Source: F.*", b"Nats-Schedule-TTL: 5s"),
    *(b"Nats-Schedule-TTL: x", b"Nats-Schedule-Rollup: sub", b"Nats-Schedule-Time-Zone: UTC"),
    *(b"Nats-Schedule-Time-Zone: ../x", b"Nats-Schedule-Time-Zone: Europe/Paris"),
    *(b"Nats-Scheduler: F.b", b"Nats-Scheduler: *", b"Nats-Schedule-Next: purge"),
    *(
        b"Nats-Schedule-Next: x",
        b"Nats-Rollup: sub",
        b"Nats-Rollup: all",
        b"Nats-Expected-Stream: F",
    ),
    *(b"Nats-Expected-Last-Sequence: 3", b"Nats-Expected-Last-Subject-Sequence: 0", b"A: b"),
    *(b"Nats-Expected-Last-Subject-Sequence-Subject: F.*", b"Nats-Expected-Last-Msg-Id: 1"),
)
_BODIES = (b"", b"x", b"{}", b"{", b"[]", b"null", b"[" * 200, b'{"a":' * 200, b'"', b"\xff", b" ")
_ACKS = (
    *(b"$JS.ACK.S.C.1.1.1.0.0", b"$JS.ACK.S.C.1.2.2.0.0", b"$JS.ACK.S.C.0.0.0.0.0", b"$JS.ACK.S.C"),
    *(b"$JS.ACK.S.C.x.y.z.1.2", b"$JS.ACK.T.D.1.1.1.0.0", b"$JS.ACK.S.C.9.9.9.9.9.9.9.9"),
    *(b"$JS.ACK.S.C.1.18446744073709551616.1.0.0", b"$JS.ACK.S.C.-1.1.1.0.0"),
)
_ACK_BODIES = (
    *(b"", b"+ACK", b"-NAK", b"+WPI", b"+NXT", b"+TERM", b"+TERM reason", b"-NAK {", b"-NAK 5s"),
    *(b'-NAK {"delay":1000000000}', b'-NAK {"delay":-1}', b"-NAK 99999999999999999999h", b"+NXT 5"),
    *(b'+NXT {"batch":5,"no_wait":true}', b"+NXT {", b"+OK", b"-NAK 1.5h3m", b"x", b"-NAK [" * 50),
)
_WORDS = (
    *(b"$JS.API.", b"$JS.ACK.", b"S", b"C", b"#", b'"', b"config", b"subjects", b"max_msgs"),
    *(*_VALUES, *_TEXTS, *_ACK_BODIES, *_HEADERS, *_FEATURES),
)
_GOOD = (
    b"F.b #Nats-Batch-Id: b~Nats-Batch-Sequence: 1#x\nF.b #Nats-Batch-Id: b~Nats-Batch-Sequence: 2~"
    b"Nats-Batch-Commit: 1#x",
    b"F.b #Nats-Schedule: @at 2001-01-01T00:00:00Z~Nats-Schedule-Target: F.t#x",
    b"F.a ^in.p.10.ok.1.0.$FI^x\nF.a ^in.p.10.ok.2.1.$FI^x\nF.a ^in.p.10.ok.3.2.$FI^x",
    b"N.a #Nats-Incr: +5#\nN.a #Nats-Incr: -7#",
    b'$JS.API.STREAM.CREATE.T {"name":"T","subjects":["T.>"],"max_msgs":3,"discard":"new"}',
    b'$JS.API.CONSUMER.CREATE.S.D {"stream_name":"S","config":{"name":"D","ack_policy":"all"}}',
    b'$JS.API.CONSUMER.MSG.NEXT.S.C {"batch":2,"no_wait":true}\n$JS.ACK.S.C.1.1.1.0.0 +ACK',
    b'S.a #Nats-Msg-Id: 7#x\n$JS.API.STREAM.MSG.GET.S {"last_by_subj":"S.a"}',
)
