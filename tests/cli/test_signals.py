"""Signals to servers that run already."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headwater.cli import signals
from headwater.cli.main import main
from headwater.cli.signals import SignalError, running_servers, send
from tests.support.wait import wait_until


def processes(folder: Path, *lines: list[str]) -> Path:
    """Make a list of processes as the system's; their ids count from 101."""
    for number, words in enumerate(lines, 101):
        path = folder / str(number)
        path.mkdir(parents=True)
        (path / "cmdline").write_bytes("".join(f"{word}\0" for word in words).encode())
    (folder / "self").mkdir(exist_ok=True)
    (folder / "100").mkdir(exist_ok=True)  # one that has ended meanwhile
    return folder


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/usr/bin/python3 -m headwater server -p 1", True),
        ("/usr/bin/python3 /opt/bin/headwater server", True),
        ("headwater server", True),
        ("python -m headwater server -sl reload", False),
        ("python -m headwater server --signal=ldm=5", False),
        ("python -m headwater demo", False),
        ("vi headwater", False),
        ("headwater", False),
        ("python -m headwater.server.child", False),
        ("nats-server", False),
        ("", False),
    ],
)
def test_what_is_a_server(line, found, tmp_path):
    folder = processes(tmp_path, line.split(" "))
    assert running_servers(folder) == ([101] if found else [])


def test_a_running_server_is_found(tmp_path):
    program = "import sys; sys.stdin.read()"
    line = [sys.executable, "-c", program, "headwater", "server"]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as process:
        wait_until(lambda: process.pid in running_servers(), what="a line of the process")
        assert process.pid in running_servers(tmp_path / "none")  # by ps
        process.communicate(b"")


@pytest.fixture
def sent(monkeypatch):
    """What is sent: (process id, name of the signal); process 13 does not exist."""
    found = []

    def kill(pid, number):
        if pid == 13:
            raise ProcessLookupError(3, "No such process")
        found.append((pid, signal.Signals(number).name))

    monkeypatch.setattr(os, "kill", kill)
    return found


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("ldm", "SIGUSR2"),
        ("quit", "SIGINT"),
        ("reload", "SIGHUP"),
        ("reopen", "SIGUSR1"),
        ("stop", "SIGKILL"),
        ("term", "SIGTERM"),
    ],
)
def test_names(name, number, sent):
    send(name, "", lambda: [7])
    assert sent == [(7, number)]


@pytest.mark.parametrize(
    ("target", "running", "pids"),
    [
        ("", [7], [7]),
        ("*", [7], [7]),
        ("*", [7, 8], [7, 8]),
        ("12*", [120, 13, 121], [120, 121]),
        ("9*", [120], []),
        ("120", [], [120]),
    ],
)
def test_targets(target, running, pids, sent):
    send("reload", target, lambda: running)
    assert [pid for pid, _ in sent] == pids


def test_a_pid_file(tmp_path, sent):
    path = tmp_path / "server.pid"
    path.write_text("120\n")
    send("reload", str(path), list)
    assert sent == [(120, "SIGHUP")]


@pytest.mark.parametrize(
    ("target", "running", "text"),
    [
        ("", [], "no headwater server processes running"),
        ("*", [], "no headwater server processes running"),
        ("", [7, 8], "multiple headwater server processes running:\n7\n8"),
        ("13", [], 'signal "ldm" 13: no such process'),
        ("0", [], "invalid pid: 0"),
        ("-1", [], "invalid pid: -1"),
        ("abc", [], "invalid pid: abc"),
        (" 7", [], "invalid pid:  7"),
        ("9*9*", [7], "invalid pid: 9*9*"),
        ("9" * 30, [], "invalid pid: " + "9" * 30),
        ("/none/server.pid", [], "invalid pid: /none/server.pid"),
    ],
)
def test_what_cannot_be_signalled(target, running, text, sent):
    with pytest.raises(SignalError) as raised:
        send("ldm", target, lambda: running)
    assert str(raised.value) == text
    assert sent == []


def test_one_that_fails_does_not_keep_others_from_it(sent):
    with pytest.raises(SignalError, match='signal "term" 13: no such process'):
        send("term", "*", lambda: [12, 13, 14])
    assert [pid for pid, _ in sent] == [12, 14]


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("ldm", "no headwater server processes running"),
        ("ldm=13", 'signal "ldm" 13: no such process'),
        ("ldm=x", "invalid pid: x"),
        ("foo=1", 'unknown signal "foo"; one of ldm, quit, reload, reopen, stop, term'),
    ],
)
def test_errors_lead_to_exit_code_1(argument, text, sent, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(signals, "running_servers", lambda: running_servers(processes(tmp_path)))
    assert main(["server", "-sl", argument]) == 1
    assert capsys.readouterr().err == f"headwater: {text}\n"


@pytest.mark.hub
@pytest.mark.parametrize("target", ["999999999", "abc", "/none/server.pid", "1.5"])
def test_nats_server_says_the_same(target, nats_server_path):
    line = [str(nats_server_path), "-sl", f"reload={target}"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    theirs = done.stderr.removeprefix("nats-server: ").strip()
    with pytest.raises(SignalError) as raised:
        send("reload", target, list)
    assert str(raised.value) == theirs
    assert done.returncode == 1
