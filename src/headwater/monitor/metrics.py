"""``/metrics``: counters and gauges for Prometheus, without an exporter beside the server.

The library that prints them is imported, on a thread, by the first request: most servers are never
asked.  Labels are bounded: beyond ``_LABELLED_MAX`` accounts, streams or consumers the rest is only
counted, in ``headwater_metrics_omitted``.
"""

import importlib
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from headwater.base.clock import MILLISECOND, SECOND
from headwater.monitor.about import About
from headwater.monitor.accountz import account_traffic
from headwater.monitor.formats import text
from headwater.monitor.jsz import consumer_count
from headwater.monitor.process_stats import memory_bytes, processor_seconds
from headwater.monitor.steps import Steps, pause
from headwater.monitor.varz import jetstream_stats

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LIBRARY = "prometheus_client.exposition"
_IMPORT_CHECK_NS = 5 * MILLISECOND
_LABELLED_MAX = 1000
# How many samples are made and printed before others have their turn.
_SAMPLES = 100


class Samples:
    """One metric: its name, what it means, and rows of label values and a number."""

    def __init__(self, name: str, kind: str, help_text: str, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        self.kind = kind  # "counter" or "gauge"
        self.help_text = help_text
        self.labels = labels
        self.rows: list[tuple[tuple[str, ...], float]] = []

    def add(self, value: float, *labels: str) -> None:
        self.rows.append((labels, value))


def metrics(about: About) -> Generator[Any, Any, bytes]:
    """Return everything in Prometheus' text format."""
    yield from _import_library(about)
    omitted = Samples(
        "headwater_metrics_omitted", "gauge", "What is left out to bound the labels", ("kind",)
    )
    found = list(_server(about))
    found += yield from _accounts(about, omitted)
    jetstream = about.node.jetstream
    if jetstream is not None:
        streams = [
            (account.account_name, stream)
            for account in jetstream.accounts
            for _, stream in sorted(account.streams.items())
        ]
        found += _jetstream(jetstream)
        found += yield from _streams(about, streams, omitted)
        found += yield from _consumers(about, streams, omitted)
    found.append(omitted)
    parts = []
    for samples in found:
        for start in range(0, len(samples.rows) or 1, _SAMPLES):
            parts.append(_printed(samples, start))
            yield pause(about.node.timers)
    return b"".join(parts)


def _import_library(about: About) -> Steps:
    # It takes tens of milliseconds; on a thread the loop has its turns in between.
    thread = threading.Thread(target=importlib.import_module, args=(_LIBRARY,), daemon=True)
    thread.start()
    while thread.is_alive():
        yield lambda resume: about.node.timers.after(_IMPORT_CHECK_NS, lambda: resume(None))


class _Slice:
    """A registry, as far as the library needs one, of a slice of one metric."""

    def __init__(self, metric: "Metric") -> None:
        self._metric = metric

    def collect(self) -> "Iterator[Metric]":
        yield self._metric


def _printed(samples: Samples, start: int) -> bytes:
    """Return the text of the rows from ``start`` on, with a head if they are the first."""
    from prometheus_client.core import Metric  # noqa: PLC0415 (only when it is wanted)
    from prometheus_client.exposition import generate_latest  # noqa: PLC0415

    metric = Metric(samples.name, samples.help_text, samples.kind)
    suffix = "_total" if samples.kind == "counter" else ""
    for labels, value in samples.rows[start : start + _SAMPLES]:
        names = dict(zip(samples.labels, labels, strict=True))
        metric.add_sample(samples.name + suffix, names, value)
    printed = generate_latest(_Slice(metric))
    if start:
        # Two lines say what the metric is; a metric is one block, so they come only once.
        printed = printed.split(b"\n", 2)[2]
    return printed


def _single(name: str, kind: str, value: float, help_text: str) -> Samples:
    samples = Samples(f"headwater_{name}", kind, help_text)
    samples.add(value)
    return samples


def _server(about: About) -> Iterator[Samples]:
    node = about.node
    router = node.router
    info = Samples("headwater_info", "gauge", "The server", ("server_id", "server_name", "version"))
    info.add(1, node.server_id, node.name, node.own_version)
    yield info
    for name, value, help_text in (
        ("received_messages", router.in_msgs, "Messages received"),
        ("received_bytes", router.in_bytes, "Bytes of messages received"),
        ("sent_messages", router.out_msgs, "Messages sent"),
        ("sent_bytes", router.out_bytes, "Bytes of messages sent"),
        ("connections_accepted", node.total_connections, "Clients accepted since the start"),
        ("slow_consumers", router.slow_consumers, "Connections closed for not taking messages"),
        ("stale_connections", router.stale_connections, "Connections closed for not answering"),
        ("publisher_stalls", router.stalls, "Times that a publisher waited for a subscriber"),
        ("cpu_seconds", processor_seconds(), "Processor time of the process"),
    ):
        yield _single(name, "counter", value, help_text)
    uptime_s = (node.clock.now() - node.start_ns) / SECOND
    subscriptions = sum(account.interest.count for account in node.accounts)
    for name, value, help_text in (
        ("uptime_seconds", uptime_s, "Time since the start"),
        ("memory_bytes", memory_bytes(), "Memory of the process that is in RAM"),
        ("listening", int(node.listening), "Whether clients can connect"),
        ("connections", len(node.sessions), "Clients connected"),
        ("leaf_links", len(node.leaf_sessions), "Leaf links that are up"),
        ("subscriptions", subscriptions, "Subscriptions of all kinds"),
        ("closed_connections", len(node.closed), "Closed connections that /connz still shows"),
    ):
        yield _single(name, "gauge", value, help_text)


def _accounts(about: About, omitted: Samples) -> Steps:
    labels = ("account",)
    connections = Samples(
        "headwater_account_connections", "gauge", "Clients and leaf links of an account", labels
    )
    subscriptions = Samples(
        "headwater_account_subscriptions", "gauge", "Subscriptions of an account", labels
    )
    slow = Samples(
        "headwater_account_slow_consumers",
        "counter",
        "Connections of an account closed for not taking messages",
        labels,
    )
    ways = [
        Samples(f"headwater_account_{name}", "counter", help_text, labels)
        for name, help_text in (
            ("received_messages", "Messages received in an account"),
            ("received_bytes", "Bytes of messages received in an account"),
            ("sent_messages", "Messages sent in an account"),
            ("sent_bytes", "Bytes of messages sent in an account"),
        )
    ]
    traffic = yield from account_traffic(about)
    omitted.add(max(0, len(traffic) - _LABELLED_MAX), "account")
    leafs = Counter(session.account for session in about.node.leaf_sessions.values())
    for account, (clients, links) in list(traffic.items())[:_LABELLED_MAX]:
        name = text(account.name)
        connections.add(account.sessions + leafs[account], name)
        subscriptions.add(account.interest.count, name)
        slow.add(account.slow_consumers, name)
        counters = ("in_msgs", "in_bytes", "out_msgs", "out_bytes")
        for samples, counter in zip(ways, counters, strict=True):
            samples.add(getattr(clients, counter) + getattr(links, counter), name)
    return [connections, subscriptions, slow, *ways]


def _jetstream(jetstream: Any) -> list[Samples]:
    stats = jetstream_stats(jetstream)
    waits = jetstream.jobs.waits
    used = Samples(
        "headwater_jetstream_used_bytes", "gauge", "Bytes that streams take", ("storage",)
    )
    reserved = Samples(
        "headwater_jetstream_reserved_bytes",
        "gauge",
        "Bytes that streams with a limit may take",
        ("storage",),
    )
    for storage, name in (("memory", "memory"), ("file", "storage")):
        used.add(stats[name], storage)
        reserved.add(stats[f"reserved_{name}"], storage)
    written = Samples(
        "headwater_jetstream_written_bytes",
        "counter",
        "Bytes written to the files of streams",
        ("kind",),
    )
    for kind, size in jetstream.writes.bytes.items():
        written.add(size, kind)
    counters = (
        (
            "accepted_bytes",
            jetstream.writes.accepted_bytes,
            "Bytes of messages that streams on the disk took",
        ),
        ("syncs", jetstream.writes.syncs, "Times that files of streams were synced"),
        ("api_requests", stats["api"]["total"], "Requests to the JetStream API"),
        ("api_errors", stats["api"]["errors"], "Requests to the JetStream API that were refused"),
        ("disk_waits", waits.waits, "Times that work for the disk waited for a free thread"),
        ("disk_wait_seconds", waits.wait_ns / SECOND, "Time that it waited"),
    )
    return [
        used,
        reserved,
        written,
        *(_single(f"jetstream_{name}", "counter", value, text) for name, value, text in counters),
    ]


_STREAM_METRICS: tuple[tuple[str, str, str, Callable[[Any], float]], ...] = (
    ("messages", "gauge", "Messages in a stream", lambda stream: stream.store.index.messages),
    ("bytes", "gauge", "Bytes of the messages in a stream", lambda s: s.store.index.bytes),
    ("first_sequence", "gauge", "First sequence", lambda s: s.store.index.first_sequence),
    ("last_sequence", "gauge", "Last sequence", lambda s: s.store.index.last_sequence),
    ("subjects", "gauge", "Subjects that have messages", lambda s: len(s.store.index.subjects)),
    ("consumers", "gauge", "Consumers of a stream", consumer_count),
    ("written_bytes", "counter", "Bytes written to the log", lambda s: s.store.log.written_bytes),
    ("syncs", "counter", "Writes that were synced to the disk", lambda s: _syncs(s)),
)
_CONSUMER_METRICS: tuple[tuple[str, str, str, Callable[[Any], float]], ...] = (
    ("pending", "gauge", "Messages still to be delivered", lambda info: info.num_pending),
    ("ack_pending", "gauge", "Messages that wait for an ack", lambda info: info.num_ack_pending),
    ("redelivered", "gauge", "Of them, delivered again", lambda info: info.num_redelivered),
    ("waiting", "gauge", "Pull requests that wait", lambda info: info.num_waiting),
    ("delivered_sequence", "gauge", "Last delivered", lambda info: info.delivered.stream_seq),
    ("ack_floor_sequence", "gauge", "All acked up to it", lambda info: info.ack_floor.stream_seq),
)


def _syncs(stream: Any) -> int:
    return 0 if stream.store.in_memory else stream.store.log.syncs


def _streams(about: About, streams: list[tuple[str, Any]], omitted: Samples) -> Steps:
    labels = ("account", "stream", "storage")
    metrics = [
        Samples(f"headwater_jetstream_stream_{name}", kind, help_text, labels)
        for name, kind, help_text, _ in _STREAM_METRICS
    ]
    omitted.add(max(0, len(streams) - _LABELLED_MAX), "stream")
    for count, (account, stream) in enumerate(streams[:_LABELLED_MAX], 1):
        storage = "memory" if stream.store.in_memory else "file"
        for samples, (_, _, _, measure) in zip(metrics, _STREAM_METRICS, strict=True):
            samples.add(measure(stream), account, stream.name, storage)
        if not count % _SAMPLES:
            yield pause(about.node.timers)
    return metrics


def _consumers(about: About, streams: list[tuple[str, Any]], omitted: Samples) -> Steps:
    labels = ("account", "stream", "consumer")
    metrics = [
        Samples(f"headwater_jetstream_consumer_{name}", kind, help_text, labels)
        for name, kind, help_text, _ in _CONSUMER_METRICS
    ]
    count = 0
    for account, stream in streams:
        for consumer in list(stream.consumers.values()):
            count += 1
            if count > _LABELLED_MAX:
                continue
            info = consumer.info()
            for samples, (_, _, _, measure) in zip(metrics, _CONSUMER_METRICS, strict=True):
                samples.add(measure(info), account, stream.name, consumer.name)
            if not count % _SAMPLES:
                yield pause(about.node.timers)
    omitted.add(max(0, count - _LABELLED_MAX), "consumer")
    return metrics
