"""Clients of a server that is going to be killed, and what they may expect of the next one.

Everything goes over one connection and is sent ahead of the answers, so that operations are in the
order in which they were sent: what an answer has come for, and all before it, must be there.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater.store.record import DELETE, MESSAGE, PURGE
from headwater.store.stream_work import Purge
from tests.crash.link import Link
from tests.sim.node_model import Acks, History, Picture, StreamModel
from tests.sim.node_world import Heard, encoded, pub
from tests.sim.oracle import Entry, Limits

_WINDOW = 60  # operations that may be unanswered
_DELIVERIES = 40  # to choose acknowledgements from
CONSUMER = "worker"
_PREFIX = b"_INBOX.crash."
STREAMS = {
    "LOG": Limits(messages_max=300),
    "KEYS": Limits(per_subject_max=2),
    "WORK": Limits(),
}


@dataclass
class Sent:
    """An operation that waits for its answer."""

    history: History
    number: int = 0  # of the step of its history; 0 for acknowledgements
    sequence: int = 0
    acks: Acks | None = None


class Load:
    """Work for one server after the other; ``histories`` say what has to be there."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.histories = {name: History(name, takes_away=name == "WORK") for name in STREAMS}
        self.sent = 0
        self.answered = 0
        self.confirmed = 0  # acknowledgements of consumers that were confirmed
        self._marks = 0
        self._replies = 0
        self._waiting: dict[bytes, Sent] = {}
        self._delivered: dict[str, list[tuple[int, bytes]]] = {name: [] for name in STREAMS}
        self._done: dict[str, set[int]] = {name: set() for name in STREAMS}  # confirmed

    # The work

    def run(self, link: Link) -> None:
        """Work until the server is gone; take what it had sent before."""
        self._waiting = {}
        for delivered in self._delivered.values():
            delivered.clear()
        try:
            self._set_up(link)
            while True:
                if len(self._waiting) < _WINDOW:
                    link.send(b"".join(self._burst()))
                self._take(link, wait=len(self._waiting) >= _WINDOW)
        except ConnectionError:
            self._take_last(link)

    def _set_up(self, link: Link) -> None:
        """Make what is missing; each waits for its answer."""
        for name, history in self.histories.items():
            if history.model is None:
                config, mark = self._config(name)
                model = StreamModel(mark, STREAMS[name])
                model.configure(mark, STREAMS[name])
                self._ask(link, history, f"STREAM.CREATE.{name}", config, model)
            if history.model is not None and CONSUMER not in history.model.consumers:
                self._make_consumer(link, history)

    def _ask(self, link: Link, history: History, verb: str, body: Any, model: StreamModel) -> None:
        reply = self._reply()
        number = history.add(model)
        self._waiting[reply] = Sent(history, number)
        link.send(pub(f"$JS.API.{verb}".encode(), reply, encoded(body)))
        while reply in self._waiting:
            self._take(link, wait=True)

    def _make_consumer(self, link: Link, history: History) -> None:
        self._marks += 1
        mark = f"version {self._marks}"
        config = {
            "durable_name": CONSUMER,
            "ack_policy": "explicit",
            "ack_wait": 300_000_000,
            "max_ack_pending": 1000,
            "description": mark,
        }
        assert history.model is not None
        model = history.model.copy()
        model.consumers[CONSUMER] = mark
        history.acks[mark] = Acks(b"")
        body = {"stream_name": history.name, "config": config}
        verb = f"CONSUMER.DURABLE.CREATE.{history.name}.{CONSUMER}"
        self._ask(link, history, verb, body, model)

    def _burst(self) -> list[bytes]:
        """Return a few operations."""
        acts: list[Callable[[History], bytes]] = [
            self._publish,
            self._pull,
            self._acknowledge,
            self._delete,
            self._purge,
            self._update,
        ]
        out = []
        for _ in range(self.rng.randint(1, 25)):
            act = self.rng.choices(acts, [50, 4, 30, 6, 1, 1])[0]
            out.append(act(self.rng.choice(list(self.histories.values()))))
        return out

    def _reply(self) -> bytes:
        self._replies += 1
        self.sent += 1
        return b"%b%d" % (_PREFIX, self._replies)

    def _changed(self, history: History, entry: Entry) -> StreamModel:
        assert history.model is not None
        model = history.model.copy()
        model.apply(entry)
        return model

    def _publish(self, history: History) -> bytes:
        rng = self.rng
        reply = self._reply()
        subject = b"%b.%d" % (history.name.lower().encode(), rng.randrange(30))
        payload = b"%d " % self._replies + rng.randbytes(rng.randrange(200))
        headers = b""
        if rng.random() < 0.05 and not history.takes_away:
            headers = b"NATS/1.0\r\nNats-Rollup: sub\r\n\r\n"
        history.proposed_last += 1
        sequence = history.proposed_last
        entry = Entry(MESSAGE, subject, payload, sequence, headers)
        number = history.add(self._changed(history, entry))
        if headers:
            purge = Purge(subject, sequence, 0).encode()
            number = history.add(self._changed(history, Entry(PURGE, subject, purge, 0)))
        self._waiting[reply] = Sent(history, number, sequence)
        return pub(subject, reply, payload, headers)

    def _delete(self, history: History) -> bytes:
        certain, model = history.certain, history.model
        if history.takes_away or certain is None or model is None:
            return b""
        live = sorted(certain.messages.keys() & model.oracle.messages.keys())
        if not live:
            return b""
        sequence = self.rng.choice(live)
        reply = self._reply()
        entry = Entry(DELETE, b"", sequence.to_bytes(8, "little"), 0)
        self._waiting[reply] = Sent(history, history.add(self._changed(history, entry)))
        subject = f"$JS.API.STREAM.MSG.DELETE.{history.name}".encode()
        return pub(subject, reply, encoded({"seq": sequence}))

    def _purge(self, history: History) -> bytes:
        pattern = f"{history.name.lower()}.{self.rng.randrange(30)}"
        everything = self.rng.random() < 0.3
        last = history.proposed_last
        bound = max(1, last - self.rng.randrange(60)) if everything else last + 1
        purge = Purge(b"" if everything else pattern.encode(), bound, 0)
        reply = self._reply()
        entry = Entry(PURGE, purge.pattern, purge.encode(), 0)
        self._waiting[reply] = Sent(history, history.add(self._changed(history, entry)))
        body = {"seq": bound} if everything else {"filter": pattern}
        return pub(f"$JS.API.STREAM.PURGE.{history.name}".encode(), reply, encoded(body))

    def _config(self, name: str) -> tuple[dict[str, Any], str]:
        self._marks += 1
        mark = f"version {self._marks}"
        limits = STREAMS[name]
        config = {
            "name": name,
            "description": mark,
            "subjects": [f"{name.lower()}.*"],
            "retention": "workqueue" if name == "WORK" else "limits",
            "max_msgs": limits.messages_max,
            "max_msgs_per_subject": limits.per_subject_max,
            "allow_rollup_hdrs": True,
            "allow_direct": True,
            "storage": "file",
            "num_replicas": 1,
        }
        return config, mark

    def _update(self, history: History) -> bytes:
        config, mark = self._config(history.name)
        assert history.model is not None
        model = history.model.copy()
        model.configure(mark, STREAMS[history.name])
        reply = self._reply()
        self._waiting[reply] = Sent(history, history.add(model))
        return pub(f"$JS.API.STREAM.UPDATE.{history.name}".encode(), reply, encoded(config))

    def _pull(self, history: History) -> bytes:
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{history.name}.{CONSUMER}".encode()
        return pub(subject, _PREFIX + b"pull", encoded({"batch": 20, "no_wait": True}))

    def _acknowledge(self, history: History) -> bytes:
        delivered = self._delivered[history.name]
        if not delivered:
            return b""
        sequence, subject = self.rng.choice(delivered[-_DELIVERIES:])
        assert history.model is not None
        acks = history.acks[history.model.consumers[CONSUMER]]
        acks.sent.append(sequence)
        if self.rng.random() < 0.3:
            return b"PUB %b 4\r\n+ACK\r\n" % subject
        reply = self._reply()
        self._waiting[reply] = Sent(history, 0, sequence, acks)
        return pub(subject, reply, b"+ACK")

    # The answers

    def _take_last(self, link: Link) -> None:
        try:
            while True:
                self._take(link, wait=True)
        except ConnectionError:
            pass

    def _take(self, link: Link, *, wait: bool) -> None:
        for message in link.receive_some(wait=wait):
            if message.reply.startswith(b"$JS.ACK."):
                words = message.reply.split(b".")
                name, sequence = words[2].decode(), int(words[5])
                again = f"{name}: {sequence} comes again, acknowledged as it is"
                assert sequence not in self._done[name], again
                self._delivered[name].append((sequence, message.reply))
            else:
                self._answered(message)

    def _answered(self, message: Heard) -> None:
        sent = self._waiting.pop(message.subject, None)
        if sent is None:
            return
        self.answered += 1
        name = sent.history.name
        assert b'"error"' not in message.payload, f"{name}: {message.payload!r}"
        if sent.acks is not None:
            self.confirmed += 1
            sent.acks.confirmed.append(sent.sequence)
            self._done[name].add(sent.sequence)
            return
        sent.history.acknowledge(sent.number)
        if sent.sequence:
            said = json.loads(message.payload)["seq"]
            assert said == sent.sequence, f"{name}: answered {said}, expected {sent.sequence}"

    # The next server

    def check(self, link: Link) -> int:
        """Compare what a server has with what has to be there; return how many messages it has.

        Raises:
            AssertionError: something is lost, undone or invented.
        """
        total = 0
        for name, history in self.histories.items():
            moment = history.moment(0)
            seen = read_stream(link, name)
            step = moment.find(seen)
            assert step is not None, f"{name}: {describe(seen, moment.allowed)}"
            self._check_consumer(link, history, seen)
            history.found(seen, step.model)
            self._done[name] = {s for acks in history.acks.values() for s in acks.confirmed}
            total += len(seen.messages) if seen is not None else 0
        return total

    def _check_consumer(self, link: Link, history: History, seen: Picture | None) -> None:
        if seen is None or CONSUMER not in seen.consumers:
            history.acks = {}
            return
        mark = seen.consumers[CONSUMER]
        acks = history.acks[mark]
        live = seen.messages.keys()
        confirmed = live & set(acks.confirmed)
        if history.takes_away:
            assert not confirmed, f"{history.name}: {sorted(confirmed)[:5]} were acknowledged"
        said = link.request(f"$JS.API.CONSUMER.INFO.{history.name}.{CONSUMER}", None)
        awaited = said["num_pending"] + said["num_ack_pending"]
        low, high = len(live - set(acks.sent)), len(live - confirmed)
        text = f"{history.name}: {awaited} to be delivered, not {low} to {high}"
        assert low <= awaited <= high, text
        # Which ones a client may be given again is seen when they are.
        history.acks = {mark: Acks(b"", sorted(live & set(acks.sent)), sorted(confirmed))}


