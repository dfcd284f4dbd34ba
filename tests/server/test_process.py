"""A server as a process: log lines, files, signals, exit codes."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.processes import LOCAL, ServerProcess
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

_LINE = re.compile(
    r"\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} \[(INF|WRN|ERR|DBG|TRC|FTL)\] .*"
)


def test_lines_that_tools_wait_for(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL, "-n", "edge-1") as server:
        port = server.wait_ready()
        log = server.log()
        assert all(_LINE.fullmatch(line) for line in log.splitlines()), log
        assert f"[{server.pid}] " in log
        assert f"[INF] Listening for client connections on 127.0.0.1:{port}\n" in log
        assert "Name:     edge-1" in log
        with RawClient(port) as client:
            assert client.info["server_name"] == "edge-1"
            assert client.info["port"] == port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: int) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server:
        port = server.wait_ready()
        with RawClient(port) as client:
            client.connect()
            server.signal(number)
            assert client.read_to_end() == b""
        assert server.wait() == 0
        assert "[INF] Server Exiting..\n" in server.log()


def test_a_signal_right_after_the_start_is_not_lost(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server:
        server.wait_log("Starting headwater")
        server.signal(signal.SIGTERM)
        assert server.wait() in (0, -signal.SIGTERM)


def test_what_was_sent_arrives_before_a_stop(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server, RawClient(server.wait_ready()) as client:
        client.connect()
        client.send(b"SUB a 1\r\n")
        client.flush()
        payload = bytes(100_000)
        client.send(b"PUB a 100000\r\n" + payload + b"\r\nPING\r\n")
        client.read_until(b"MSG a 1 100000\r\n")
        server.signal(signal.SIGTERM)
        assert client.read_to_end().startswith(payload + b"\r\nPONG\r\n")


def test_pid_file_and_ports_file(tmp_path: Path) -> None:
    pid_file = tmp_path / "server.pid"
    flags = ("-P", str(pid_file), "--ports_file_dir", str(tmp_path), "-m", "-1")
    with ServerProcess(tmp_path, *LOCAL, *flags) as server:
        port = server.wait_ready()
        assert pid_file.read_text() == str(server.pid)
        ports_file = tmp_path / f"nats-server_{server.pid}.ports"
        urls = wait_until(lambda: ports_file.exists() and json.loads(ports_file.read_text()))
        assert urls["nats"] == [f"nats://127.0.0.1:{port}"]
        assert urls["monitoring"][0].startswith("http://127.0.0.1:")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert not ports_file.exists()


@pytest.mark.parametrize("flag", ["-p", "-m"])
def test_a_taken_port_is_fatal(tmp_path: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with ServerProcess(tmp_path, *LOCAL, flag, port) as server:
            assert server.wait() == 1
            fatal = [line for line in server.log().splitlines() if "[FTL]" in line]
            assert len(fatal) == 1
            assert port in fatal[0]
            assert "address already in use" in fatal[0]


def test_a_pid_file_that_cannot_be_written_is_fatal(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL, "-P", str(tmp_path / "none" / "pid")) as server:
        assert server.wait() == 1
        assert "[FTL] Could not write pidfile" in server.log()


def test_a_log_file_that_cannot_be_opened_is_told_on_stderr(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL, "-l", str(tmp_path / "none" / "log")) as server:
        assert server.wait() == 1
        assert "logfile" in server.log()


def test_log_file_is_opened_anew_on_usr1(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with ServerProcess(tmp_path, *LOCAL, "-l", str(path)) as server:
        wait_until(lambda: path.exists() and "Server is ready" in path.read_text())
        moved = tmp_path / "moved.log"
        path.rename(moved)
        server.signal(signal.SIGUSR1)
        wait_until(lambda: path.exists() and "re-opened" in path.read_text())
        assert "Server is ready" in moved.read_text()
        assert server.log() == ""


def test_usr1_and_hup_without_files_change_nothing(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server:
        port = server.wait_ready()
        server.signal(signal.SIGUSR1)
        server.wait_log("not a file logger")
        server.signal(signal.SIGHUP)
        server.wait_log("[ERR] Failed to reload")
        with RawClient(port) as client:
            client.connect()


def test_lame_duck_tells_clients_and_then_leaves(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server:
        port = server.wait_ready()
        with RawClient(port) as told, RawClient(port) as old:
            told.connect(protocol=1)
            told.read_match(rb"INFO .*connect_info.*\r\n")
            old.connect(protocol=0)
            server.signal(signal.SIGUSR2)
            assert told.read_info()["ldm"] is True
            assert old.flush() == b""
            server.signal(signal.SIGTERM)  # ignored: it is stopping already
            assert told.flush() == b""
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", port), timeout=5)
        # Nobody is left to wait for.
        assert server.wait() == 0


def test_a_lame_duck_is_not_well(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL, "-m", "-1") as server:
        port = server.wait_ready()
        monitor = int(re.search(r"http monitor on 127.0.0.1:(\d+)", server.log())[1])

        def health() -> int:
            connection = http.client.HTTPConnection("127.0.0.1", monitor, timeout=10)
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
            connection.close()
            return status

        with RawClient(port) as client:
            client.connect(protocol=1)
            assert health() == 200
            server.signal(signal.SIGUSR2)
            client.read_match(rb'"ldm":true')
            assert health() == 500
        assert server.wait() == 0


def test_lame_duck_is_hurried_by_an_interrupt(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server, RawClient(server.wait_ready()) as client:
        client.connect()
        server.signal(signal.SIGUSR2)
        server.wait_log("lame duck")
        server.signal(signal.SIGINT)
        client.read_to_end()
        assert server.wait() == 0


def test_it_stops_when_the_pipe_of_its_parent_closes(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "headwater", "server", *LOCAL],
        env={**os.environ, "HEADWATER_PARENT_FD": str(reading)},
        stderr=subprocess.PIPE,
        pass_fds=(reading,),
    )
    os.close(reading)
    assert process.stderr is not None
    try:
        while b"Server is ready" not in process.stderr.readline():
            pass
        os.close(writing)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("folder", "said"),
    [("file", "storage directory is not a directory"), ("file/under", "storage directory")],
)
def test_a_store_that_cannot_be_there_is_told(tmp_path: Path, folder: str, said: str) -> None:
    (tmp_path / "file").touch()
    with ServerProcess(tmp_path, *LOCAL, "-js", "-sd", str(tmp_path / folder)) as process:
        assert process.wait() == 1
        assert f"[FTL] Can't start JetStream: {said}" in process.log()


def test_second_server_on_one_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    store = ("-js", "-sd", str(tmp_path / "store"))
    with ServerProcess(tmp_path / "one", *LOCAL, *store) as first:
        first.wait_ready()
        with ServerProcess(tmp_path / "two", *LOCAL, *store) as second:
            assert second.wait() == 1
            assert "[FTL] Can't start JetStream" in second.log()
            assert "another server" in second.log()
