"""Random but repeatable work of clients on a node with several streams.

A script is a list of numbered steps; each draws from a generator of its own, so that steps can be
left out to find the shortest script that still fails.  Everything goes through the protocol: what
was acknowledged is what a client has seen acknowledged.
"""

import errno
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.base.clock import SECOND
from headwater.natsstore.archive import MAGIC, put_end, put_entry
from headwater.store.record import DELETE, MESSAGE, PURGE, SKIP
from headwater.store.stream_work import Purge
from headwater.wire.s2_stream import HEAD, plain_chunks
from tests.sim.node_check import CrashError, NodeMoment, check_node, picture_of
from tests.sim.node_model import Acks, History, Picture, StreamModel
from tests.sim.node_world import Heard, World, encoded, pub
from tests.sim.oracle import Entry, Limits
from tests.sim.power import State, cuts
from tests.sim.simdisk import Killed, Op, SimDisk

_MAX_AGE_NS = 6 * SECOND
_FAULTS = ["create", "write", "sync", "rename", "remove", "sync_directory", ""]
_DEDUPE_NS = 60 * SECOND


class SmallDisk(SimDisk):
    """A disk whose reserve is small, so that it makes few states."""

    def total_bytes(self) -> int:
        return 32 * 1024

    def free_bytes(self) -> int:
        return 1 << 30


@dataclass
class Sent:
    """An operation that waits for its answer."""

    history: History
    number: int  # of the last step that it takes its history; 0 for acknowledgements
    first: int = 0  # of the first one
    sequence: int = 0  # what the answer has to say
    duplicate: bool = False
    acks: Acks | None = None
    covered: tuple[int, ...] = ()


