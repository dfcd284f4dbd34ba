"""Who is asked whether it is still there, and when: as nats-server does."""

import threading

import pytest

from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

_MONITOR = 'http: "127.0.0.1:-1"\n'
_TURNS = 4


def _answer(client: RawClient, enough: threading.Event) -> None:
    for _ in range(_TURNS):
        client.read_until(b"PING\r\n")
        client.send(b"PONG\r\n")
    enough.set()


def test_who_talks_is_asked_once(nats_server_path, tmp_path):
    config = 'ping_interval: "200ms", ping_max: 1\n'

    def asked(twin: Twin) -> int:
        with RawClient(twin.port) as answering, RawClient(twin.port) as talking:
            answering.connect()
            talking.connect()
            enough = threading.Event()
            answers = threading.Thread(target=_answer, args=(answering, enough))
            answers.start()
            while not enough.wait(0.02):
                talking.send(b"PUB x 0\r\n\r\n")
            answers.join()
            return talking.flush().count(b"PING\r\n")

    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(asked) == (1, 1)


def test_a_listener_that_says_nothing_is_stale(nats_server_path, tmp_path):
    def heard(twin: Twin) -> tuple[int, bool, dict[str, int], str]:
        with RawClient(twin.port) as silent, RawClient(twin.port) as publisher:
            silent.connect()
            silent.send(b"SUB x 1\r\n")
            silent.flush()
            publisher.connect()
            over = threading.Event()

            def publish() -> None:
                while not over.wait(0.02):
                    publisher.send(b"PUB x 0\r\n\r\nPONG\r\n")

            publishing = threading.Thread(target=publish)
            publishing.start()
            received = silent.read_to_end()
            over.set()
            publishing.join()
            last = received.endswith(b"-ERR 'Stale Connection'\r\n")
            counts = wait_until(
                lambda: twin.ask("varz")["stale_connections"], what="a stale connection"
            )
            assert counts == 1
            stats = twin.ask("varz")["stale_connection_stats"]
            return received.count(b"PING"), last, stats, twin.closed(silent.info["client_id"])

    config = f'{_MONITOR}ping_interval: "200ms", ping_max: 2\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(heard)
        assert ours == theirs
        assert ours[:2] == (2, True)


def test_the_time_of_a_round_trip(nats_server_path, tmp_path):
    """It is that of CONNECT, until the first PING is answered."""

    def told(twin: Twin) -> bool:
        with RawClient(twin.port) as client:
            client.connect()
            found = twin.ask(f"connz?cid={client.info['client_id']}")["connections"][0]["rtt"]
            client.read_until(b"PING\r\n")
            client.send(b"PONG\r\n")

            def measured() -> bool:
                entry = twin.ask(f"connz?cid={client.info['client_id']}")["connections"][0]
                return entry["rtt"] != found

            return wait_until(measured, what="the time of a round trip")

    config = f'{_MONITOR}ping_interval: "300ms"\n'
    with Twins(nats_server_path, tmp_path, config) as twins:
        assert twins.each(told) == (True, True)
