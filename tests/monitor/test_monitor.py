"""The pages of the monitoring port."""

import json
import urllib.request
from typing import Any

import pytest

import headwater
from headwater.base.clock import DAY, HOUR, MINUTE, SECOND
from headwater.config.options import Authorization, LeafNodes, LeafRemote, LeafUrl, Options
from headwater.monitor.http_session import Answer
from headwater.monitor.process_stats import ProcessorUse, memory_bytes
from headwater.monitor.server import Monitor
from headwater.monitor.varz import uptime_text
from tests.broker.fakes import Client, FakeLink, new_node
from tests.support.raw_client import RawClient


def _monitor(options: Options | None = None) -> Monitor:
    return Monitor(new_node(), options or Options())


def _body(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_varz_counts() -> None:
    node = new_node()
    monitor = Monitor(node, Options())
    client = Client(node)
    client.say(b"SUB a 1\r\nPUB a 5\r\nhello\r\n")
    Client(node).leave()
    varz = _body(monitor.respond("/varz"))
    assert varz["server_id"] == node.server_id
    assert (varz["connections"], varz["total_connections"], varz["subscriptions"]) == (1, 2, 1)
    assert (varz["in_msgs"], varz["in_bytes"]) == (1, 5)
    assert (varz["out_msgs"], varz["out_bytes"]) == (1, 5)
    assert varz["mem"] > 1_000_000
    assert varz["http_req_stats"] == {"/varz": 1}
    assert "auth_required" not in varz


def test_varz_times() -> None:
    node = new_node()
    monitor = Monitor(node, Options(config_digest="sha256:0"))
    node.clock.advance(90 * SECOND)
    varz = _body(monitor.respond("/varz"))
    assert varz["start"] == "2023-11-14T22:13:20Z"
    assert varz["now"] == "2023-11-14T22:14:50Z"
    assert varz["uptime"] == "1m30s"
    assert varz["config_digest"] == "sha256:0"
    assert varz["ping_interval"] == 120 * SECOND
    assert varz["auth_timeout"] == 2


def test_varz_of_leaf_remotes_hides_credentials() -> None:
    remote = LeafRemote(urls=(LeafUrl("hub", 7422, "user", "s3cret"),))
    monitor = _monitor(Options(leafnodes=LeafNodes(remotes=(remote,))))
    answer = monitor.respond("/varz")
    assert _body(answer)["leaf"] == {"remotes": [{"urls": ["hub:7422"]}]}
    assert b"s3cret" not in answer.body


def test_varz_never_shows_secrets() -> None:
    options = Options(authorization=Authorization(token="t0ken"))
    assert b"t0ken" not in _monitor(options).respond("/varz").body


class FakeJetStream:
    API_LEVEL = 5

    def status(self) -> dict[str, object]:
        return {"config": {"store_dir": "/x"}}


def test_jetstream_stands_in_varz() -> None:
    node = new_node()
    monitor = Monitor(node, Options())
    assert _body(monitor.respond("/varz"))["jetstream"] == {}
    node.jetstream = FakeJetStream()
    assert _body(monitor.respond("/varz"))["jetstream"] == {"config": {"store_dir": "/x"}}


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("", 200, {"status": "ok"}),
        ("?js-server-only=true", 200, {"status": "ok"}),
        ("?js-enabled-only=false", 200, {"status": "ok"}),
        (
            "?js-enabled-only=true",
            503,
            {"status": "unavailable", "error": "JetStream is not enabled"},
        ),
        (
            "?stream=s",
            400,
            {
                "status": "error",
                "error": '"account" must not be empty when checking stream health',
            },
        ),
    ],
)
def test_healthz(query: str, status: int, body: dict) -> None:
    answer = _monitor().respond("/healthz" + query)
    assert answer.status == status
    assert _body(answer) == body


def test_healthz_with_details_lists_errors() -> None:
    answer = _monitor().respond("/healthz?js-enabled-only=1&details=true")
    assert _body(answer)["errors"] == [{"type": "JETSTREAM", "error": "JetStream is not enabled"}]


def test_healthz_with_jetstream_and_on_the_way_out() -> None:
    node = new_node()
    node.jetstream = FakeJetStream()
    monitor = Monitor(node, Options())
    assert monitor.respond("/healthz?js-enabled-only=true").status == 200
    monitor.closing = True
    assert monitor.respond("/healthz").status == 503


@pytest.mark.parametrize(
    "target", ["/nope", "/varz/", "/VARZ", "//", "", "*", "/varz%00", "http://[::1/varz"]
)
def test_unknown_paths(target: str) -> None:
    assert _monitor().respond(target).status in (400, 404)


def test_too_many_parameters() -> None:
    query = "&".join(f"a{number}=1" for number in range(100))
    assert _monitor().respond(f"/varz?{query}").status == 400


def test_index_links_every_page() -> None:
    answer = _monitor().respond("/")
    assert answer.status == 200
    assert b'href="./varz"' in answer.body
    assert b'href="./healthz"' in answer.body


def test_base_path() -> None:
    monitor = _monitor(Options(http_base_path="/nats"))
    assert monitor.respond("/nats/varz").status == 200
    assert monitor.respond("/nats").status == 200
    assert monitor.respond("/varz").status == 404
    assert monitor.respond("/natsvarz").status == 404


def test_too_many_sessions_cost_the_oldest_its_place() -> None:
    monitor = _monitor()
    links = []
    for number in range(258):
        session = monitor.accept("127.0.0.1", number)
        links.append(FakeLink(session))
        session.link = links[-1]
    assert [link.aborted for link in links] == [True, True] + [False] * 256
    monitor.close()
    assert all(link.aborted for link in links)


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (59 * SECOND, "59s"),
        (61 * MINUTE, "1h1m0s"),
        (DAY + 2 * HOUR + 3 * SECOND, "1d2h0m3s"),
        (366 * DAY, "1y1d0h0m0s"),
    ],
)
def test_uptime_text(duration_ns: int, text: str) -> None:
    assert uptime_text(duration_ns) == text


def test_process_stats() -> None:
    assert 1 << 20 < memory_bytes() < 1 << 40
    assert 0 <= ProcessorUse().percent() < 10_000


@pytest.mark.hub
def test_varz_has_the_keys_of_nats_server(nats_server) -> None:
    real = nats_server(arguments=["-m", "-1"])

    def fetch(url: str) -> dict:
        with urllib.request.urlopen(url + "/varz", timeout=10) as answer:
            return json.load(answer)

    with headwater.Server(monitor=True) as server:  # noqa: SIM117
        with RawClient(int(server.client_url.rpartition(":")[2])) as client:
            client.connect()
            ours = fetch(server.monitor_url)
    theirs = fetch(real.url("monitoring"))
    only_theirs = {"git_commit", "feature_flags", "disk_io_wait_stats", "tls_timeout"}
    only_theirs |= {f"{way}_client_{what}" for way in ("in", "out") for what in ("msgs", "bytes")}
    assert set(theirs) - set(ours) == only_theirs
    assert set(ours) - set(theirs) == {"headwater"}
    for name in set(ours) & set(theirs):
        assert type(ours[name]) is type(theirs[name]) or {int, float} >= {
            type(ours[name]),
            type(theirs[name]),
        }, name
