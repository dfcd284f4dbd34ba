"""What our server tells in its system account is what the real nats-server tells."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.pair import Pair, differences
from tests.monitor.system import CONFIG, Asker, Ear, login
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.hub

# Of this one event; and theirs is a Go server with a Raft log.
_DIFFER = re.compile(
    r"\.(server|client)\.(seq|time|start|stop|rtt|id)\b|(\.server)?\.(seq|time|timestamp|id)\b"
    r"|.*\.js_raft_delete_range: "
)
_COMING = [
    "$SYS.SERVER.ACCOUNT.{}.CONNS",
    "$SYS.ACCOUNT.{}.SERVER.CONNS",
    "$SYS.ACCOUNT.{}.CONNECT",
]
_GOING = [*_COMING[:2], "$SYS.ACCOUNT.{}.DISCONNECT"]
_REFUSED = ["$SYS.SERVER.<id>.CLIENT.AUTH.ERR", "$SYS.ACCOUNT.$G.DISCONNECT"]


class Listening:
    """Both servers, and what hears their events."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.ears = pair.both(Ear)
        for ear in self.ears:
            ear.client.flush()

    def agree(self, act: Callable[[int], Any], subjects: list[str]) -> tuple[Any, Any]:
        """Have both act, and compare the events; return what the actions return."""
        results = self.pair.both(act)
        # nats-server tells of a refusal and of the end that it leads to in either order.
        ours, theirs = (sorted(ear.events(len(subjects)), key=_subject) for ear in self.ears)
        assert [subject for subject, _ in theirs] == sorted(subjects)
        assert [subject for subject, _ in ours] == sorted(subjects)
        for (subject, our), (_, their) in zip(ours, theirs, strict=True):
            found = [text for text in differences(our, their) if not _DIFFER.match(text)]
            assert found == [], subject
        return results

    def agree_on_coming(self, act: Callable[[int], Any], account: str = "A") -> tuple[Any, Any]:
        return self.agree(act, of(_COMING, account))


def _subject(event: tuple[str, Any]) -> str:
    return event[0]


def of(subjects: list[str], account: str) -> list[str]:
    return [subject.format(account) for subject in subjects]


@pytest.fixture
def servers(nats_server_path: Path, tmp_path: Path) -> Iterator[Listening]:
    with Pair(nats_server_path, tmp_path, CONFIG, jetstream=False) as pair:
        listening = Listening(pair)
        yield listening
        for ear in listening.ears:
            ear.close()


def _in_turn(clients: tuple[Any, Any], act: Callable[[Any], Any]) -> Callable[[int], Any]:
    """Return what lets ``act`` have our client the first time, and theirs the second."""
    left = iter(clients)
    return lambda _port: act(next(left))


def _say(data: bytes) -> Callable[[int], None]:
    """Return what connects to a server, says something, and waits until it is sent away."""

    def act(port: int) -> None:
        with RawClient(port) as client:
            client.send(data)
            client.read_to_end()

    return act


def test_a_client_comes_and_goes(servers: Listening) -> None:
    described = {"name": "n", "lang": "l", "version": "9"}
    clients = servers.agree_on_coming(lambda port: login(port, "alice", **described))
    for client in clients:
        client.send(b"SUB x 1\r\nPUB x 3\r\nabc\r\nPUB y 4\r\nabcd\r\n")
        client.flush()
    servers.agree(_in_turn(clients, RawClient.close), of(_GOING, "A"))


def test_a_client_that_says_nothing_of_itself(servers: Listening) -> None:
    clients = servers.agree_on_coming(lambda port: login(port, "bob"), "B")
    others = servers.agree_on_coming(lambda port: login(port, "bob"), "B")
    servers.agree(_in_turn(others, RawClient.close), of(_GOING, "B"))
    servers.agree(_in_turn(clients, RawClient.close), of(_GOING, "B"))


def test_who_is_refused(servers: Listening) -> None:
    wrong = b'CONNECT {"user":"alice","pass":"no","name":"bad","lang":"l","version":"1"}\r\n'
    servers.agree(_say(wrong), _REFUSED)
    servers.agree(_say(b'CONNECT {"auth_token":"t"}\r\n'), _REFUSED)
    servers.agree(_say(b"PING\r\n"), _REFUSED)


def test_who_leaves_before_it_is_known(servers: Listening) -> None:
    servers.agree(lambda port: RawClient(port).close(), _REFUSED[1:])


def test_who_takes_too_long(servers: Listening) -> None:
    servers.agree(_say(b""), _REFUSED[1:])


def test_who_breaks_the_protocol(servers: Listening) -> None:
    def act(port: int) -> None:
        with login(port, "alice") as client:
            client.send(b"FOO\r\n")
            client.read_to_end()

    servers.agree(act, of(_COMING, "A") + of(_GOING, "A"))


def test_who_is_kicked(servers: Listening) -> None:
    clients = servers.agree_on_coming(lambda port: login(port, "alice"))
    askers = servers.pair.both(lambda port: Asker(port, "sys"))

    def kick(both: tuple[Asker, RawClient]) -> None:
        asker, client = both
        asker.ask("$SYS.REQ.SERVER.<id>.KICK", f'{{"cid":{client.info["client_id"]}}}')
        assert client.read_to_end() in (b"", b"PING\r\n")

    pairs = tuple(zip(askers, clients, strict=True))
    servers.agree(_in_turn(pairs, kick), of(_GOING, "A"))
    for each in (*askers, *clients):
        each.close()


def test_the_end(servers: Listening) -> None:
    def stop(server: Any) -> None:
        server.stop()

    servers.agree(
        _in_turn((servers.pair.ours, servers.pair.theirs), stop), ["$SYS.SERVER.<id>.SHUTDOWN"]
    )
