"""What our monitoring answers is what the real nats-server's answers.

The same connections, subscriptions and streams on both servers; then every endpoint: the same
names in the same order, the same types, and the same values except for what ``pair`` masks and
what the tables below list, each with its reason.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.test_leaf_hub import leaf_port
from tests.monitor.pair import Pair, Reply, differences, fetch, words
from tests.support.nats_server import NatsServer
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

# Where we differ and mean to: target and place, as patterns, and why.
_OWN_SUBSCRIPTIONS = "the servers subscribe to other subjects themselves"
DIFFERENCES = (
    (r"varz \.headwater: only ours", "our own version"),
    (r"varz \.(go|git_commit): ", "a Go server's"),
    (r"varz \.http_port: ", "theirs says what was configured, ours which port it is"),
    (r"varz \.feature_flags\.js_raft_delete_range: False and True", "there is no Raft log here"),
    (r"(varz|jsz).*\.config\.compress_ok: only theirs", "files are not compressed yet"),
    (r"(varz|jsz).*\.config\.sync_always: only ours", "acknowledgements wait for a sync"),
    (r"(varz|jsz).*\.limits\.default_max_consumers: only theirs", "there is no default limit"),
    (r"varz \.subscriptions: ", _OWN_SUBSCRIPTIONS),
    (
        r"(subsz|subscriptionsz|accountz).*\.(num_\w+|subscriptions|cache_hit_rate|\w+_fanout): ",
        _OWN_SUBSCRIPTIONS,
    ),
    (r"accstatz.*\.num_subscriptions: ", _OWN_SUBSCRIPTIONS),
    (r"subsz\?subs=1\S* \.(total|subscriptions_list)", _OWN_SUBSCRIPTIONS),
    (r"accountz.*\.(imports|exports): only theirs", "system services are no imports here"),
    (r"accountz.*\.sublist_stats", _OWN_SUBSCRIPTIONS),
    (r"ipqueuesz\?all=1 ", "the queues inside the servers are not the same"),
    (r"debug/vars \.(cmdline|memstats)", "another program, and no Go runtime"),
    (r"leafz.*\.compression: ", "we do not compress links"),
    (r"(leafz|connz).*\.subscriptions_list.*\$LDS", "marks by which loops are found"),
)
# Headers: the length of an answer is always known before it leaves, so none comes in chunks.
_FRAMING = ("Date", "Content-Length", "Transfer-Encoding")

STREAMS = """
    S {"subjects":["s.>"],"max_bytes":100000,"description":"d","metadata":{"a":"b"}}
    M {"subjects":["m.>"],"storage":"memory","allow_direct":true}
"""
CONSUMERS = """
    S pull {"durable_name":"pull","ack_policy":"explicit"}
    S push {"ack_policy":"none","deliver_subject":"d","inactive_threshold":1000000000000}
