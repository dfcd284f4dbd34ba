"""The rows of the benchmark: what is measured, in which unit, and the bar."""

from dataclasses import dataclass

from bench.consumer_measures import Consume, PublishAndConsume
from bench.errors import HarnessError
from bench.measures import (
    CpuPerMessage,
    IdleConnections,
    Latency,
    Measure,
    Memory,
    PubSub,
    Requests,
    StartTime,
)
from bench.read_measures import DirectGet, KvGet, KvPut, KvWatch, ObjectPut
from bench.stream_measures import (
    DiskBytes,
    JetStreamPublish,
    Load,
    Purge,
    Recovery,
    StreamMemory,
)

_MILLION = 1_000_000

_PERMISSIONS = """
no_auth_user: pub
authorization { users: [
  { user: pub, password: bench, permissions: { publish: { allow: ["bench.>", "other.*"] } } }
  { user: sub, password: bench, permissions: {
      subscribe: { allow: ["bench.>", "other.*"], deny: ["bench.secret.>"] } } }
] }
"""
_IMPORT = """
no_auth_user: pub
accounts {
  A { users: [ { user: pub, password: bench } ], exports: [ { stream: "bench.>" } ] }
  B {
    users: [ { user: sub, password: bench } ]
    imports: [ { stream: { account: A, subject: "bench.>" } } ]
  }
}
"""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    ``bar`` is the least ratio that is good enough, ``most`` the most that ours may be; a row with
    neither is reported only.  ``more_is_better`` is false for times and memory, whose ratio is
    theirs to ours.
    """

    name: str
    what: str
    unit: str
    measure: Measure
    bar: float | None = None
    more_is_better: bool = True
    most: float | None = None

    def verdict(self, ours: float, ratio: float) -> bool | None:
        """Tell whether the figures are good enough; None where there is no bar."""
        if self.most is not None:
            return ours <= self.most
        return None if self.bar is None else ratio >= self.bar

    def bar_text(self) -> str:
        """Return the bar for people to read."""
        if self.most is not None:
            return f"≤ {self.most:g} {self.unit}"
        return "reported" if self.bar is None else f"≥ {self.bar:g}"

    def ratio(self, ours: float, theirs: float) -> float:
        """Return how many times better ours is."""
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        if worse <= 0:
            raise HarnessError(f"{self.name}: a sample of {worse:g} {self.unit} tells nothing")
        return better / worse


def _rate(name: str, what: str, measure: Measure, bar: float) -> Row:
    return Row(name, what, "msgs/s", measure, bar)


def _cost(
    name: str,
    what: str,
    unit: str,
    measure: Measure,
    *,
    bar: float | None = None,
    most: float | None = None,
) -> Row:
    return Row(name, what, unit, measure, bar, more_is_better=False, most=most)


_ALL = (
    _rate("core.pub_16", "1 publisher, no subscriber, 16 B", PubSub(10_000_000, 16, subs=0), 1.5),
    _rate("core.1to1_16", "1 publisher, 1 subscriber, 16 B", PubSub(4_000_000, 16), 2),
    _rate("core.1to1_128", "1 publisher, 1 subscriber, 128 B", PubSub(3_000_000, 128), 2),
    _rate(
        "core.1to1_128_perms",
        "1 publisher, 1 subscriber, 128 B, both with permissions",
        PubSub(3_000_000, 128, accounts=_PERMISSIONS),
        2,
    ),
    _rate(
        "core.1to1_128_import",
        "1 publisher, 1 subscriber that imports its messages from another account, 128 B",
        PubSub(3_000_000, 128, accounts=_IMPORT),
        2,
    ),
    _rate(
        "core.4to4_128",
        "4 publishers, 4 subscribers that each get all, 128 B, deliveries",
        PubSub(400_000, 128, pubs=4, subs=4),
        2,
    ),
    _rate(
        "core.unique_subjects_16",
        "1 publisher on 1 M subjects, 1 wildcard subscriber, 16 B",
        PubSub(2_000_000, 16, subjects=1_000_000),
        1,
    ),
    _rate("core.1to1_8k", "1 publisher, 1 subscriber, 8 KB", PubSub(300_000, 8192), 0.9),
    _rate("core.1to1_64k", "1 publisher, 1 subscriber, 64 KB", PubSub(40_000, 65_536), 0.9),
    _rate(
        "core.fanout_1to100_128",
        "1 publisher, 100 subscribers that each get all, 128 B, deliveries",
        PubSub(60_000, 128, subs=100),
        1.1,
    ),
    _rate(
        "core.queue_4_128",
        "4 publishers, a queue group of 4, 128 B",
        PubSub(500_000, 128, pubs=4, subs=4, queue=True),
        2,
    ),
    _rate(
        "core.request_reply",
        "requests answered by a second connection, 100 under way, 16 B",
        Requests(500_000, 16, window=100),
        1,
    ),
    _rate(
        "core.subs_100k_128",
        "1 publisher on 10,000 subjects, 100,000 subscriptions, half with a wildcard, deliveries",
        PubSub(1_000_000, 128, subjects=10_000, interests=100_000),
        1.5,
    ),
    _rate(
        "core.tls_1to1_128",
        "1 publisher, 1 subscriber, 128 B, both through TLS",
        PubSub(2_000_000, 128, tls=True),
        0.7,
    ),
    _cost(
        "core.latency_p50",
        "request and reply between two connections, 16 B: the median",
        "µs",
        Latency(20_000, 16),
        bar=0.9,
    ),
    _cost(
        "core.latency_p99",
        "the same: the 99th percentile",
        "µs",
        Latency(20_000, 16, figure="p99"),
    ),
    _rate(
        "js.pub_async_128",
        "1 publisher, window 1000, 128 B; theirs syncs every two minutes",
        JetStreamPublish(Load(_MILLION)),
        1.5,
    ),
    _rate(
        "js.pub_async_128_always",
        "1 publisher, window 1000, 128 B; theirs with sync_interval: always",
        JetStreamPublish(Load(_MILLION), their_messages=10_000, their_sync_always=True),
        80,
    ),
    _rate(
        "js.pub_sync_128_always",
        "1 publisher, one message at a time, 128 B; theirs with sync_interval: always",
        JetStreamPublish(Load(5_000, window=1), their_sync_always=True),
        1,
    ),
    _rate(
        "js.pub_mem_128",
        "1 publisher, window 1000, 128 B, a stream in memory",
        JetStreamPublish(Load(_MILLION, storage="memory")),
        1.5,
    ),
    _rate(
        "js.pub_1k_subjects_128",
        "1 publisher on 1,000 subjects of one stream, window 1000, 128 B",
        JetStreamPublish(Load(_MILLION, subjects=1_000)),
        1.5,
    ),
    _rate(
        "js.pub_4k",
        "1 publisher, window 1000, 4 KB",
        JetStreamPublish(Load(100_000, size=4096)),
        1,
    ),
    _rate(
        "js.pub_200_streams_128",
        "1 publisher to 200 streams in turn, window 1000, 128 B",
        JetStreamPublish(Load(400_000, streams=200)),
        1,
    ),
    _cost(
        "js.recover_1m",
        "process start after a kill until the answer to STREAM.INFO, 1 M messages of 128 B",
        "ms",
        Recovery(_MILLION),
        bar=1,
    ),
    _cost(
        "js.purge_1m",
        "purge of a stream of 1 M messages of 128 B",
        "ms",
        Purge(_MILLION),
        bar=0.5,
    ),
    _cost(
        "js.bytes_on_disk_1m_128",
        "size of the store with 1 M messages of 128 B",
        "MB",
        DiskBytes(_MILLION),
        bar=1,
    ),
    _cost(
        "js.rss_after_1m",
        "resident memory after 1 M messages of 128 B to a stream",
        "MB",
        StreamMemory(_MILLION),
        most=80,
    ),
    _cost(
        "js.rss_above_idle_1m",
        "the same less what was resident before",
        "MB",
        StreamMemory(_MILLION, growth=True),
        most=30,
    ),
    _rate(
        "js.direct_get",
        "direct requests by sequence to a stream of 100,000, 100 under way, 128 B",
        DirectGet(100_000, messages=300_000),
        1.5,
    ),
    _rate(
        "js.batch_get",
        "a stream of 500,000 read by direct requests for 1,000 at a time, 128 B",
        DirectGet(500_000, batch=1_000),
        1.5,
    ),
    _rate(
        "js.kv_put",
        "1 client puts 1,000 keys of a bucket in turn, window 1000, 128 B; theirs does not sync",
        KvPut(500_000, keys=1_000),
        1.2,
    ),
    _rate(
        "js.kv_get",
        "1 client gets 10,000 keys of a bucket, 100 requests under way, 128 B",
        KvGet(300_000, keys=10_000),
        1.5,
    ),
    _rate(
        "js.kv_watch",
        "a new watcher of a bucket of 200,000 keys gets them all, 128 B",
        KvWatch(200_000),
        1.5,
    ),
    Row(
        "js.object_put_64m",
        "an object of 64 MB in 512 chunks of 128 KB, 64 under way; theirs does not sync",
        "MB/s",
        ObjectPut(512, window=64),
        1,
    ),
    _rate(
        "js.consume_pull_128",
        "1 client pulls in batches of 500 and acknowledges each message, 128 B",
        Consume(500_000, batch=500),
        2,
    ),
    _rate(
        "js.consume_push_128",
        "1 client of a push consumer with flow control, without acknowledgements, 128 B",
        Consume(_MILLION),
        2,
    ),
    _rate(
        "js.fetch_1",
        "1 client asks for one message, acknowledges it, and asks for the next, 128 B",
        Consume(20_000, batch=1, ahead=1),
        1,
    ),
    _rate(
        "js.workqueue_4x4_128",
        "4 publishers to a work queue, 4 clients pull and acknowledge meanwhile, 128 B",
        PublishAndConsume(200_000, publishers=4, clients=4),
        1.5,
    ),
    _rate(
        "js.consumers_1k",
        "1 publisher while 1,000 consumers have a subject each, 10 of them pulling, 128 B",
        PublishAndConsume(200_000, publishers=1, clients=10, consumers=1_000),
        1,
    ),
    _cost("ops.start_ms", "process start until INFO and PONG", "ms", StartTime(), most=200),
    _cost("ops.idle_rss", "resident memory after the start", "MB", Memory(0), most=40),
    _cost("ops.rss_after_1m", "resident memory after 1 M messages", "MB", Memory(1_000_000)),
    _cost(
        "ops.conns_5k_rss",
        "resident memory with 5,000 idle connections",
        "MB",
        IdleConnections(5_000),
        bar=1,
    ),
    _cost(
        "ops.cpu_per_msg",
        "CPU time per message at 20,000 messages/s, 1 to 1, 128 B",
        "µs",
        CpuPerMessage(128),
    ),
)
ROWS = {row.name: row for row in _ALL}


def select(names: list[str]) -> list[Row]:
    """Return the rows of these names, in the order asked for; all of them for no names."""
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise HarnessError(f"no such row: {', '.join(unknown)}; there are: {', '.join(ROWS)}")
    return [ROWS[name] for name in dict.fromkeys(names)] or list(_ALL)
