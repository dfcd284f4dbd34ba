"""The fixtures that the package brings for other people's tests."""

import subprocess
import sys
import threading
from pathlib import Path

import headwater
from tests.support.raw_client import RawClient

PROGRAM = """
import nats
import asyncio

def test_a_stream(headwater_server):
    async def main():
        client = await nats.connect(headwater_server.client_url)
        streams = client.jetstream()
        await streams.add_stream(name="ORDERS", subjects=["orders.*"])
        assert (await streams.publish("orders.new", b"x")).seq == 1
        await client.close()

    asyncio.run(main())

def test_two_servers(start_headwater):
    one, other = start_headwater(), start_headwater("server_name: other")
    assert one.client_url != other.client_url
"""


def test_other_projects_find_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_server_is_stopped_after_the_test(start_headwater) -> None:
    server = start_headwater()
    assert isinstance(server, headwater.Server)
    with RawClient(int(server.client_url.rpartition(":")[2])) as client:
        client.connect()
    assert any(thread.name == "headwater-server" for thread in threading.enumerate())