"""

Requests = Callable[..., RawClient]


def _request(client: RawClient, subject: str, body: str) -> Any:
    """Return the answer of the JetStream API."""
    data = body.encode()
    client.send(b"PUB $JS.API.%b inbox %d\r\n%b\r\n" % (subject.encode(), len(data), data))
    match = client.read_match(rb"MSG inbox 9 (\d+)\r\n")
    answer = json.loads(client.read_exactly(int(match[1]) + 2))
    assert "error" not in answer, answer
    return answer


def _store(client: RawClient, subject: bytes) -> None:
    client.send(b"PUB %b inbox 2\r\nhi\r\n" % subject)
    client.read_match(rb"MSG inbox 9 \d+\r\n.*seq.*\r\n")


def _core(port: int) -> list[RawClient]:
    """Make the connections; return those that stay."""
    one = RawClient(port)
    one.connect(name="one", lang="py", version="1", user="alice", **{"pass": "pw"})
    one.send(b"SUB a.> 1\r\nSUB q g 2\r\nSUB x 3\r\nUNSUB 3 10\r\nPUB x 2\r\nhi\r\n")
    one.flush()
    two = RawClient(port)
    two.connect(protocol=1, user="bob", **{"pass": "pw"})
    two.send(b"SUB x 1\r\nSUB y 2\r\nUNSUB 2\r\nPUB nobody 3\r\nabc\r\nPUB nobody 1\r\nx\r\n")
    two.flush()
    gone = RawClient(port)
    gone.connect(name="gone", user="bob", **{"pass": "pw"})
    gone.send(b"SUB z g 7\r\nUNSUB 7 9\r\nPUB z 1\r\nx\r\n")
    gone.flush()
    gone.close()
    return [one, two]


def _streams(port: int) -> list[RawClient]:
    client = RawClient(port)
    client.connect(name="streams", user="alice", **{"pass": "pw"})
    client.send(b"SUB inbox 9\r\n")
    for line in STREAMS.strip().splitlines():
        name, _, config = line.strip().partition(" ")
        _request(client, f"STREAM.CREATE.{name}", f'{{"name":"{name}",{config[1:]}')
    for line in CONSUMERS.strip().splitlines():
        stream, name, config = line.strip().split(" ", 2)
        config = f'{{"name":"{name}",{config[1:]}'
        body = f'{{"stream_name":"{stream}","config":{config}}}'
        _request(client, f"CONSUMER.CREATE.{stream}.{name}", body)
    for subject in (b"s.a", b"s.b", b"s.a", b"m.a", b"m.a"):
        _store(client, subject)
    _request(client, "STREAM.MSG.DELETE.S", '{"seq":2}')
    return [client]


def _settled(pair: Pair, targets: str, check: Callable[[Any], object]) -> None:
    """Wait until both servers say of ``targets`` what ``check`` wants."""
    for url in pair.monitor_urls():
        wait_until(lambda url=url: check(fetch(url, targets).json), what=targets)


@pytest.fixture(scope="module")
def core(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers with two connections, and one that is closed."""
    config = (
        "server_name: same\n"
        "authorization { users: [ {user: alice, password: pw}, {user: bob, password: pw} ] }\n"
        "max_subscriptions: 100\nping_interval: 33s\nwrite_deadline: 7s\n"
    )
    folder = tmp_path_factory.mktemp("core")
    with Pair(nats_server_path, folder, config, jetstream=False) as pair:
        clients = pair.both(_core)
        _settled(pair, "/connz?state=closed", lambda found: found["total"] == 1)
        yield pair
        for client in [*clients[0], *clients[1]]:
            client.close()


