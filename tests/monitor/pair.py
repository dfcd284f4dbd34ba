"""Our server and the real nats-server with one configuration, and how their answers differ."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import headwater
from tests.support.nats_server import NatsServer

SECONDS = 10.0


def words(text: str) -> list[str]:
    """Return the words of a list that is too long to quote each of them."""
    return text.split()


_LOCAL = 'host: "127.0.0.1"\nport: -1\nhttp: "127.0.0.1:-1"\n'
# What is of this one process, this machine, or this moment: the types must agree, no more.
_MASKED = frozenset(
    words("""
    cid config_digest config_load_time cpu created first_ts id idle last_active last_activity
    last_ts mem now pending_bytes port rtt server_id start stop store_dir ts update_time uptime
    version
    """)
)
# Lists whose order means nothing, and what of their elements tells them apart.
_KEYED = {
    "stream_detail": "name",
    "consumer_detail": "name",
    "account_statz": "acc",
    "subscriptions_list_detail": "sid",
}
_UNORDERED = ("accounts", "subscriptions_list")


@dataclass
class Reply:
    """What one server answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Pair:
    """Both servers; a context manager that ends them."""

    def __init__(self, program: Path, folder: Path, config: str, *, jetstream: bool) -> None:
        """``NAME`` in ``config`` becomes another word for either server."""

        def config_of(name: str) -> str:
            store = f'store_dir: "{folder / name}", max_mem: 64MB, max_file: 1GB'
            text = _LOCAL + config.replace("NAME", name)
            return text + (f"\njetstream {{ {store} }}\n" if jetstream else "\n")

        self.ours = headwater.Server(config_of("ours"), in_process=True)
        self.theirs = NatsServer(program, folder, config=config_of("theirs"))

    def __enter__(self) -> "Pair":
        self.theirs.start()
        self.ours.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ours.stop()
        self.theirs.stop()

    def both(self, action: Callable[[int], Any]) -> tuple[Any, Any]:
        """Return what ``action(port)`` returns for our server and for theirs."""
        return action(int(self.ours.client_url.rpartition(":")[2])), action(self.theirs.port())

    def fetch(self, target: str, method: str = "GET") -> tuple[Reply, Reply]:
        """Return what both servers answer to one request."""
        ours, theirs = self.monitor_urls()
        return fetch(ours, target, method), fetch(theirs, target, method)

    def monitor_urls(self) -> tuple[str, str]:
        return self.ours.monitor_url, self.theirs.url("monitoring")


def fetch(url: str, target: str, method: str = "GET") -> Reply:
    """Return what a server answers to one request."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        return Reply(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Say where two values of JSON differ in more than what is masked, and how."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in theirs:
            if name not in ours:
                yield f"{place}.{name}: only theirs"
        for name in ours:
            if name not in theirs:
                yield f"{place}.{name}: only ours"
        common = [name for name in ours if name in theirs]
        if common != [name for name in theirs if name in ours]:
            yield f"{place}: another order of names"
        for name in common:
            yield from _differences_of(name, ours[name], theirs[name], f"{place}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            yield f"{place}: {len(ours)} and {len(theirs)} elements"
        for index, (our, their) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(our, their, f"{place}[{index}]")
    elif _kind(ours) is not _kind(theirs):
        yield f"{place}: {ours!r} and {theirs!r} are of different types"
    elif ours != theirs:
        yield f"{place}: {ours!r} and {theirs!r}"


def _differences_of(name: str, ours: Any, theirs: Any, place: str) -> Iterator[str]:
    if name == "http_req_stats":
        return  # how often a test had to ask until everything was settled
    if name in _MASKED and isinstance(theirs, str | int | float):
        if _kind(ours) is not _kind(theirs):
            yield f"{place}: {ours!r} and {theirs!r} are of different types"
        return
    if name in _KEYED and isinstance(ours, list) and isinstance(theirs, list):
        key = _KEYED[name]
        ours = {entry[key]: entry for entry in sorted(ours, key=lambda entry: entry[key])}
        theirs = {entry[key]: entry for entry in sorted(theirs, key=lambda entry: entry[key])}
    elif name in _UNORDERED and isinstance(ours, list) and isinstance(theirs, list):
        ours, theirs = (sorted(each, key=json.dumps) for each in (ours, theirs))
    yield from differences(ours, theirs, place)


def _kind(value: Any) -> type:
    """Return the type of a value; JSON knows only one kind of numbers."""
    return float if type(value) is int else type(value)
