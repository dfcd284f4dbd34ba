"""``headwater.Server``: both forms, and what goes wrong."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import nats
import pytest

import headwater
from headwater.base.errors import ConfigError
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

both_forms = pytest.mark.parametrize("in_process", [False, True], ids=["child", "in-process"])


def _port(server: headwater.Server) -> int:
    return int(server.client_url.rpartition(":")[2])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended is there until its parent has asked for its exit code.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@both_forms
def test_clients_connect_until_it_is_left(in_process: bool) -> None:
    with headwater.Server(in_process=in_process, name="emb") as server:
        port = _port(server)
        with RawClient(port) as client:
            client.connect()
            assert client.info["server_name"] == "emb"
        assert (server.pid is None) == in_process
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert "Server Exiting" in server.log_tail()
    with pytest.raises(headwater.StartError, match="does not run"):
        assert server.client_url


@both_forms
def test_async_with_lets_the_loop_run_meanwhile(in_process: bool) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main() -> None:
        counting = asyncio.create_task(count())
        async with headwater.Server(in_process=in_process) as server:
            assert turns > 10
            client = await nats.connect(server.client_url)
            await client.flush()
            await client.close()
        counting.cancel()
        with pytest.raises(headwater.StartError, match="does not run"):
            assert server.client_url

    asyncio.run(main())


def test_nothing_is_left_of_a_server_that_has_stopped(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    def run() -> None:
        with headwater.Server(in_process=True, monitor=True, store_dir=tmp_path) as server:
            with RawClient(_port(server)) as client:
                client.connect()
                body = b'{"name":"S","subjects":["s"]}'
                client.send(b"SUB r 1\r\nPUB $JS.API.STREAM.CREATE.S r %d\r\n" % len(body))
                client.send(body + b"\r\n")
                wait_until(lambda: b"did_create" in client.flush(), what="the stream")
                client.send(b"PUB s r 1\r\nx\r\n")
                wait_until(lambda: b'"seq":1' in client.flush(), what="the message stored")
            with urllib.request.urlopen(server.monitor_url + "/varz", timeout=10) as answer:
                answer.read()

    run()  # what the interpreter keeps for good is there now
    threads, files = set(threading.enumerate()), descriptors()
    shutil.rmtree(tmp_path / "headwater")
    run()
    assert set(threading.enumerate()) == threads
    assert descriptors() == files


@both_forms
def test_monitoring_is_there_when_wanted(in_process: bool) -> None:
    with headwater.Server(in_process=in_process, monitor=True) as server:  # noqa: SIM117
        with urllib.request.urlopen(server.monitor_url + "/healthz", timeout=10) as answer:
            assert answer.read() == b'{"status":"ok"}'
    with headwater.Server(in_process=in_process) as server:  # noqa: SIM117
        with pytest.raises(headwater.StartError, match="no monitoring port"):
            assert server.monitor_url


@both_forms
def test_a_configuration_as_text(in_process: bool) -> None:
    config = "port: -1\nhost: 127.0.0.1\nmax_payload: 77\nserver_name: from-text\n"
    with headwater.Server(config, in_process=in_process) as server, RawClient(_port(server)) as c:
        assert c.info["max_payload"] == 77
        assert c.info["server_name"] == "from-text"


@both_forms
def test_a_configuration_as_file_and_arguments_over_it(in_process: bool, tmp_path: Path) -> None:
    path = tmp_path / "some.conf"
    path.write_text("port: 1\nhost: 127.0.0.1\nmax_payload: 78\nserver_name: other\n")
    for config in (path, str(path)):
        with headwater.Server(config, port=0, name="yes", in_process=in_process) as server:  # noqa: SIM117
            with RawClient(_port(server)) as client:
                assert client.info["max_payload"] == 78
                assert client.info["server_name"] == "yes"


@both_forms
@pytest.mark.parametrize(
    ("arguments", "right", "wrong"),
    [
        (
            {"user": "u", "password": 'p"w'},
            {"user": "u", "pass": 'p"w'},
            {"user": "u", "pass": "x"},
        ),
        ({"token": "t"}, {"auth_token": "t"}, {"auth_token": "x"}),
    ],
)
def test_users_and_tokens(in_process: bool, arguments: dict, right: dict, wrong: dict) -> None:
    with headwater.Server(in_process=in_process, **arguments) as server:
        with RawClient(_port(server)) as client:
            client.connect(**right)
        with RawClient(_port(server)) as client, pytest.raises(AssertionError, match="Violation"):
            client.connect(**wrong)


def test_a_server_that_listens_everywhere_has_a_url_to_connect_to() -> None:
    with headwater.Server(host="0.0.0.0", in_process=True) as server:
        assert server.client_url.startswith("nats://127.0.0.1:")
        with RawClient(_port(server)) as client:
            client.connect()


def test_secrets_are_not_on_the_command_line() -> None:
    with headwater.Server(user="u", password="s3cret") as server:
        assert "s3cret" not in Path(f"/proc/{server.pid}/cmdline").read_text()


@both_forms
def test_a_taken_port(in_process: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = headwater.Server(port=taken.getsockname()[1], in_process=in_process)
        with pytest.raises(headwater.StartError, match="address already in use"):
            server.start()
    server.stop()  # there is nothing to stop, and nothing happens


def test_a_bad_configuration_says_where() -> None:
    with pytest.raises(headwater.StartError, match=r"server\.conf:2:\d+:"):
        headwater.Server("port: -1\nnonsense: 1\n").start()
    with pytest.raises((headwater.StartError, ConfigError), match=r":2:\d+:"):
        headwater.Server("port: -1\nnonsense: 1\n", in_process=True).start()


def test_contradicting_arguments() -> None:
    with pytest.raises(ConfigError, match="in the configuration"):
        headwater.Server("port: -1", user="u")


@both_forms
def test_started_twice(in_process: bool) -> None:
    with headwater.Server(in_process=in_process) as server:
        with pytest.raises(headwater.StartError, match="already"):
            server.start()
        with RawClient(_port(server)) as client:
            client.connect()


@both_forms
def test_it_can_be_started_again(in_process: bool) -> None:
    server = headwater.Server(in_process=in_process)
    for _ in range(2):
        with server, RawClient(_port(server)) as client:
            client.connect()


def test_kill_ends_the_process_at_once() -> None:
    server = headwater.Server().start()
    pid = server.pid
    assert pid is not None
    server.kill()
    assert not _alive(pid)
    assert server.pid is None
    assert "Server Exiting" not in server.log_tail()


def test_a_crash_of_the_child_is_seen() -> None:
    with headwater.Server() as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: server.pid is None, what="the end of the process")


@pytest.mark.parametrize("ending", ["os._exit(1)", "os.kill(os.getpid(), 9)", "sys.exit()"])
def test_the_child_ends_with_its_parent(ending: str) -> None:
    program = (
        "import headwater, os, sys\n"
        "server = headwater.Server().start()\n"
        f"print(server.pid, flush=True)\n{ending}\n"
    )
    line = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, check=False
    ).stdout
    wait_until(lambda: not _alive(int(line)), what="the end of the server")


def test_many_servers_side_by_side() -> None:
    servers = [headwater.Server(in_process=True).start() for _ in range(3)]
    try:
        assert len({_port(server) for server in servers}) == 3
        with RawClient(_port(servers[0])) as one, RawClient(_port(servers[1])) as other:
            one.connect()
            other.connect()
            one.send(b"SUB a 1\r\n")
            one.flush()
            other.send(b"PUB a 1\r\nx\r\n")
            other.flush()
            assert one.flush() == b""
    finally:
        for server in servers:
            server.stop()


_WITH_LIMIT = "port: -1\nhost: 127.0.0.1\nmax_payload: {}\n"


@both_forms
def test_another_configuration_while_it_runs(in_process: bool) -> None:
    with headwater.Server(_WITH_LIMIT.format(77), in_process=in_process) as server:
        with RawClient(_port(server)) as staying:
            staying.connect()
            server.reload(_WITH_LIMIT.format(5))
            staying.send(b"PUB a 6\r\n123456\r\n")
            assert b"Maximum Payload Violation" in staying.read_to_end()
        for wrong in ("max_payload: [", _WITH_LIMIT.format(6) + "server_name: other\n"):
            with pytest.raises(headwater.ReloadError, match=r":1:14: |ServerName"):
                server.reload(wrong)
        server.reload()
        with RawClient(_port(server)) as client:
            assert client.info["max_payload"] == 5


@both_forms
def test_another_configuration_in_a_file(tmp_path: Path, in_process: bool) -> None:
    path = tmp_path / "server.conf"
    path.write_text(_WITH_LIMIT.format(77))
    with headwater.Server(path, in_process=in_process) as server:
        path.write_text(_WITH_LIMIT.format(78))
        server.reload()
        with RawClient(_port(server)) as client:
            assert client.info["max_payload"] == 78
        with pytest.raises(headwater.ReloadError, match="not a text"):
            server.reload("port: -1")
    with pytest.raises(headwater.StartError, match="does not run"):
        server.reload()


def test_a_child_that_is_gone_takes_no_configuration() -> None:
    with headwater.Server(_WITH_LIMIT.format(77)) as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: server.pid is None, what="the end of the child")
        with pytest.raises(headwater.ReloadError, match="not"):
            server.reload()