class Script:
    """One script at work; ``legs`` are the stretches between power cuts, as in Workload."""

    def __init__(self, seed: int, steps: Sequence[int]) -> None:
        self.seed = seed
        self.steps = steps
        self.told: list[str] = []  # what was done, for people
        self.legs: list[tuple[State | None, list[Op]]] = []
        self.rng = random.Random(f"{seed}")
        self.block_bytes = self.rng.choice([400, 900, 2500, 100_000])
        self.payload_max = self.rng.choice([30, 200, 1200])
        self.journal_bytes = (1100, 2048, 6000, 40_000)[seed % 4]
        self.faulty = self.rng.random() < 0.5
        self.encrypted = seed // 4 % 4 == 3
        self.histories = {
            "LOG": History("LOG"),
            "KEYS": History("KEYS"),
            "WORK": History("WORK", takes_away=True),
            "AGED": History("AGED", max_age_ns=_MAX_AGE_NS),
        }
        self.restarts = 0
        self.elapsed_ns = 0
        self._marks = 0
        self._replies = 0
        self._sent: dict[bytes, Sent] = {}
        self._delivered: dict[str, list[tuple[int, bytes]]] = {}  # of each consumer, by its mark
        self._fresh: dict[str, set[int]] = {}  # those of this life
        self._use(SmallDisk(), None)
        self.world = self._new_world()
        self.world.recover()
        self.world.start()

    def _new_world(self) -> World:
        return World(
            self.disk,
            self.elapsed_ns,
            block_bytes=self.block_bytes,
            journal_bytes=self.journal_bytes,
            encrypted=self.encrypted,
        )

    def run(self) -> "Script":
        """Do all steps."""
        for number in self.steps:
            self.rng = random.Random(f"{self.seed}:{number}")
            try:
                self._step()
            except Killed:
                self.tell("killed")
                self._restart()
        self.disk.kill_in = None
        self.disk.heal()
        self._settle()
        return self

    def moment(self) -> NodeMoment:
        """Return what a power cut may leave now."""
        now_ns = self.world.node.clock.now()
        streams = {name: history.moment(now_ns) for name, history in self.histories.items()}
        return NodeMoment(streams, self.elapsed_ns, self.block_bytes, self.encrypted)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def _step(self) -> None:
        what: list[tuple[Callable[[], None], int]] = [
            (self._publish, 40),
            (self._work, 40),
            (self._change, 12),
            (self._consume, 24),
            (self._alter_consumers, 5),
            (self._alter_streams, 5),
            (self._pass_time, 6),
            (self._look_after, 8),
            (self._break, 3 if self.faulty else 0),
            (self._die, 4),
        ]
        acts, weights = zip(*what, strict=True)
        self.rng.choices(acts, weights)[0]()

    # What is sent and what comes back

    def _reply(self) -> bytes:
        self._replies += 1
        return b"r.%d" % self._replies

    def _take(self, heard: list[Heard]) -> None:
        """Take note of what has come."""
        failed: list[Sent] = []
        good: list[tuple[Sent, Heard]] = []
        for message in heard:
            if message.reply.startswith(b"$JS.ACK."):
                self._was_delivered(message)
            elif (sent := self._sent.pop(message.subject, None)) is not None:
                if b'"error"' in message.payload:
                    failed.append(sent)
                else:
                    good.append((sent, message))
        for sent, message in good:
            self._succeeded(sent, message)
        for sent in failed:
            if sent.number:
                sent.history.fail(sent.first)

    def _succeeded(self, sent: Sent, message: Heard) -> None:
        if sent.acks is not None:
            sent.acks.confirmed += sent.covered
            return
        if sent.number:
            sent.history.acknowledge(sent.number)
        if sent.sequence:
            said = json.loads(message.payload)
            wanted = (sent.sequence, sent.duplicate)
            found = (said["seq"], said.get("duplicate", False))
            if found != wanted:
                raise CrashError(f"{sent.history.name}: answered {found}, expected {wanted}")

    def _was_delivered(self, message: Heard) -> None:
        words = message.reply.decode().split(".")
        name, consumer, sequence = words[2], words[3], int(words[5])
        stream = self.world.streams.get(name)
        if stream is not None and consumer in stream.consumers:
            mark = stream.consumers[consumer].config.description
            self._delivered.setdefault(mark, []).append((sequence, message.reply))
            self._fresh.setdefault(mark, set()).add(sequence)

    def _refused(self, reply: bytes, heard: list[Heard]) -> bool:
        """Tell whether a request was refused at once: then nothing is going to change."""
        self._take([message for message in heard if message.subject != reply])
        answers = [message for message in heard if message.subject == reply]
        return any(b'"error"' in message.payload for message in answers)

    def _ask(
        self, history: History, verb: str, body: Any, models: list[StreamModel | None]
    ) -> bool:
        """Send a request that takes the stream through ``models``; return whether it was taken."""
        reply = self._reply()
        data = b"" if body is None else encoded(body)
        heard = self.world.say(pub(b"$JS.API." + verb.encode(), reply, data))
        if self._refused(reply, heard):
            return False
        numbers = [history.add(model) for model in models]
        self._sent[reply] = Sent(history, numbers[-1], numbers[0])
        self._take([message for message in heard if message.subject == reply])
        self.tell(f"{verb} {data.decode()}")
        return True

    def _settle(self) -> None:
        """Let everything come to its end."""
        self.world.settle()
        self._take(self.world.take())

    # Messages

    def _any(self) -> History | None:
        """Return the history of a stream that is there."""
        there = [history for history in self.histories.values() if history.model is not None]
        return self.rng.choice(there) if there else None

    def _publish(self) -> None:
        history = self._any()
        if history is None:
            self._create()
            return
        parts = [self._message(history) for _ in range(self.rng.choice([1, 1, 2, 5]))]
        data = b""
        replies = []
        for subject, headers, payload in parts:
            replies.append(self._reply())
            data += pub(subject, replies[-1], payload, headers)
        heard = self.world.say(data)
        errors = {message.subject for message in heard if b'"error"' in message.payload}
        refused = errors & set(replies)
        self.tell(f"publish {len(parts)} to {history.name}, {len(refused)} refused")
        for reply, message in zip(replies, parts, strict=True):
            if reply not in refused:
                self._published(history, reply, *message)
        self._take([message for message in heard if message.subject not in refused])

    def _message(self, history: History) -> tuple[bytes, bytes, bytes]:
        rng = self.rng
        subject = b"%b.%d" % (history.name.lower().encode(), rng.randrange(6))
        filler = rng.randbytes(rng.randrange(self.payload_max))
        if rng.random() < 0.3:
            filler = filler[:1] * len(filler)  # what compression makes smaller
        payload = b"%d " % self._replies + filler
        headers = b""
        chance = rng.random()
        if chance < 0.1 and history.name in ("LOG", "KEYS"):
            headers = b"NATS/1.0\r\nNats-Rollup: %b\r\n\r\n" % rng.choice([b"sub", b"all"])
        elif chance < 0.2:
            headers = b"NATS/1.0\r\nNats-Msg-Id: %d-%d\r\n\r\n" % (self.seed, self._replies)
        elif chance < 0.25 and (known := self._known_ids(history)):
            headers = b"NATS/1.0\r\nNats-Msg-Id: %b\r\n\r\n" % rng.choice(known)
        elif chance < 0.4:
            headers = b"NATS/1.0\r\na: b\r\n\r\n"
        elif chance < 0.6 and history.max_age_ns:
            headers = b"NATS/1.0\r\nNats-TTL: %b\r\n\r\n" % rng.choice([b"2s", b"4s", b"never"])
        return subject, headers, payload

    def _known_ids(self, history: History) -> list[bytes]:
        """Return ids whose messages are certainly there."""
        certain, model = history.certain, history.model
        if certain is None or model is None or history.takes_away or history.max_age_ns:
            return []
        young_ns = self.world.node.clock.now() - _DEDUPE_NS
        there = certain.messages.keys() & model.oracle.messages.keys()
        return [
            name
            for name, sequence in history.ids.items()
            if sequence in there and history.times[sequence] > young_ns
        ]

    def _published(
        self, history: History, reply: bytes, subject: bytes, headers: bytes, payload: bytes
    ) -> None:
        name = id_of(headers)
        if name and name in history.ids:
            self._sent[reply] = Sent(history, 0, 0, history.ids[name], duplicate=True)
            return
        history.proposed_last += 1
        sequence = history.proposed_last
        history.times[sequence] = now_ns = self.world.node.clock.now()
        history.ends.pop(sequence, None)
        if b"Nats-TTL: " in headers:
            ttl = headers.partition(b"Nats-TTL: ")[2].partition(b"s\r\n")[0]
            history.ends[sequence] = now_ns + int(ttl) * SECOND if ttl.isdigit() else float("inf")
        model = self._changed(history, Entry(MESSAGE, subject, payload, sequence, headers))
        number = first = history.add(model)
        rollup = headers.partition(b"Nats-Rollup: ")[2][:3]
        if rollup:
            pattern = subject if rollup == b"sub" else b""
            purge = Purge(pattern, sequence, 0)
            number = history.add(self._changed(history, Entry(PURGE, pattern, purge.encode(), 0)))
        self._sent[reply] = Sent(history, number, first, sequence)
        if name:
            history.ids[name] = sequence

    def _changed(self, history: History, entry: Entry) -> StreamModel:
        """Return the stream as it is after one more record."""
        model = history.model
        assert model is not None
        model = model.copy()
        model.apply(entry)
        return model

    def _work(self) -> None:
        for _ in range(self.rng.choice([1, 2, 6])):
            self.world.step(self.rng)
            self._take(self.world.take())

    # Other changes

    def _change(self) -> None:
        history = self._any()
        if history is not None:
            acts = [self._delete, self._delete, self._purge, self._update]
            self.rng.choice(acts)(history)

    def _delete(self, history: History) -> None:
        assert history.model is not None
        live = list(history.model.oracle.messages) or [1]
        sequence = self.rng.choice(live)
        model = self._changed(history, Entry(DELETE, b"", sequence.to_bytes(8, "little"), 0))
        self._ask(history, f"STREAM.MSG.DELETE.{history.name}", {"seq": sequence}, [model])

    def _purge(self, history: History) -> None:
        rng = self.rng
        body: dict[str, Any] = {}
        if rng.random() < 0.7:
            body["filter"] = f"{history.name.lower()}.{rng.choice(['>', '*', '1', '2', '3'])}"
        last = history.proposed_last
        how = rng.random()
        # Which are kept follows from what is there; where acks or times take messages that is open.
        if how < 0.3 and not history.takes_away and not history.max_age_ns:
            body["keep"] = rng.choice([1, 2, 4])
        elif how < 0.7:
            body["seq"] = rng.randrange(1, last + 4)
        bound = body.get("seq", 0) or last + 1
        pattern = body.get("filter", "").encode()
        purge = Purge(pattern, bound, body.get("keep", 0))
        models = [self._changed(history, Entry(PURGE, pattern, purge.encode(), 0))]
        if bound > last + 1 and not pattern:
            after = models[0].copy()
            after.apply(Entry(SKIP, b"", b"", bound - 1))
            models.append(after)
        if self._ask(history, f"STREAM.PURGE.{history.name}", body, [*models]):
            history.proposed_last = max(last, models[-1].oracle.last)

    def _config(self, name: str) -> tuple[dict[str, Any], Limits, str]:
        """Return a configuration for a stream, what it limits, and its mark."""
        rng = self.rng
        self._marks += 1
        mark = f"version {self._marks}"
        limits = Limits()
        if name == "LOG":
            limits = Limits(
                rng.choice([-1, -1, 5, 20]),
                rng.choice([-1, -1, 900, 5000]),
                rng.choice([-1, -1, 2, 5]),
                rng.random() < 0.2,
            )
        elif name == "KEYS":
            limits = Limits(per_subject_max=rng.choice([1, 1, 3]))
        config = {
            "name": name,
            "description": mark,
            "subjects": [f"{name.lower()}.*"],
            "retention": "workqueue" if name == "WORK" else "limits",
            "max_msgs": limits.messages_max,
            "max_bytes": limits.bytes_max,
            "max_msgs_per_subject": limits.per_subject_max,
            "max_age": _MAX_AGE_NS if name == "AGED" else 0,
            "duplicate_window": 5 * SECOND if name == "AGED" else 120 * SECOND,
            "discard": "new" if limits.discards_new else "old",
            "allow_rollup_hdrs": True,
            "allow_msg_ttl": name == "AGED",
            "compression": rng.choice(["none", "none", "s2"]),
            "storage": "file",
            "num_replicas": 1,
        }
        return config, limits, mark

    def _update(self, history: History) -> None:
        config, limits, mark = self._config(history.name)
        assert history.model is not None
        model = history.model.copy()
        model.configure(mark, limits)
        self._ask(history, f"STREAM.UPDATE.{history.name}", config, [model])

    # Streams and consumers come and go: each of these waits for its answer

    def _alter_streams(self) -> None:
        self._settle()
        there = [history for history in self.histories.values() if history.model is not None]
        if len(there) < len(self.histories) and self.rng.random() < 0.7:
            self._create()
        elif there and self.rng.random() < 0.3:
            history = self.rng.choice(there)
            self._ask(history, f"STREAM.DELETE.{history.name}", None, [None])
            self._settle()

    def _create(self) -> None:
        missing = [history for history in self.histories.values() if history.model is None]
        if not missing:
            return
        history = self.rng.choice(missing)
        config, limits, mark = self._config(history.name)
        model = StreamModel(mark, limits)
        model.configure(mark, limits)
        history.proposed_last = 0
        history.ids = {}
        self._settle()
        if self.rng.random() < 0.2:
            self._restore(history, config, model)
        else:
            self._ask(history, f"STREAM.CREATE.{history.name}", config, [model])
        self._settle()

    def _restore(self, history: History, config: dict[str, Any], model: StreamModel) -> None:
        """Let a stream come from an archive, all of it or nothing."""
        rng = self.rng
        archive = bytearray(MAGIC)
        last = rng.randrange(1, 12)
        state = {"first_seq": 1, "last_seq": last, "consumer_count": 0}
        put_entry(archive, b"state.json", 1, 0, b"", json.dumps(state).encode())
        now_ns = self.world.node.clock.now()
        for sequence in range(1, last + 1):
            if rng.random() < 0.7:
                subject = b"%b.%d" % (history.name.lower().encode(), rng.randrange(6))
                payload = b"restored %d " % sequence + bytes(rng.randrange(100))
                put_entry(archive, subject, now_ns, sequence, b"", payload)
                model.apply(Entry(MESSAGE, subject, payload, sequence))
                history.times[sequence] = now_ns
                history.ends.pop(sequence, None)
        put_end(archive)
        model.apply(Entry(SKIP, b"", b"", last))
        history.proposed_last = last
        self.tell(f"restore {history.name} to {last}")
        asked = pub(
            f"$JS.API.STREAM.RESTORE.{history.name}".encode(), b"r.0", encoded({"config": config})
        )
        heard = self.world.say(asked)
        self.world.settle()
        begun = json.loads([*heard, *self.world.take()][-1].payload)
        if "error" in begun:
            return
        subject = begun["deliver_subject"].encode()
        self.world.say(pub(subject, self._reply(), HEAD + plain_chunks(bytes(archive))))
        self.world.settle()
        reply = self._reply()
        number = history.add(model)
        self._sent[reply] = Sent(history, number, number)
        self._take(self.world.say(pub(subject, reply, b"")))

    def _alter_consumers(self) -> None:
        history = self._any()
        if history is None:
            return
        self._settle()
        if history.model is None or history.name not in self.world.streams:
            return
        name = self.rng.choice(["one", "two"])
        there = name in history.model.consumers
        if not there:
            self._make_consumer(history, name)
        elif self.rng.random() < 0.6:
            self._update_consumer(history, name)
        else:
            model = history.model.copy()
            del model.consumers[name]
            self._ask(history, f"CONSUMER.DELETE.{history.name}.{name}", None, [model])
        self._settle()

    def _make_consumer(self, history: History, name: str) -> None:
        rng = self.rng
        low = history.name.lower()
        pattern = "" if history.takes_away else rng.choice(["", f"{low}.1", f"{low}.*"])
        config = {
            "durable_name": name,
            "ack_policy": "explicit" if history.takes_away else rng.choice(["explicit", "all"]),
            "filter_subject": pattern,
            "max_ack_pending": rng.choice([3, 1000]),
        }
        if rng.random() < 0.3:
            config["deliver_subject"] = f"p.{low}.{name}"
        self._put_consumer(history, name, config)

    def _update_consumer(self, history: History, name: str) -> None:
        config = self.world.streams[history.name].consumers[name].config
        changed = {
            "durable_name": name,
            "ack_policy": config.ack_policy,
            "filter_subject": config.filter_subject,
            "max_ack_pending": self.rng.choice([3, 1000]),
        }
        if config.is_push:
            changed["deliver_subject"] = config.deliver_subject
        self._put_consumer(history, name, changed)

    def _put_consumer(self, history: History, name: str, config: dict[str, Any]) -> None:
        self._marks += 1
        mark = f"version {self._marks}"
        assert history.model is not None
        model = history.model.copy()
        before = model.consumers.get(name)
        model.consumers[name] = mark
        body = {"stream_name": history.name, "config": {**config, "description": mark}}
        if before is None:
            history.acks[mark] = Acks(config["filter_subject"].encode())
        else:
            history.acks[mark] = history.acks[before]
            self._delivered[mark] = self._delivered.setdefault(before, [])
            self._fresh[mark] = self._fresh.setdefault(before, set())
        verb = f"CONSUMER.DURABLE.CREATE.{history.name}.{name}"
        self._ask(history, verb, body, [model])

    def _consume(self) -> None:
        history = self._any()
        if history is None or history.model is None or not history.model.consumers:
            return
        name, mark = self.rng.choice(sorted(history.model.consumers.items()))
        delivered = self._delivered.get(mark, [])
        if self.rng.random() < 0.35 or not delivered:
            asked = {"batch": self.rng.choice([1, 3, 10]), "no_wait": True}
            subject = f"$JS.API.CONSUMER.MSG.NEXT.{history.name}.{name}".encode()
            self._take(self.world.say(pub(subject, self._reply(), encoded(asked))))
            self.tell(f"pull {asked['batch']} from {history.name}.{name}")
        else:
            for _ in range(self.rng.choice([1, 3])):
                self._acknowledge(history, name, mark, *self.rng.choice(delivered[-12:]))

    def _acknowledge(
        self, history: History, name: str, mark: str, sequence: int, subject: bytes
    ) -> None:
        stream = self.world.streams.get(history.name)
        if stream is None or name not in stream.consumers:
            return
        acks = history.acks[mark]
        covered = [sequence]
        if stream.consumers[name].config.ack_policy == "all":
            # Also what was delivered to a client that was killed before it had it.
            covered = list(range(1, sequence + 1))
        verb = self.rng.choice([b"", b"+ACK", b"+ACK", b"+TERM", b"-NAK"])
        if verb != b"-NAK":
            acks.sent += covered
        reply = self._reply() if self.rng.random() < 0.6 else b""
        if reply and verb != b"-NAK":
            certain = [s for s in covered if s in self._fresh.get(mark, ())]
            self._sent[reply] = Sent(history, 0, acks=acks, covered=tuple(certain))
        self.tell(f"{verb.decode()} {sequence} of {history.name}.{name} {reply.decode()}")
        self._take(self.world.say(pub(subject, reply, verb)))

    # What happens beside

    def _pass_time(self) -> None:
        milliseconds = self.rng.choice([100, 300, 1000, 2500])
        self.elapsed_ns += milliseconds * 1_000_000
        self.world.pass_time(milliseconds)
        self.tell(f"{milliseconds} ms pass")
        self._work()

    def _look_after(self) -> None:
        streams = list(self.world.streams.values())
        if not streams:
            return
        files = self.rng.choice(streams).files
        if self.rng.random() < 0.6:
            files.checkpoint()
            self.tell("checkpoint")
        else:
            self._work()
            self.tell(f"give back {files.give_back(1 << 20)}")
        self._work()

    def _break(self) -> None:
        rng = self.rng
        self.disk.heal()
        kind = rng.choice(_FAULTS)
        code = rng.choice([errno.EIO, errno.ENOSPC])
        after, times = rng.randrange(4), rng.choice([1, 1, 2, 5])
        self.disk.fail(kind, after=after, times=times, code=code, part=rng.choice([0.0, 0.5]))
        self.tell(f"the disk fails: {kind or 'any'}, {errno.errorcode[code]}, {times} times")

    def _die(self) -> None:
        how = self.rng.random()
        if how < 0.2:
            self._stop()
        elif how < 0.4:
            self.tell("kill")
            self._restart()
        elif how < 0.7:
            self.disk.kill_in = self.rng.randrange(8)
        else:
            self._lose_power()

    def _stop(self) -> None:
        """A clean stop."""
        self.disk.heal()
        self._settle()
        self.world.engine.stop(lambda: None)
        self.world.settle()
        self._take(self.world.take())
        self.tell("stop")
        self._restart()

    def _lose_power(self) -> None:
        before = self.moment()
        state = self.rng.choice(list(cuts(self.disk.medium, 0, self.rng, 4)))
        self.tell(f"power cut: {state.label}")
        self._use(SmallDisk(state.files, state.folders), state)
        self._restart(before)

    def _restart(self, before: NodeMoment | None = None) -> None:
        self.restarts += 1
        before = before or self.moment()
        self.disk.heal()
        self.disk.kill_in = self.rng.randrange(12) if self.rng.random() < 0.2 else None
        while True:
            world = self._new_world()
            try:
                world.recover()
                break
            except Killed:
                self.tell("killed while it starts")
        self.disk.kill_in = None
        found = check_node(world, before)
        self.world = world
        self._sent = {}
        self._fresh = {}
        for name, history in self.histories.items():
            step = found[name]
            stream = world.streams.get(name)
            seen = None if stream is None else picture_of(stream)
            history.found(seen, step.model)
            history.ids = {} if seen is None else ids_of(seen)
            self._find_acks(history, stream, seen)
        world.start()

    def _find_acks(self, history: History, stream: Any, seen: Picture | None) -> None:
        """From now on, what a consumer knows as acknowledged stays so; the rest was lost."""
        found: dict[str, Acks] = {}
        if stream is not None and seen is not None:
            for consumer in stream.consumers.values():
                old = history.acks[consumer.config.description]
                kept = [
                    sequence
                    for sequence in sorted(seen.messages.keys() & set(old.sent))
                    if not consumer.delivery.awaits(sequence, seen.messages[sequence][0])
                ]
                # Where acknowledged messages leave, those that are there are still to go.
                certain = [] if history.takes_away else list(kept)
                found[consumer.config.description] = Acks(old.pattern, kept, certain)
        history.acks = found

    def _use(self, disk: SmallDisk, state: State | None) -> None:
        self.disk = disk
        self.legs.append((state, disk.trace))
        disk.context = self.moment


def id_of(headers: bytes) -> bytes:
    """Return the id for the duplicate window that headers give, empty for none."""
    return headers.partition(b"Nats-Msg-Id: ")[2].partition(b"\r\n")[0]


def ids_of(picture: Picture) -> dict[bytes, int]:
    """Return the ids of messages that are there."""
    found = {id_of(headers): number for number, (_, headers, _) in picture.messages.items()}
    return {name: number for name, number in found.items() if name}
