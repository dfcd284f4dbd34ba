"""``/stacksz`` and ``/debug/vars``."""

import json
import sys
import threading

from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.process_stats import ProcessorUse, memory_bytes, processor_seconds
from headwater.monitor.server import Monitor
from tests.broker.fakes import new_node
from tests.monitor.asking import ask


def test_stacks_of_all_threads() -> None:
    leave, there = threading.Event(), threading.Event()

    def wait_here() -> None:
        there.set()
        leave.wait()

    thread = threading.Thread(target=wait_here, name="the-waiting-one")
    thread.start()
    there.wait()
    try:
        answer = ask(Monitor(About(new_node(), Options())), "/stacksz")
    finally:
        leave.set()
        thread.join()
    text = answer.body.decode()
    assert "[MainThread]" in text
    assert "[the-waiting-one]" in text
    assert "in wait_here" in text
    assert "test_stacks_of_all_threads" in text


def test_variables(monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["headwater", "server", "--pass", "s3cret"])
    answer = ask(Monitor(About(new_node(), Options())), "/debug/vars")
    assert answer.headers == (("Content-Type", "application/json; charset=utf-8"),)
    assert answer.body.startswith(b'{\n"cmdline": ["headwater"],\n"memstats": {')
    assert b"s3cret" not in answer.body
    memory = json.loads(answer.body)["memstats"]
    assert memory["Sys"] > 1_000_000
    assert memory["HeapObjects"] > 1000
    assert memory["EnableGC"] in (True, False)


def test_process_stats() -> None:
    assert 1 << 20 < memory_bytes() < 1 << 40
    assert 0 <= ProcessorUse().percent() < 10_000
    assert processor_seconds() > 0
