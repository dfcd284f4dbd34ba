"""A bucket of a key-value store beside a dict, through the requests that clients send."""

import json
from dataclasses import dataclass

from headwater.wire.headers import find_value
from tests.sim.choices import FLIP, Between, OneOf, beginning, move
from tests.sim.node_machine import NodeMachine
from tests.sim.node_world import Heard

_WRONG_LAST_SEQUENCE = 10071
_KEYS = OneOf(("one", "two", "three.a", "three.b"))
_DELETED, _PURGED = b"DEL", b"PURGE"
_WRONG_BY = 1000


@dataclass(frozen=True)
class Entry:
    """One revision of a key."""

    revision: int
    operation: bytes
    value: bytes


@dataclass(frozen=True)
class Bucket:
    """All keys at one moment."""

    last: int
    keys: dict[str, tuple[Entry, ...]]

    def revision(self, key: str) -> int:
        return self.keys[key][-1].revision if key in self.keys else 0

    def put(self, key: str, entry: Entry, history: int) -> "Bucket":
        """Return what it is with another revision of a key."""
        before = () if entry.operation == _PURGED else self.keys.get(key, ())
        return Bucket(entry.revision, {**self.keys, key: (*before, entry)[-history:]})

    def purge(self, key: str, keep: int) -> "Bucket":
        """Return what it is when no more than so many revisions of a key are kept."""
        left = self.keys.get(key, ())[-keep:] if keep else ()
        others = {name: entries for name, entries in self.keys.items() if name != key}
        return Bucket(self.last, {**others, key: left} if left else others)


