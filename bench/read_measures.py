"""How one sample of each row about reads, buckets and objects is taken."""

from dataclasses import dataclass

from bench import loadgen
from bench.client import Client
from bench.errors import HarnessError
from bench.measures import Effort, Sample
from bench.servers import JETSTREAM, Side, running
from bench.stream_measures import STREAM, STREAM_SUBJECT

# A stream as clients make it for a bucket or an object store.
BUCKET = {
    "max_msgs_per_subject": 1,
    "discard": "new",
    "allow_rollup_hdrs": True,
    "deny_delete": True,
    "allow_direct": True,
}
STORE = {"discard": "new", "allow_rollup_hdrs": True, "allow_direct": True}
KV, OBJECTS = "KV_BENCH", "OBJ_BENCH"
CHUNK_BYTES = 128 * 1024
OBJECT_SUBJECT = "$O.BENCH.C.0123456789ABCDEFGHIJKL"  # as in loadgen.c
_SIZE = 128
_WINDOW = 1_000
_CHECKED_ROUNDS = 3


@dataclass(frozen=True)
class KvPut:
    """The rate at which values are put, ``messages`` over ``keys`` in turn, 1,000 under way."""

    messages: int
    keys: int

    def check(self, side: Side, effort: Effort) -> None:
        """Read the value of each key back: it is the last one."""
        with running(side, JETSTREAM) as server:
            filled = fill_bucket(server.port, self.keys, _CHECKED_ROUNDS)
            loadgen.run("get", server.port, messages=self.keys, kv=1, window=1, **filled)

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return values per second."""
        with running(side, JETSTREAM) as server:
            create_bucket(server.port)
            count = effort.count(self.messages)
            options = {"subjects": self.keys, "size": _SIZE, "window": _WINDOW}
            done = loadgen.run("jspub", server.port, messages=count, kv=1, **options)
            check_state(server.port, KV, min(count, self.keys), count)
        return Sample(done["acknowledged"] / done["seconds"])


@dataclass(frozen=True)
class KvGet:
    """The rate at which values of a bucket of ``keys`` are got, 100 requests under way."""

    messages: int
    keys: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare each value."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return values per second."""
        with running(side, JETSTREAM) as server:
            filled = fill_bucket(server.port, self.keys, 1)
            count = effort.count(self.messages)
            done = loadgen.run("get", server.port, messages=count, kv=1, window=100, **filled)
        return Sample(done["delivered"] / done["seconds"])


@dataclass(frozen=True)
class KvWatch:
    """The rate at which a watcher that is new gets the values of all ``keys``."""

    keys: int

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare each value, and what is told with it."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return values per second."""
        with running(side, JETSTREAM) as server:
            filled = fill_bucket(server.port, effort.count(self.keys), 1)
            done = loadgen.run("watch", server.port, **filled)
        return Sample(done["delivered"] / done["seconds"])


@dataclass(frozen=True)
class DirectGet:
    """The rate at which messages of a stream are read by direct requests.

    ``messages`` requests by sequence, 100 under way; with a ``batch`` the whole stream once, that
    many a request.
    """

    stored: int
    messages: int = 0
    batch: int = 0

    def check(self, side: Side, effort: Effort) -> None:
        """Nothing more to see: the samples compare each message."""

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return messages per second."""
        stored = effort.count(self.stored)
        block = min(stored, 100_000)
        with running(side, JETSTREAM) as server:
            with Client(server.port) as client:
                client.create_stream(STREAM, [STREAM_SUBJECT], allow_direct=True)
            filled = {"size": _SIZE, "block": max(block, _WINDOW)}
            loadgen.run("jspub", server.port, messages=stored, window=_WINDOW, **filled)
            check_state(server.port, STREAM, stored, stored)
            if self.batch:
                how = {"batch": self.batch}
                done = loadgen.run("batch", server.port, stored=stored, **how, **filled)
            else:
                how = {"messages": effort.count(self.messages), "window": 100}
                done = loadgen.run("get", server.port, stored=stored, **how, **filled)
        return Sample(done["delivered"] / done["seconds"])


@dataclass(frozen=True)
class ObjectPut:
    """The rate, in MB/s, at which the chunks of an object are put, ``window`` of them under way."""

    chunks: int
    window: int

    def check(self, side: Side, effort: Effort) -> None:
        """Read each chunk back."""
        with running(side, JETSTREAM) as server:
            chunks = effort.count(self.chunks)
            self._put(server.port, chunks)
            with Client(server.port) as client:
                for number in range(chunks):
                    due = OBJECT_SUBJECT, loadgen.payload(number % self.window, CHUNK_BYTES)
                    if client.stored_message(OBJECTS, number + 1) != due:
                        raise HarnessError(f"chunk {number + 1} is not stored as it was published")

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return megabytes per second."""
        with running(side, JETSTREAM) as server:
            chunks = effort.count(self.chunks)
            seconds = self._put(server.port, chunks)
        return Sample(chunks * CHUNK_BYTES / seconds / 1e6)

    def _put(self, port: int, chunks: int) -> float:
        with Client(port) as client:
            client.create_stream(OBJECTS, ["$O.BENCH.C.>", "$O.BENCH.M.>"], **STORE)
        options = {"size": CHUNK_BYTES, "window": self.window, "block": self.window}
        done = loadgen.run("jspub", port, messages=chunks, object=1, **options)
        check_state(port, OBJECTS, chunks, chunks)
        return float(done["seconds"])


def create_bucket(port: int) -> None:
    """Create the bucket BENCH with a history of 1."""
    with Client(port) as client:
        client.create_stream(KV, ["$KV.BENCH.>"], **BUCKET)


def fill_bucket(port: int, keys: int, rounds: int) -> dict[str, int]:
    """Put each key so often; return the options by which loadgen knows what is there."""
    create_bucket(port)
    # The block is longer than a round, so that a key gets another value each time.
    block = max(keys * rounds, _WINDOW)
    block += -block % keys
    options = {"subjects": keys, "size": _SIZE, "block": block}
    count = keys * rounds
    loadgen.run("jspub", port, messages=count, kv=1, window=_WINDOW, **options)
    check_state(port, KV, keys, count)
    return {**options, "stored": count}


def check_state(port: int, name: str, messages: int, last_sequence: int) -> None:
    """Compare what a stream says of itself.

    Raises HarnessError naming what it says when that is something else.
    """
    with Client(port) as client:
        state = client.stream_state(name)
    if (state.get("messages"), state.get("last_seq")) != (messages, last_sequence):
        raise HarnessError(f"{name} should have {messages} up to {last_sequence}, and says {state}")