def read_stream(link: Link, name: str) -> Picture | None:
    """Return a stream as a client sees it, None when there is none."""
    info = link.try_request(f"$JS.API.STREAM.INFO.{name}", None)
    if info.get("error", {}).get("code") == 404:
        return None
    state = info["state"]
    messages = {}
    for sequence, subject, headers, payload in link.read_direct(name):
        messages[sequence] = (subject, headers, payload)
    found = link.request(f"$JS.API.CONSUMER.LIST.{name}", None)["consumers"]
    consumers = {one["name"]: one["config"]["description"] for one in found}
    assert state["messages"] == len(messages), f"{name}: {state} with {len(messages)} messages"
    return Picture(messages, state["last_seq"], info["config"]["description"], consumers)


def describe(seen: Picture | None, allowed: Any) -> str:
    """Return what is wrong in a few words."""

    def short(picture: Picture | None) -> str:
        if picture is None:
            return "no stream"
        return f"{len(picture.messages)} to {picture.last}, {picture.mark}, {picture.consumers}"

    certain = allowed[0].picture
    text = f"found {short(seen)}; certain {short(certain)}; sent {short(allowed[-1].picture)}"
    if seen is not None and certain is not None:
        text += f"; missing {sorted(certain.messages.keys() - seen.messages.keys())[:10]}"
    return text
