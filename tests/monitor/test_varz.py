"""``/varz``: what the server is and what it has done."""

from pathlib import Path
from typing import Any

from headwater.base.clock import SECOND
from headwater.base.errors import ProtocolError
from headwater.config import units
from headwater.config.options import (
    Authorization,
    CertificateFiles,
    JetStreamOptions,
    LeafNodes,
    LeafRemote,
    LeafUrl,
    Options,
    TlsOptions,
)
from headwater.jetstream.engine import JetStream
from headwater.monitor.about import About
from headwater.monitor.server import Monitor
from headwater.store.jobs import ImmediateJobs, Waits
from tests.broker.fakes import Client, new_node
from tests.monitor.asking import ask, page
from tests.monitor.test_certificates import CERTIFICATE, EXPIRES
from tests.sim.simdisk import SimDisk


def _varz(options: Options | None = None) -> dict[str, Any]:
    return page(new_node(), "/varz", options)


def test_counters() -> None:
    node = new_node()
    monitor = Monitor(About(node, Options()))
    client = Client(node)
    client.say(b"SUB a 1\r\nPUB a 5\r\nhello\r\n")
    Client(node).leave()
    ask(monitor, "/connz")
    varz = page(node, "/varz")
    assert varz["server_id"] == node.server_id
    assert (varz["connections"], varz["total_connections"], varz["subscriptions"]) == (1, 2, 1)
    assert (varz["in_msgs"], varz["in_bytes"]) == (1, 5)
    assert (varz["out_msgs"], varz["out_bytes"]) == (1, 5)
    assert (varz["in_client_msgs"], varz["out_client_bytes"]) == (1, 5)
    assert varz["mem"] > 1_000_000
    assert varz["http_req_stats"] == {"/varz": 1}
    assert "auth_required" not in varz


def test_what_goes_over_links_is_not_of_clients() -> None:
    node = new_node()
    node.router.in_msgs = 5
    node.router.links.in_msgs = 2
    node.router.links.out_bytes = 0
    varz = page(node, "/varz")
    assert (varz["in_msgs"], varz["in_client_msgs"]) == (5, 3)


def test_times() -> None:
    node = new_node()
    node.clock.advance(90 * SECOND)
    varz = page(node, "/varz", Options(config_digest="sha256:0"))
    assert varz["start"] == varz["config_load_time"] == "2023-11-14T22:13:20Z"
    assert varz["now"] == "2023-11-14T22:14:50Z"
    assert varz["uptime"] == "1m30s"
    assert varz["config_digest"] == "sha256:0"
    assert varz["ping_interval"] == 120 * SECOND
    assert varz["auth_timeout"] == 2


def test_options_that_are_shown_only_when_they_are_set() -> None:
    names = {"auth_required", "max_subscriptions", "tags", "metadata", "tls_required"}
    names |= {"tls_verify", "tls_cert_not_after"}
    assert names.isdisjoint(_varz())
    node = new_node()
    node.subscriptions_max = 5
    options = Options(
        tags=("a", "b:c"),
        metadata=(("k", "v"),),
        tls=TlsOptions(verify=True, timeout_ns=1250000000),
    )
    varz = page(node, "/varz", options)
    assert varz["max_subscriptions"] == 5
    assert varz["tags"] == ["a", "b:c"]
    assert varz["metadata"] == {"k": "v"}
    assert (varz["tls_required"], varz["tls_verify"], varz["tls_timeout"]) == (True, True, 1.25)
    assert "tls_required" not in _varz(Options(tls=TlsOptions(), allow_non_tls=True))
    assert _varz()["system_account"] == "$SYS"
    assert "system_account" not in _varz(Options(no_system_account=True))


def test_when_the_certificate_expires(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_text(CERTIFICATE)
    tls = TlsOptions(certificates=(CertificateFiles(str(path), "key"),))
    assert _varz(Options(tls=tls))["tls_cert_not_after"] == EXPIRES


def test_where_clients_are_told_to_connect() -> None:
    def place(advertised: str) -> tuple[str, int]:
        node = new_node()
        node.host = "127.0.0.1"
        node.advertised = units.advertised(advertised)
        varz = page(node, "/varz")
        return varz["host"], varz["port"]

    assert place("") == ("127.0.0.1", 4222)
    assert place("1.2.3.4:99") == ("1.2.3.4", 99)
    assert place("example.org") == ("example.org", 4222)
    assert place("[::1]:5") == ("::1", 5)


def test_leaf_remotes_are_shown_without_their_credentials() -> None:
    remote = LeafRemote(
        urls=(LeafUrl("hub", 7422, "user", "s3cret"),), deny_exports=("e",), deny_imports=("i",)
    )
    other = LeafRemote(urls=(LeafUrl("hub", 1),), account="A")
    options = Options(leafnodes=LeafNodes(remotes=(remote, other)))
    answer = ask(Monitor(About(new_node(), options)), "/varz")
    assert b"s3cret" not in answer.body
    assert _varz(options)["leaf"]["remotes"] == [
        {
            "local_account": "$G",
            "urls": ["hub:7422"],
            "deny": {"exports": ["e"], "imports": ["i"]},
        },
        {"local_account": "A", "urls": ["hub:1"]},
    ]


def test_secrets_are_never_shown() -> None:
    options = Options(authorization=Authorization(token="t0ken"))
    assert b"t0ken" not in ask(Monitor(About(new_node(), options)), "/varz").body


def test_jetstream() -> None:
    node = new_node()
    assert page(node, "/varz")["jetstream"] == {}
    options = JetStreamOptions(file_max=1000, domain="d", unique_tag="az:")
    engine = JetStream(node, options, SimDisk(), ImmediateJobs())
    engine.store_dir = "/x"
    engine.recover()
    engine.start()
    assert page(node, "/varz")["jetstream"] == {
        "config": {
            "max_memory": -1,
            "max_storage": 1000,
            "store_dir": "/x",
            "sync_interval": 120 * SECOND,
            "sync_always": True,
            "domain": "d",
            "unique_tag": "az:",
            "strict": True,
        },
        "stats": {
            "memory": 0,
            "storage": 0,
            "reserved_memory": 0,
            "reserved_storage": 0,
            "accounts": 1,
            "ha_assets": 0,
            "api": {"level": engine.API_LEVEL, "total": 0, "errors": 0},
        },
        "limits": {},
    }


def test_waits_for_the_disk() -> None:
    class Jobs(ImmediateJobs):
        waits = Waits(1, 2, 3, 4)

    node = new_node()
    engine = JetStream(node, JetStreamOptions(), SimDisk(), Jobs())
    engine.recover()
    engine.start()
    shown = {"waiters": 1, "waits": 2, "wait_time": 3, "max_wait_time": 4}
    assert page(node, "/varz")["disk_io_wait_stats"] == shown


def test_slow_and_stale_connections_by_kind() -> None:
    node = new_node()
    for _ in range(2):
        client = Client(node)
        client.say(b"SUB a 1\r\n")
        client.link.stuck = True
        client.session.overflowed(node.pending_bytes_max + 1)
    Client(node).session.violated(ProtocolError("x"))
    node.slow_by_kind[3] = 5
    node.stale_by_kind[0] = 7
    varz = page(node, "/varz")
    slow = {"clients": 2, "routes": 0, "gateways": 0, "leafs": 5}
    assert varz["slow_consumer_stats"] == slow
    assert varz["stale_connection_stats"] == {**slow, "clients": 7, "leafs": 0}
    assert node.accounts.globals.slow_consumers == 2
