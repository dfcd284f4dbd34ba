"""How clients are sent away by a server that is on its way out: as nats-server does."""

import itertools
import signal
import threading
import time

import pytest

from tests.server.twins import Twin, Twins
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.hub

_CONFIG = 'lame_duck_duration: "30s", lame_duck_grace_period: "500ms"\n'
_CLIENTS = 4


def _ends(twin: Twin) -> tuple[list[float], set[bytes]]:
    """Return when each client is closed, from the signal on, and what it was told."""
    clients = [RawClient(twin.port) for _ in range(_CLIENTS)]
    for client in clients:
        client.connect()
    began = time.monotonic()
    ends: list[float] = []
    words: set[bytes] = set()

    def listen(client: RawClient) -> None:
        words.add(client.read_to_end().replace(b"PING\r\n", b""))
        ends.append(time.monotonic() - began)
        client.close()

    twin.process.signal(signal.SIGUSR2)
    threads = [threading.Thread(target=listen, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ends), words


def test_a_few_clients_are_closed_one_by_one_after_their_grace(nats_server_path, tmp_path):
    def play(twin: Twin) -> tuple[set[bytes], int, int]:
        ends, words = _ends(twin)
        assert ends[0] >= 0.5
        gaps = [after - before for before, after in itertools.pairwise(ends)]
        assert min(gaps) > 0.3, gaps
        # Half of the time that each of them might have had would be more than ten seconds.
        assert ends[-1] < 10
        code = twin.process.wait()
        return words, code, twin.process.log().count("[INF] Closing existing clients")

    with Twins(nats_server_path, tmp_path, _CONFIG) as twins:
        assert twins.each(play) == (({b""}, 0, 1),) * 2