class KeyMachine(NodeMachine):
    """One bucket; ``states`` are all that it went through since it was last known for sure."""

    @beginning(block_bytes=OneOf((300, 900, 2500, 100_000)), encrypted=FLIP, history=Between(1, 3))
    def begin(self, block_bytes: int, encrypted: bool, history: int) -> None:
        self.start_with(block_bytes, encrypted)
        self.history = history
        self.values = 0
        self.watched: dict[str, int] | None = None  # by who watches: the last revision of each key
        self.forgetting: list[str] = []
        self.states = [Bucket(0, {})]
        self.kept = 0  # the first of the states that may be found after a crash
        config = {
            "name": "KV_b",
            "subjects": ["$KV.b.>"],
            "max_msgs_per_subject": history,
            "discard": "new",
            "deny_delete": True,
            "allow_rollup_hdrs": True,
            "allow_direct": True,
        }
        assert "error" not in self.ask("STREAM.CREATE.KV_b", config)

    # What clients do

    @move(key=_KEYS, size=Between(0, 300))
    def put(self, key: str, size: int) -> None:
        self.write(key, size)

    @move(key=_KEYS, size=Between(0, 30), wrong=OneOf((0, 0, 0, -1, 1, _WRONG_BY)))
    def update(self, key: str, size: int, wrong: int) -> None:
        """Write a key that has to have a revision, which may be another one."""
        self.write(key, size, expected=max(0, self.bucket.revision(key) + wrong))

    @move(key=_KEYS)
    def create(self, key: str) -> None:
        self.write(key, 10, expected=0)

    @move(key=_KEYS)
    def delete(self, key: str) -> None:
        self.write(key, 0, operation=_DELETED)

    @move(key=_KEYS)
    def purge(self, key: str) -> None:
        self.write(key, 0, operation=_PURGED)

    @move(key=_KEYS, keep=Between(0, 2))
    def forget(self, key: str, keep: int) -> None:
        """Take the revisions of a key away, as clients do with markers of deletions."""
        after = self.bucket.purge(key, keep)
        purged = len(self.bucket.keys.get(key, ())) - len(after.keys.get(key, ()))
        self.propose(after)
        place = len(self.states) - 1

        def answered(message: Heard) -> None:
            answer = json.loads(message.payload)
            assert answer.get("purged") == purged, answer
            self.forgetting.remove(key)
            self.keep(place)

        self.forgetting.append(key)
        body = {"filter": f"$KV.b.{key}", **({"keep": keep} if keep else {})}
        self.request("$JS.API.STREAM.PURGE.KV_b", json.dumps(body).encode(), answered)

    @move(key=_KEYS)
    def get(self, key: str) -> None:
        """Get a key: what is known to be there, or something newer."""
        oldest = self.states[self.kept].revision(key)

        def answered(message: Heard) -> None:
            found = _field(message.headers, b"Nats-Sequence")
            if found:
                seen = Entry(int(found), _field(message.headers, b"KV-Operation"), message.payload)
                assert any(seen in state.keys.get(key, ()) for state in states), (seen, key)
                assert seen.revision >= oldest
            else:
                assert any(key not in state.keys for state in states), key

        states = self.states[self.kept :]
        self.request(f"$JS.API.DIRECT.GET.KV_b.$KV.b.{key}", b"", answered)

    @move()
    def watch(self) -> None:
        """Begin to watch all keys."""
        if self.watched is not None:
            return
        self.watched = {}
        config = {
            "deliver_subject": f"p.{self.lives}",
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "mem_storage": True,
            "filter_subject": "$KV.b.>",
            "max_deliver": 1,
            "inactive_threshold": 300 * 10**9,
        }
        body = json.dumps({"stream_name": "KV_b", "config": config}).encode()
        self.request("$JS.API.CONSUMER.CREATE.KV_b", body, _is_good)

    # What is looked at

    def look(self) -> None:
        self.kept = len(self.states) - 1
        self.resolve(self.bucket)
        seen = self.seen()
        assert seen == self.bucket, f"found {seen}, not {self.bucket}"
        if self.watched is not None:
            for key in self.bucket.keys:
                assert self.watched.get(key) == self.bucket.revision(key), (key, self.watched)

    def check_life(self) -> None:
        self.watched = None
        self.forgetting.clear()
        seen = self.seen()
        allowed = self.states[self.kept :]
        assert seen in allowed, f"found {seen}, allowed {allowed}"
        self.resolve(seen)

    def delivered(self, message: Heard) -> None:
        assert message.reply.startswith(b"$JS.ACK.KV_b."), message
        if self.watched is None:
            return
        key = message.subject.decode().removeprefix("$KV.b.")
        revision = int(message.reply.split(b".")[5])
        assert revision > self.watched.get(key, 0), (message, self.watched)
        self.watched[key] = revision

    # How

    @property
    def bucket(self) -> Bucket:
        return self.states[-1]

    def propose(self, after: Bucket) -> None:
        self.states.append(after)

    def keep(self, place: int) -> None:
        """The state at a place is on the disk."""
        self.kept = max(self.kept, place)

    def resolve(self, state: Bucket) -> None:
        """It is known for sure what there is."""
        self.states = [state]
        self.kept = 0

    def write(self, key: str, size: int, operation: bytes = b"", expected: int = -1) -> None:
        if expected >= 0 and key in self.forgetting:
            return  # whether that is through already is nobody's promise
        refused = expected not in (-1, self.bucket.revision(key))
        self.values += 1
        value = b"%d" % self.values + bytes(size) if not operation else b""
        revision = self.bucket.last + 1
        if not refused:
            self.propose(self.bucket.put(key, Entry(revision, operation, value), self.history))
        place = len(self.states) - 1

        def answered(message: Heard) -> None:
            answer = json.loads(message.payload)
            if refused:
                assert answer["error"]["err_code"] == _WRONG_LAST_SEQUENCE, answer
            else:
                assert answer.get("seq") == revision, (answer, revision)
                self.keep(place)

        self.request(f"$KV.b.{key}", value, answered, _headers(operation, expected))

    def seen(self) -> Bucket:
        """Return what the server says that there is."""
        last = self.ask("STREAM.INFO.KV_b")["state"]["last_seq"]
        keys: dict[str, tuple[Entry, ...]] = {}
        wanted = b'{"seq":1,"batch":1000,"next_by_subj":">"}'
        for message in self.ask_all("$JS.API.DIRECT.GET.KV_b", wanted):
            subject = _field(message.headers, b"Nats-Subject")
            if subject:
                key = subject.decode().removeprefix("$KV.b.")
                sequence = int(_field(message.headers, b"Nats-Sequence"))
                entry = Entry(sequence, _field(message.headers, b"KV-Operation"), message.payload)
                keys[key] = (*keys.get(key, ()), entry)
        return Bucket(last, keys)


def _headers(operation: bytes, expected: int) -> bytes:
    lines = []
    if operation:
        lines.append(b"KV-Operation: " + operation)
    if operation == _PURGED:
        lines.append(b"Nats-Rollup: sub")
    if expected >= 0:
        lines.append(b"Nats-Expected-Last-Subject-Sequence: %d" % expected)
    return (
        b"".join([b"NATS/1.0\r\n", *(line + b"\r\n" for line in lines), b"\r\n"]) if lines else b""
    )


def _field(block: bytes, name: bytes) -> bytes:
    return find_value(memoryview(block), 0, len(block), name) or b""


def _is_good(message: Heard) -> None:
    assert b'"error"' not in message.payload, message
