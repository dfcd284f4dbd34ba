"""What INFO says of the way to a server, and when it is sent again: as nats-server does."""

import json
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

_TOPOLOGY = ("cluster", "domain", "connect_urls", "ws_connect_urls", "ldm")


def _place(twin: Twin) -> tuple[str, int | str]:
    """Return the address that clients are told; the one chosen by the system is just named."""
    with RawClient(twin.port) as client:
        port = client.info["port"]
        return client.info["host"], "own" if port == twin.port else port


@pytest.mark.parametrize(
    "address", ["", "a.b:77", "a.b", "a.b:0", "a.b:-1", "[::1]:5", "1.2.3.4:70000"]
)
def test_the_address_that_clients_are_told(nats_server_path, tmp_path, address):
    with Twins(nats_server_path, tmp_path, f'client_advertise: "{address}"\n') as twins:
        ours, theirs = twins.each(_place)
        assert ours == theirs


@pytest.mark.parametrize("address", ["a:b:c", "::1", "a:x"])
def test_what_cannot_be_told(nats_server_path, tmp_path, address):
    def refused(twin: Twin) -> str:
        twin.write(f'client_advertise: "{address}"\n')
        twin.process.signal(signal.SIGHUP)
        return twin.process.wait_log("[ERR] Failed to reload server configuration")

    with Twins(nats_server_path, tmp_path) as twins:
        twins.each(refused)
        assert twins.each(_place) == (("127.0.0.1", "own"),) * 2


def _topology(twin: Twin) -> dict[str, object]:
    with RawClient(twin.port) as client:
        return {name: client.info.get(name) for name in _TOPOLOGY}


@pytest.mark.parametrize("domain", ["", "domain: edge,"])
def test_a_server_on_its_own_tells_of_no_others(nats_server_path, tmp_path, domain):
    config = f'jetstream {{ {domain} store_dir: "{tmp_path}/DIR" }}\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(_topology)
        assert ours == theirs
        assert ours["connect_urls"] is None


def test_a_reload_is_not_told(nats_server_path, tmp_path):
    def news(twin: Twin) -> tuple[bytes, tuple[str, int | str]]:
        with RawClient(twin.port) as client:
            client.connect(protocol=1)
            client.read_match(rb"INFO .*connect_info.*\r\n")
            twin.reload('client_advertise: "c.d:2", max_payload: 2000\n')
            return client.flush(), _place(twin)

    with Twins(nats_server_path, tmp_path, 'client_advertise: "a.b:1"\n') as twins:
        assert twins.each(news) == ((b"", ("c.d", 2)),) * 2


def test_a_lame_duck_tells_those_who_are_through_with_connecting(nats_server_path, tmp_path):
    def told(twin: Twin) -> list[object]:
        with (
            RawClient(twin.port) as told,
            RawClient(twin.port) as old,
            RawClient(twin.port) as new,
        ):
            told.connect(protocol=1)
            told.read_match(rb"INFO .*connect_info.*\r\n")
            old.connect(protocol=0)
            new.send(b'CONNECT {"verbose":false,"protocol":1}\r\nPUB x 0\r\n\r\n')
            twin.process.signal(signal.SIGUSR2)
            fields = told.read_info()
            late = new.flush()
            return [fields["ldm"], fields.get("connect_info"), old.flush(), late, told.flush()]

    with Twins(nats_server_path, tmp_path) as twins:
        ours, theirs = twins.each(told)
        assert ours == theirs == [True, None, b"", b"", b""]


def _written(path: Path) -> dict[str, list[str]] | None:
    """Return what a file says once all of it is there: it is not written in one go."""
    try:
        said: dict[str, list[str]] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost", "127.0.0.1"])
def test_where_a_server_says_that_it_listens(nats_server_path, tmp_path: Path, host):
    def hosts(twin: Twin) -> dict[str, list[str]]:
        path = tmp_path / f"nats-server_{twin.process.pid}.ports"
        urls = wait_until(lambda: _written(path), what="the whole file of ports")
        return {kind: [urlsplit(url).hostname for url in found] for kind, found in urls.items()}

    config = f'host: "{host}"\nhttp_port: -1\nports_file_dir: "{tmp_path}"\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(hosts)
        assert ours == theirs


def test_everywhere_means_both_kinds_of_addresses(nats_server_path, tmp_path):
    def seen(twin: Twin) -> list[str]:
        found = []
        for host in ("127.0.0.1", "::1"):
            with RawClient(twin.port, host) as client:
                found.append(client.info["client_ip"])
        return found

    with Twins(nats_server_path, tmp_path, "host: 0.0.0.0\n") as twins:
        assert twins.each(seen) == (["127.0.0.1", "::1"],) * 2
