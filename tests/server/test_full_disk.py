"""A disk that is really full: a small file system in a name space of the test's own."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.processes import ServerProcess
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

_SIZE_MIB = 48
_UNSHARE = ("unshare", "--map-root-user", "--user", "--mount")
_SCRIPT = 'mount -t tmpfs -o size={size}m none "{folder}" && exec "$@"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server whose store is on a file system of a few MiB."""
    store = tmp_path / "store"
    store.mkdir()
    script = _SCRIPT.format(size=_SIZE_MIB, folder=store)
    try:
        subprocess.run([*_UNSHARE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system lets nobody make a mount namespace, where a small disk could be")
    command = (*_UNSHARE, "sh", "-c", script, "sh", sys.executable, "-m", "headwater", "server")
    config = tmp_path / "small.conf"
    # More than there is: the disk is to be full before that.
    config.write_text(f'jetstream {{ store_dir: "{store}", max_file: 1GB }}\n')
    flags = ("-p", "-1", "-a", "127.0.0.1", "-m", "-1", "-c", str(config))
    with ServerProcess(tmp_path, *flags, command=command) as process:
        process.wait_ready()
        yield process


def _store(server: ServerProcess) -> Path:
    """Return the store as the server sees it: only its own name space has the file system."""
    return Path(f"/proc/{server.pid}/root{server.folder}/store/headwater")


def _ask(client: RawClient, subject: bytes, body: bytes) -> bytes:
    client.send(b"PUB %s r %d\r\n%s\r\n" % (subject, len(body), body))
    return client.read_match(rb"MSG r 1 \d+\r\n(.*)\r\n")[1]


def _health(server: ServerProcess) -> int:
    line = next(line for line in server.log().splitlines() if "http monitor" in line)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{line.rpartition(':')[2]}/healthz") as page:
            return page.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_full_disk_and_what_comes_after(server: ServerProcess) -> None:
    port = server.wait_ready()
    with RawClient(port, seconds=20) as client:
        client.connect()
        client.send(b"SUB r 1\r\n")
        create = b'{"name":"S","subjects":["s"]}'
        assert b"did_create" in _ask(client, b"$JS.API.STREAM.CREATE.S", create)
        wait_until(lambda: (_store(server) / "reserve").exists())
        stored = []
        while b'"error"' not in (answer := _ask(client, b"s", os.urandom(500_000))):
            stored.append(answer)
        assert len(stored) > 50
        assert b"No space left" in answer
        assert b"10023" in _ask(client, b"s", b"small")
        assert _health(server) == 503
        # What was acknowledged can be read, and consumers drain.
        for sequence in (1, len(stored)):
            answer = _ask(client, b"$JS.API.STREAM.MSG.GET.S", b'{"seq":%d}' % sequence)
            assert b'"seq":%d' % sequence in answer
            assert len(answer) > 500_000
        consumer = b'{"stream_name":"S","config":{"name":"C","ack_policy":"explicit"}}'
        assert b"created" in _ask(client, b"$JS.API.CONSUMER.CREATE.S.C", consumer)
        client.send(b"PUB $JS.API.CONSUMER.MSG.NEXT.S.C r 1\r\n3\r\n")
        acks = [client.read_match(rb"MSG s 1 (\S+) \d+\r\n")[1] for _ in range(3)]
        for ack in acks:
            assert _ask(client, ack, b"+ACK") == b""
        assert b'"purged":' in _ask(client, b"$JS.API.STREAM.PURGE.S", b'{"keep":1}')
        server.wait_log("has room on the disk again")
        assert _health(server) == 200
        sequence = len(stored) + 2
        assert b'"seq":%d' % sequence in _ask(client, b"s", os.urandom(500_000))
        assert b'"messages":2' in _ask(client, b"$JS.API.STREAM.INFO.S", b"")