@pytest.fixture(scope="module")
def jetstream(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers with the same streams and consumers."""
    folder = tmp_path_factory.mktemp("jetstream")
    config = "server_name: same\n"
    with Pair(nats_server_path, folder, config, jetstream=True) as pair:
        clients = pair.both(_streams)
        yield pair
        for client in [*clients[0], *clients[1]]:
            client.close()


@pytest.fixture(scope="module")
def linked(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers as leaf nodes of one hub."""
    folder = tmp_path_factory.mktemp("linked")
    listens = 'host: "127.0.0.1"\nhttp: "127.0.0.1:-1"\nleafnodes { listen: "127.0.0.1:-1" }\n'
    hub = NatsServer(nats_server_path, folder / "hub", config=listens).start()
    remote = f'url: "nats-leaf://127.0.0.1:{leaf_port(hub)}", deny_imports: ["zz"]'
    config = f"server_name: NAME\nleafnodes {{ remotes: [ {{ {remote} }} ] }}\n"
    with (
        Pair(nats_server_path, folder, config, jetstream=False) as pair,
        RawClient(hub.port()) as upper,
    ):
        upper.connect()
        upper.send(b"SUB up.* 1\r\n")
        upper.flush()
        _settled(pair, "/leafz?subs=1", lambda found: "up.*" in str(found))
        _settled(pair, "/leafz", lambda found: found["leafs"][0]["rtt"] != "0s")
        names = iter((b"ours", b"theirs"))
        clients = pair.both(lambda port: _over_the_link(port, next(names), hub, upper))
        yield pair
        for client in clients:
            client.close()
    hub.stop()


def _over_the_link(port: int, name: bytes, hub: NatsServer, upper: RawClient) -> RawClient:
    """Return a client that has sent a message to the hub, and got one from there."""
    client = RawClient(port)
    client.connect()
    client.send(b"SUB down.%b 1\r\nPUB up.x 2\r\nhi\r\n" % name)
    upper.expect(b"MSG up.x 1 2\r\nhi\r\n")
    leafs = hub.url("monitoring")
    wait_until(lambda: b"down." + name in fetch(leafs, "/leafz?subs=1").body)
    upper.send(b"PUB down.%b 3\r\nabc\r\n" % name)
    client.expect(b"MSG down.%b 1 3\r\nabc\r\n" % name)
    return client


def _same(target: str, replies: tuple[Reply, Reply]) -> list[str]:
    """Return how the answers differ where they are not meant to."""
    ours, theirs = replies
    assert ours.status == theirs.status
    kept = [{pair for pair in reply.headers if pair[0] not in _FRAMING} for reply in (ours, theirs)]
    assert kept[0] == kept[1]
    if not theirs.body.startswith((b"{", b"[")):
        return [] if ours.body == theirs.body else [f"{ours.body!r} and {theirs.body!r}"]
    return [
        text
        for text in (f"{target} {found}" for found in differences(ours.json, theirs.json))
        if not any(re.match(pattern, text) for pattern, _ in DIFFERENCES)
    ]


CORE_TARGETS = words("""
    varz
    connz connz?auth=1&subs=1 connz?auth=true&subs=detail connz?state=closed&auth=1&subs=1
    connz?state=closed&subs=detail connz?state=any&sort=cid connz?state=all&subs=1&auth=1
    connz?user=bob&auth=1 connz?user=bob&state=all connz?user=none connz?cid=0 connz?acc=$G
    connz?acc=none connz?acc=none&cid=3 connz?acc=$SYS connz?limit=1 connz?offset=1
    connz?offset=1&limit=1 connz?offset=-1&limit=-1 connz?limit=%2B1 connz?limit= connz?limit=0
    connz?mqtt_client=x connz?filter_subject=a connz?a;b=c connz?%zz connz?limit=%zz connz?state=
    connz?sort=subs connz?sort=msgs_from connz?sort=start connz?sort=idle connz?sort=uptime
    connz?state=closed&sort=stop connz?state=closed&sort=reason connz?state=CLOSED connz?sort=
    connz?sort=x connz?sort=CID connz?sort=stop connz?sort=reason&state=all connz?state=x
    connz?state=1 connz?limit=x connz?limit=1.5 connz?limit=1_0 connz?limit=99999999999999999999
    connz?limit=+1 connz?offset=x connz?cid=x connz?cid=-1 connz?cid=%2B1
    connz?cid=18446744073709551616 connz?auth=x connz?auth=tRUE connz?subs=x
    connz?auth=x&subs=x&limit=x connz?subs=x&offset=x connz?offset=x&limit=x connz?limit=x&cid=x
    connz?cid=x&state=x connz?state=x&sort=x connz?limit=1&limit=x connz?callback=f
    subsz subsz?acc=none subsz?test=x&subs=1 subsz?test=none&subs=1 subsz?test=x subsz?subs=1
    subsz?offset=-1&limit=-1 subsz?limit=5&offset=7 subsz?limit=x subsz?offset=x subsz?subs=x
    subsz?subs=detail subsz?test=x.* subsz?test=> subscriptionsz
    accountz accountz?acc=$G accountz?acc=$SYS accountz?acc=none
    accstatz accstatz?unused=1 accstatz?unused=x accstatz?acc=none
    leafz leafz?subs=1 leafz?acc=none leafz?subs=x leafz?subs=detail
    routez routez?subs=1 routez?subs=detail routez?subs=x
    gatewayz gatewayz?accs=1&subs=detail gatewayz?gw_name=x gatewayz?accs=x gatewayz?subs=x
    jsz jsz?streams=1 jsz?acc=x jsz?limit=x
    healthz healthz?js-enabled-only=1 healthz?js-server-only=1 healthz?js-meta-only=1
    healthz?account=$G healthz?account=x&stream=x healthz?stream=x healthz?consumer=x
    healthz?stream=x&details=1 healthz?details=x healthz?js-enabled=x healthz?js-enabled-only=x
    healthz?js-server-only=x healthz?js-meta-only=x
    ipqueuesz ipqueuesz?queues=none&all=1 ipqueuesz?all=x ipqueuesz?all=1
    raftz raftz?acc=$G raftz?acc=x&group=y
    debug/vars nope varz/ VARZ conn%7a %2e%2e/varz debug/ /varz ./varz a/../connz?limit=1 a%zz
""")
JETSTREAM_TARGETS = words("""
    varz jsz jsz?acc=$G jsz?accounts=1 jsz?streams=1 jsz?streams=1&config=1 jsz?consumers=1
    jsz?consumers=1&config=1&acc=$G jsz?acc=none jsz?acc=none&streams=1 jsz?config=1 jsz?raft=1
    jsz?raft=1&streams=1 jsz?leader-only=1 jsz?stream-leader-only=1&streams=1
    jsz?direct-consumers=1&consumers=1 jsz?accounts=1&offset=1 jsz?accounts=1&limit=0
    jsz?accounts=1&offset=-1&limit=-1 jsz?acc=$SYS&accounts=1 jsz?acc=$G&streams=1&limit=1&offset=1
    jsz?accounts=x jsz?streams=x jsz?consumers=x jsz?direct-consumers=x jsz?config=x jsz?offset=x
    jsz?limit=x jsz?leader-only=x jsz?stream-leader-only=x jsz?raft=x jsz?accounts=x&raft=x
    healthz healthz?details=1 healthz?account=$G healthz?account=none healthz?account=$SYS
    healthz?account=none&details=1 healthz?account=$G&stream=S healthz?account=$G&stream=none
    healthz?account=$G&stream=none&details=1 healthz?account=$G&stream=S&consumer=pull
    healthz?account=$G&stream=S&consumer=none healthz?account=$G&stream=S&consumer=none&details=1
    healthz?account=$G&stream=none&consumer=pull healthz?account=$G&consumer=pull
    healthz?stream=S&consumer=pull&details=1 healthz?account=none&js-server-only=1
    healthz?account=none&js-enabled-only=1 healthz?account=none&js-enabled=1
    healthz?account=none&js-meta-only=1 connz?auth=1&subs=1 accountz?acc=$G ipqueuesz raftz
""")
LINKED_TARGETS = words("""
    varz leafz leafz?subs=1 leafz?acc=$G leafz?acc=none connz connz?auth=1&subs=1 connz?subs=detail
    connz?state=all connz?acc=$G connz?state=closed accstatz accstatz?unused=1
""")


@pytest.mark.parametrize("target", CORE_TARGETS)
def test_connections_and_accounts(core: Pair, target: str) -> None:
    assert _same(target, core.fetch(f"/{target}")) == []


@pytest.mark.parametrize("target", JETSTREAM_TARGETS)
def test_streams(jetstream: Pair, target: str) -> None:
    found = _same(target, jetstream.fetch(f"/{target}"))
    # Times in answers of the API are as long as they happen to be.
    assert [text for text in found if "out_bytes" not in text and "out_client" not in text] == []


@pytest.mark.parametrize("target", LINKED_TARGETS)
def test_leaf_links(linked: Pair, target: str) -> None:
    replies = linked.fetch(f"/{target}")
    for reply in replies:
        reply.body = re.sub(rb"\b(ours|theirs)\b", b"NAME", reply.body)
    assert _same(target, replies) == []


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO"])
@pytest.mark.parametrize("target", ["connz", "healthz", "nope", "raftz", "/varz", "connz?sort=x"])
def test_methods(core: Pair, method: str, target: str) -> None:
    assert _same(target, core.fetch(f"/{target}", method)) == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"garbage\r\n\r\n",
        b"GET /connz HTTP/1.1\r\n\r\n",
        b"GET /connz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /connz HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET  /connz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /connz HTTP/2.0\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http(core: Pair, request_bytes: bytes) -> None:
    answers = []
    for url in core.monitor_urls():
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request_bytes)
            answer = b""
            while data := connection.recv(65536):
                answer += data
        answers.append(answer)
    assert answers[0] == answers[1]


def test_which_requests_are_counted(nats_server_path: Path, tmp_path: Path) -> None:
    with Pair(nats_server_path, tmp_path, "http_base_path: /base\n", jetstream=False) as pair:
        for target in [*CORE_TARGETS, "connz"]:
            for place in ("", "base/"):
                ours, theirs = pair.fetch(f"/{place}{target}")
                assert ours.status == theirs.status, f"/{place}{target}"
        pair.fetch("/base")
        found = [reply.json["http_req_stats"] for reply in pair.fetch("/base/varz")]
        assert found[0] == found[1]


def test_every_difference_that_is_listed_is_there(
    core: Pair, jetstream: Pair, linked: Pair
) -> None:
    texts = []
    for pair, targets in (
        (core, CORE_TARGETS),
        (jetstream, JETSTREAM_TARGETS),
        (linked, LINKED_TARGETS),
    ):
        for target in targets:
            ours, theirs = pair.fetch(f"/{target}")
            if theirs.body.startswith(b"{"):
                texts += [f"{target} {found}" for found in differences(ours.json, theirs.json)]
    unused = [
        pattern for pattern, _ in DIFFERENCES if not any(re.match(pattern, text) for text in texts)
    ]
    assert unused == []
