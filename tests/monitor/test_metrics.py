"""``/metrics``: the text that Prometheus reads."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from headwater.config.options import Options
from headwater.monitor import metrics
from headwater.monitor.about import About
from headwater.monitor.server import Monitor
from tests.broker.fakes import Client, new_node
from tests.monitor.asking import ask
from tests.monitor.streams import World
from tests.support.wait import wait_until

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def _text(node) -> str:
    """Return the text; the import that it may have to wait for takes real time."""
    answers: list = []
    Monitor(About(node, Options())).respond("GET", "/metrics", answers.append)

    def answered() -> bool:
        node.clock.advance(10_000_000)
        node.timers.run_due()
        return bool(answers)

    wait_until(answered)
    (answer,) = answers
    assert answer.status == 200, answer.body
    assert answer.headers == (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),)
    return answer.body.decode()


def _samples(node) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(_text(node)):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in found.setdefault(sample.name, {}), sample
            found[sample.name][labels] = sample.value
    return found


def _value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"headwater_{name}"][tuple(sorted(labels.items()))]


def test_the_server() -> None:
    node = new_node()
    node.listening = True
    Client(node).say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    Client(node).leave()
    node.router.slow_consumers = 3
    found = _samples(node)
    for name, value in (
        ("received_messages_total", 1),
        ("received_bytes_total", 2),
        ("sent_messages_total", 1),
        ("sent_bytes_total", 2),
        ("connections_accepted_total", 2),
        ("slow_consumers_total", 3),
        ("stale_connections_total", 0),
        ("publisher_stalls_total", 0),
        ("connections", 1),
        ("closed_connections", 1),
        ("leaf_links", 0),
        ("subscriptions", 1),
        ("listening", 1),
    ):
        assert _value(found, name) == value, name
    assert _value(found, "memory_bytes") > 1_000_000
    assert _value(found, "cpu_seconds_total") > 0
    names = {"server_id": node.server_id, "server_name": node.name, "version": node.own_version}
    assert _value(found, "info", **names) == 1


def test_accounts() -> None:
    node = new_node()
    node.accounts.globals.slow_consumers = 2
    Client(node).say(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    client = Client(node)
    client.say(b"PUB a 3\r\nabc\r\n")
    client.leave()
    found = _samples(node)
    for name, value in (
        ("received_messages_total", 2),
        ("received_bytes_total", 5),
        ("sent_messages_total", 2),
        ("sent_bytes_total", 5),
        ("connections", 1),
        ("subscriptions", 1),
        ("slow_consumers_total", 2),
    ):
        assert _value(found, f"account_{name}", account="$G") == value, name
        assert _value(found, f"account_{name}", account="$SYS") == 0, name


def test_streams_and_consumers() -> None:
    world = World()
    world.stream("S", max_bytes=5000)
    world.stream("M", storage="memory")
    world.consumer("S", "C")
    world.publish("S.a", 3)
    world.publish("S.b", 1)
    world.client.say(b"SUB inbox 1\r\nPUB $JS.API.CONSUMER.MSG.NEXT.S.C inbox 1\r\n1\r\n")
    world.jobs.run()
    found = _samples(world.node)
    labels = {"account": "$G", "stream": "S", "storage": "file"}
    store = world.node.jetstream.accounts[0].streams["S"].store
    for name, value in (
        ("messages", 4),
        ("bytes", store.index.bytes),
        ("first_sequence", 1),
        ("last_sequence", 4),
        ("subjects", 2),
        ("consumers", 1),
        ("written_bytes_total", store.log.written_bytes),
        ("syncs_total", store.log.syncs),
    ):
        assert _value(found, f"jetstream_stream_{name}", **labels) == value, name
        assert name == "syncs_total" or value
    in_memory = {"account": "$G", "stream": "M", "storage": "memory"}
    assert _value(found, "jetstream_stream_syncs_total", **in_memory) == 0
    labels = {"account": "$G", "stream": "S", "consumer": "C"}
    for name, value in (
        ("pending", 3),
        ("ack_pending", 1),
        ("redelivered", 0),
        ("waiting", 0),
        ("delivered_sequence", 1),
        ("ack_floor_sequence", 0),
    ):
        assert _value(found, f"jetstream_consumer_{name}", **labels) == value, name
    assert _value(found, "jetstream_used_bytes", storage="file") == store.index.bytes
    assert _value(found, "jetstream_reserved_bytes", storage="file") == 5000
    assert _value(found, "jetstream_api_requests_total") == 3
    assert _value(found, "jetstream_disk_waits_total") == 0
    writes = world.node.jetstream.writes
    assert _value(found, "jetstream_accepted_bytes_total") == 4 * len("hi")
    assert _value(found, "jetstream_syncs_total") == writes.syncs > 0
    for kind, size in writes.bytes.items():
        assert _value(found, "jetstream_written_bytes_total", kind=kind) == size
    assert writes.bytes["log"] > store.log.written_bytes


def test_labels_are_bounded_and_the_rest_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(metrics, "_LABELLED_MAX", 2)
    world = World()
    for number in range(3):
        world.stream(f"S{number}", storage="memory")
        world.consumer(f"S{number}", "C")
    for number in range(2):
        world.node.accounts.get(b"A%d" % number)
    found = _samples(world.node)
    assert len(found["headwater_jetstream_stream_messages"]) == 2
    assert len(found["headwater_jetstream_consumer_pending"]) == 2
    assert len(found["headwater_account_connections"]) == 2
    for kind, count in (("stream", 1), ("consumer", 1), ("account", 2)):
        assert _value(found, "metrics_omitted", kind=kind) == count


def test_a_metric_of_many_samples_is_one_block() -> None:
    world = World()
    for number in range(250):
        world.stream(f"S{number}", storage="memory")
    lines = _text(world.node).splitlines()
    of_metric = [line for line in lines if "headwater_jetstream_stream_messages" in line]
    start = lines.index(of_metric[0])
    assert lines[start : start + 252] == of_metric
    assert of_metric[0].startswith("# HELP ")
    assert of_metric[1] == "# TYPE headwater_jetstream_stream_messages gauge"


def test_names_follow_the_conventions() -> None:
    for family in text_string_to_metric_families(_text(World().node)):
        assert family.name.startswith("headwater_")
        assert family.type in ("counter", "gauge")
        assert family.documentation


def test_odd_names_are_escaped() -> None:
    world = World()
    world.node.name = 'a"b\\c\nd'
    (labels,) = _samples(world.node)["headwater_info"]
    assert dict(labels)["server_name"] == 'a"b\\c\nd'


@pytest.mark.parametrize("module", ["prometheus_client", "headwater.monitor.metrics"])
def test_nothing_of_it_is_imported_before_it_is_asked_for(module: str) -> None:
    code = f"import sys, headwater.monitor.server; print({module!r} in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_asking_twice() -> None:
    node = new_node()
    assert ask(Monitor(About(node, Options())), "/varz").status == 200
    assert _text(node)
    assert _text(node)


def test_every_metric_is_documented() -> None:
    world = World()
    world.stream("S")
    world.consumer("S", "C")
    page = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()
    documented = re.findall(r"^\| `(headwater_\w+)` \| (\w+) \|([\w, ]*)\|", page, re.MULTILINE)
    found = []
    for family in text_string_to_metric_families(_text(world.node)):
        labels = {name for sample in family.samples for name in sample.labels}
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found.append((name, family.type, labels))
    told = [
        (name, kind, set(labels.strip().split(", ")) - {""}) for name, kind, labels in documented
    ]
    assert sorted(told, key=str) == sorted(found, key=str)
