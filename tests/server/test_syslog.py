"""The log sent to a syslog."""

import os
import re
import socket
from pathlib import Path

import pytest

from headwater.config.options import LogOptions
from headwater.server import syslog
from headwater.server.syslog import SyslogSink
from tests.server.processes import LOCAL, ServerProcess
from tests.support.wait import wait_until

HEAD = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d) \S+ headwater\[%d\]: " % os.getpid()


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        yield listener


def url_of(listener: socket.socket, scheme: str) -> str:
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("level", "priority"),
    [("FTL", 2), ("ERR", 3), ("WRN", 4), ("INF", 5), ("DBG", 7), ("TRC", 5)],
)
def test_lines_to_another_machine(udp, level, priority):
    sink = SyslogSink(LogOptions(remote_syslog=url_of(udp, "udp")))
    sink(level, "hello \u00e9")
    line = udp.recv(65536)
    sink.close()
    assert re.fullmatch(rb"<%d>%shello \xc3\xa9\n" % (priority, HEAD), line)
    assert not sink.to_file


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_lines_to_this_machine(kind, tmp_path, monkeypatch):
    path = str(tmp_path / "log")
    monkeypatch.setattr(syslog, "LOCAL_PATHS", (str(tmp_path / "none"), path))
    with socket.socket(socket.AF_UNIX, kind) as listener:
        listener.bind(path)
        listener.settimeout(10)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        sink = SyslogSink(LogOptions(syslog=True))
        receiver = listener
        if kind == socket.SOCK_STREAM:
            receiver, _ = listener.accept()
            receiver.settimeout(10)
        sink("ERR", "hello")
        line = receiver.recv(65536)
        sink.close()
        receiver.close()
    pattern = rb"<27>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d headwater\[%d\]: hello\n" % os.getpid()
    assert re.fullmatch(pattern, line)


def test_a_stream_is_connected_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        sink = SyslogSink(LogOptions(remote_syslog=url_of(listener, "tcp")))
        first, _ = listener.accept()
        sink("INF", "one")
        first.settimeout(10)
        assert first.recv(65536).endswith(b"one\n")
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        first.close()
        second = None
        for number in range(1000):
            sink("INF", f"line {number}")
            listener.settimeout(0.01)
            try:
                second, _ = listener.accept()
            except TimeoutError:
                continue
            break
        assert second is not None
        second.settimeout(10)
        assert b"line " in second.recv(65536)
        sink.close()
        second.close()


def test_what_is_not_taken_is_dropped_and_said(udp, monkeypatch):
    monkeypatch.setattr(syslog, "_LINES_MAX", 4)
    sink = SyslogSink(LogOptions(remote_syslog=url_of(udp, "udp")))
    with sink._changed:  # nothing is sent meanwhile
        for number in range(10):
            sink("INF", f"line {number}")
    texts = [udp.recv(65536).partition(b"]: ")[2] for _ in range(5)]
    sink.close()
    assert sorted(texts) == sorted(
        [b"line 0\n", b"line 1\n", b"line 2\n", b"line 3\n", b"6 lines of the log were lost\n"]
    )


def test_long_lines_are_cut(udp):
    sink = SyslogSink(LogOptions(remote_syslog=url_of(udp, "udp")))
    sink("INF", "x" * 20_000)
    line = udp.recv(65536)
    sink.close()
    assert len(line) == syslog._LINE_BYTES_MAX + 1


@pytest.mark.parametrize(
    "url", ["x", "foo://h:1", "udp://h", "tcp://:1", "tcp://h:x", "unix:/none/log"]
)
def test_what_is_no_syslog(url):
    with pytest.raises(OSError, match=r"expected|address|listens|cast"):
        SyslogSink(LogOptions(remote_syslog=url))


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = url_of(listener, "tcp")
    with pytest.raises(ConnectionRefusedError):
        SyslogSink(LogOptions(remote_syslog=url))


def test_a_server_logs_there(udp, tmp_path: Path):
    with ServerProcess(tmp_path, *LOCAL, "-r", url_of(udp, "udp"), "-D") as server:
        lines = []
        while not lines or b"Server is ready" not in lines[-1]:
            lines.append(udp.recv(65536))
        server.process.terminate()
        assert server.wait() == 0
        assert server.log() == ""
    assert all(b" headwater[%d]: " % server.pid in line for line in lines)


def test_a_server_without_its_syslog_does_not_start(tmp_path: Path):
    with ServerProcess(tmp_path, *LOCAL, "-r", "tcp://127.0.0.1:1") as server:
        assert server.wait() == 1
        assert server.log().startswith('headwater: error connecting to syslog: "')


def test_a_file_comes_first(tmp_path: Path):
    path = tmp_path / "server.log"
    with ServerProcess(tmp_path, *LOCAL, "-s", "-l", str(path)) as server:
        wait_until(lambda: path.exists() and "Server is ready" in path.read_text(), what="the log")
        server.process.terminate()
        assert server.wait() == 0
