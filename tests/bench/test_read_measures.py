"""That what is read of a stream or a bucket is really compared, with our server as the one read."""

from collections.abc import Iterator

import pytest

import headwater
from bench import loadgen
from bench.client import Client
from bench.errors import HarnessError
from bench.read_measures import KV, check_state, fill_bucket
from bench.stream_measures import STREAM, STREAM_SUBJECT

pytestmark = pytest.mark.usefixtures("load_generator")

STORED = 300
FILLED = {"size": 128, "block": 1000, "stored": STORED}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[headwater.Server]:
    folder = tmp_path_factory.mktemp("reads")
    with headwater.Server(store_dir=folder, jetstream=True, port=0, in_process=True) as server:
        yield server


@pytest.fixture
def port(server) -> Iterator[int]:
    port = int(server.client_url.rpartition(":")[2])
    yield port
    with Client(port) as client:
        for name in client.request("$JS.API.STREAM.NAMES")["streams"] or []:
            client.request(f"$JS.API.STREAM.DELETE.{name}")


def fill_stream(port):
    with Client(port) as client:
        client.create_stream(STREAM, [STREAM_SUBJECT], allow_direct=True)
    loadgen.run("jspub", port, messages=STORED, window=100, size=128, block=1000)


def test_messages_are_read_by_sequence_and_in_batches(port):
    fill_stream(port)
    assert loadgen.run("get", port, messages=1000, window=50, **FILLED)["delivered"] == 1000
    assert loadgen.run("batch", port, batch=70, **FILLED)["delivered"] == STORED


def test_values_are_got_and_watched(port):
    filled = fill_bucket(port, 50, rounds=4)
    assert loadgen.run("get", port, messages=120, kv=1, window=7, **filled)["delivered"] == 120
    assert loadgen.run("watch", port, **filled)["delivered"] == 50


@pytest.mark.parametrize("how", [{"mode": "get", "messages": STORED}, {"mode": "batch"}])
def test_a_message_that_is_gone_is_missed(port, how):
    fill_stream(port)
    with Client(port) as client:
        client.request(f"$JS.API.STREAM.MSG.DELETE.{STREAM}", {"seq": 7})
    mode = how.pop("mode")
    with pytest.raises(HarnessError, match=r"message 7 "):
        loadgen.run(mode, port, **how, **FILLED)


@pytest.mark.parametrize("how", [{"mode": "get", "messages": 50, "kv": 1}, {"mode": "watch"}])
def test_another_value_is_found(port, how):
    filled = fill_bucket(port, 50, rounds=2)
    with Client(port) as client:
        client.request("$KV.BENCH.00000012", "another value")
    mode = how.pop("mode")
    with pytest.raises(HarnessError, match="is due, got"):
        loadgen.run(mode, port, **how, **filled)


def test_a_stream_that_says_something_else(port):
    fill_bucket(port, 50, rounds=2)
    check_state(port, KV, 50, 100)
    with pytest.raises(HarnessError, match="should have 51"):
        check_state(port, KV, 51, 100)
