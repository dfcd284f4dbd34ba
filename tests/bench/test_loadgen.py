"""The load generator is compiled when it is needed, with what is there, and run."""

import importlib.util
import sys

import pytest

from bench import loadgen
from bench.errors import HarnessError
from tests.bench.fake_server import FakeServer


@pytest.mark.usefixtures("load_generator")
@pytest.mark.parametrize("wrong", [{"size": 15}, {"pubs": 0}, {"nonsense": 1}, {"check": 2}])
def test_wrong_options_are_named(wrong):
    (name, value) = next(iter(wrong.items()))
    with pytest.raises(HarnessError, match=f"wrong argument: {name}={value}"):
        loadgen.run("pubsub", 4222, **wrong)


@pytest.mark.usefixtures("load_generator")
def test_payload_is_what_the_load_generator_sends():
    seen = []

    def note(_, frame):
        seen.append(frame.split(b"\r\n")[1])
        return frame

    with FakeServer(note) as server:
        loadgen.run("pubsub", server.port, size=40, messages=30, block=30)
    assert seen == [loadgen.payload(i, 40) for i in range(30)]


def test_compiler_is_the_one_that_cc_names(monkeypatch):
    monkeypatch.setenv("CC", "my-cc -m64")
    assert loadgen.compiler() == ["my-cc", "-m64"]


def test_without_a_compiler_ziglang_is_taken(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "ziglang")
    assert loadgen.compiler() == [sys.executable, "-m", "ziglang", "cc"]


def test_without_any_compiler_the_error_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(HarnessError, match="pip install ziglang"):
        loadgen.compiler()


def test_a_compiler_that_fails_is_reported_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", f"{sys.executable} -c raise(SystemExit('no_such_target'))")
    with pytest.raises(HarnessError, match="no_such_target"):
        loadgen.executable(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("load_generator")
def test_the_second_use_does_not_compile_again(tmp_path, monkeypatch):
    first = loadgen.executable(tmp_path)
    made_ns = first.stat().st_mtime_ns
    assert loadgen.executable(tmp_path) == first
    assert first.stat().st_mtime_ns == made_ns
