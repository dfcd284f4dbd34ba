"""Leaf links to a real nats-server: what passes, what does not, and what outages do."""

import asyncio
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import nats
import pytest

from headwater.broker.node import Node
from headwater.broker.subscription import InternalSubscription
from headwater.config.options import LeafRemote, LeafUrl
from headwater.wire.message import Message
from tests.support.leaf_node import LeafNode
from tests.support.nats_server import NatsServer
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

pytestmark = pytest.mark.hub

HUB = """
server_name: HUB
leafnodes {
  listen: "127.0.0.1:%s"
  no_advertise: true
  authorization { user: lf, password: %s }
}
"""


def hub_config(port: int | str = -1, password: str = "pw", more: str = "") -> str:
    return HUB % (port, password) + more


def leaf_port(hub: NatsServer) -> int:
    """Return where the hub takes leaf nodes; its log alone tells."""
    return int(re.findall(r"leafnode connections on \S+:(\d+)", hub.log())[-1])


def remote_of(server: NatsServer, user: str = "lf", password: str = "pw", **options) -> LeafRemote:
    url = LeafUrl("127.0.0.1", leaf_port(server), user, password)
    return LeafRemote(urls=(url,), **options)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def hub(nats_server) -> NatsServer:
    return nats_server(config=hub_config())


def client(port: int, *subscriptions: bytes) -> RawClient:
    """Return a connected client with subscriptions ``subject sid`` or ``subject queue sid``."""
    raw = RawClient(port)
    raw.connect(no_responders=True)
    for line in subscriptions:
        raw.send(b"SUB " + line + b"\r\n")
    raw.flush()
    return raw


def reaches(publisher: RawClient, subject: bytes, receiver: RawClient, sid: bytes) -> None:
    """Publish until the receiver gets it: interest takes its time to get there."""

    def arrived() -> bool:
        publisher.send(b"PUB %s 5\r\nprobe\r\n" % subject)
        publisher.flush()
        return b"MSG %s %s 5\r\nprobe\r\n" % (subject, sid) in receiver.flush()

    wait_until(arrived, what=f"{subject!r} at the other side")


def wait_served(port: int, subject: bytes) -> None:
    """Ask until somebody is interested in the request."""
    with client(port, b"answers.here 1") as asker:

        def served() -> bool:
            asker.send(b"PUB %s answers.here 0\r\n\r\n" % subject)
            return b"NATS/1.0 503" not in asker.flush()

        wait_until(served, what=f"somebody to serve {subject!r}")


def quiet(receiver: RawClient, publisher: RawClient) -> None:
    """Wait until what was published before has arrived, and forget it."""
    publisher.flush()
    before = None

    def unchanged() -> bool:
        nonlocal before
        now = receiver.flush()
        before, same = now, now == b""
        return same

    wait_until(unchanged)


@pytest.mark.parametrize(
    ("pattern", "subject"), [(b"plain", b"plain"), (b"a.*.c", b"a.b.c"), (b"w.>", b"w.x.y.z")]
)
def test_interest_travels_both_ways(hub, pattern, subject):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with client(node.port, pattern + b" 7") as here, client(hub.port()) as there:
            reaches(there, subject, here, b"7")
        with client(hub.port(), pattern + b" 8") as there, client(node.port) as here:
            reaches(here, subject, there, b"8")


def test_interest_that_was_there_before_the_link(nats_server):
    port = free_port()
    url = LeafUrl("127.0.0.1", port, "lf", "pw")
    with LeafNode(LeafRemote(urls=(url,))) as node, client(node.port, b"early.> 1") as here:
        hub = nats_server(config=hub_config(port))
        with client(hub.port(), b"late 2") as there:
            node.wait_connected()
            reaches(there, b"early.bird", here, b"1")
            reaches(here, b"late", there, b"2")


def test_messages_come_once_and_never_back(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with (
            client(node.port, b"x.> 1") as here,
            client(hub.port(), b"x.> 2", b"x.* 3", b"x.y 4") as there,
        ):
            reaches(here, b"x.probe", there, b"2")
            reaches(there, b"x.probe", here, b"1")
            quiet(there, here)
            quiet(here, there)
            here.send(b"PUB x.y 1\r\nA\r\n")
            here.expect(b"MSG x.y 1 1\r\nA\r\n")
            got = there.read_exactly(3 * len(b"MSG x.y 2 1\r\nA\r\n"))
            assert sorted(got.split(b"\r\n")[::2]) == [
                b"",
                b"MSG x.y 2 1",
                b"MSG x.y 3 1",
                b"MSG x.y 4 1",
            ]
            # Had anything been echoed, it would be here by the time of the answer.
            there.send(b"PUB x.z 1\r\nB\r\n")
            here.expect(b"MSG x.z 1 1\r\nB\r\n")


def test_unsubscribing_ends_the_interest_at_the_hub(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with client(node.port, b"svc 1") as here, client(hub.port(), b"in 9") as there:
            reaches(there, b"svc", here, b"1")
            here.send(b"UNSUB 1\r\n")
            here.flush()

            def refused() -> bool:
                there.send(b"PUB svc in 1\r\n?\r\n")
                return b"NATS/1.0 503" in there.flush()

            wait_until(refused)


def test_requests_and_replies_cross_the_link(hub):
    async def scenario(node: LeafNode) -> None:
        here = await nats.connect(node.url)
        there = await nats.connect(hub.client_url)
        try:
            await serve_and_ask(here, node.port, there, "to.hub")
            await serve_and_ask(there, hub.port(), here, "to.leaf")
        finally:
            await here.close()
            await there.close()

    async def serve_and_ask(asker, asker_port: int, server, subject: str) -> None:
        async def answer(message):
            await message.respond(
                message.data + b"!" + (message.header or {}).get("K", "").encode()
            )

        await server.subscribe(subject, cb=answer)
        await server.flush()
        await asyncio.to_thread(wait_served, asker_port, subject.encode())
        reply = await asker.request(subject, b"q", timeout=5, headers={"K": "v"})
        assert reply.data == b"q!v"

    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        asyncio.run(scenario(node))


def test_no_responders_on_both_sides(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        for port in (node.port, hub.port()):
            with client(port, b"inbox 1") as asker:
                asker.send(b"PUB nobody.here inbox 1\r\n?\r\n")
                assert b"NATS/1.0 503" in asker.read_until(b"\r\n\r\n")


def test_headers_pass_unchanged(hub):
    block = b"NATS/1.0\r\nA: 1\r\nB: two\r\n\r\n"
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with client(node.port, b"h 1") as here, client(hub.port(), b"h 2") as there:
            reaches(here, b"h", there, b"2")
            reaches(there, b"h", here, b"1")
            quiet(there, here)
            quiet(here, there)
            size = (len(block), len(block) + 4)
            there.send(b"HPUB h r %d %d\r\n" % size + block + b"body\r\n")
            here.expect(b"HMSG h 1 r %d %d\r\n" % size + block + b"body\r\n")
            there.read_until(b"body\r\n")
            here.send(b"HPUB h %d %d\r\n" % size + block + b"body\r\n")
            there.expect(b"HMSG h 2 %d %d\r\n" % size + block + b"body\r\n")


def test_a_queue_group_on_both_sides_is_served_once_and_locally(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with (
            client(node.port, b"q g 1", b"q g 2", b"all 5") as here,
            client(hub.port(), b"q g 3", b"all 6") as there,
            client(node.port) as publisher,
        ):
            reaches(publisher, b"all", there, b"6")
            reaches(there, b"all", here, b"5")
            quiet(here, publisher)
            publisher.send(b"PUB q 1\r\nx\r\n" * 400 + b"PUB all 3\r\nend\r\n")
            local = here.read_until(b"end\r\n")
            remote = there.read_until(b"end\r\n")
            counts = Counter(line for line in local.split(b"\r\n") if line.startswith(b"MSG q"))
            assert set(counts) == {b"MSG q 1 1", b"MSG q 2 1"}
            assert sum(counts.values()) == 400
            assert min(counts.values()) > 120
            assert b"MSG q" not in remote


def test_a_queue_group_with_members_at_the_other_side_only(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with (
            client(node.port, b"up g 1", b"up g 2", b"up h 3", b"here 9") as here,
            client(hub.port(), b"down g 4", b"down g 5", b"down h 6", b"there 9") as there,
        ):
            for publisher, receiver, subject, mark, sids in (
                (there, here, b"up", b"here", (b"1", b"2", b"3")),
                (here, there, b"down", b"there", (b"4", b"5", b"6")),
            ):
                reaches(publisher, mark, receiver, b"9")
                quiet(receiver, publisher)
                publisher.send(b"PUB %s 1\r\nx\r\n" % subject * 300 + b"PUB %s 3\r\nend\r\n" % mark)
                lines = receiver.read_until(b"end\r\n").split(b"\r\n")
                counts = Counter(line.split()[2] for line in lines if line.startswith(b"MSG"))
                one, two, alone = (counts[sid] for sid in sids)
                assert one + two == 300
                assert min(one, two) > 60
                assert alone == 300


def test_large_messages(hub):
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with client(node.port, b"big 1") as here, client(hub.port(), b"big 2") as there:
            reaches(here, b"big", there, b"2")
            reaches(there, b"big", here, b"1")
            quiet(there, here)
            quiet(here, there)
            payload = bytes(range(256)) * 4096  # 1 MiB, the most that both take
            line = b"PUB big %d\r\n" % len(payload) + payload + b"\r\n"
            for _ in range(3):
                threading.Thread(target=there.send, args=(line,)).start()
                here.expect(b"MSG big 1 %d\r\n" % len(payload) + payload + b"\r\n")
                there.expect(b"MSG big 2 %d\r\n" % len(payload) + payload + b"\r\n")
                threading.Thread(target=here.send, args=(line,)).start()
                there.expect(b"MSG big 2 %d\r\n" % len(payload) + payload + b"\r\n")
                here.expect(b"MSG big 1 %d\r\n" % len(payload) + payload + b"\r\n")


def test_a_message_that_the_hub_would_not_take_does_not_cost_the_link(nats_server):
    hub = nats_server(config=hub_config(more="max_payload: 1000\n"))
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        with client(node.port) as here, client(hub.port(), b"s 1") as there:
            reaches(here, b"s", there, b"1")
            quiet(there, here)
            here.send(b"PUB s 1001\r\n" + bytes(1001) + b"\r\nPUB s 2\r\nok\r\n")
            there.expect(b"MSG s 1 2\r\nok\r\n")
        assert node.status()[0]["connects"] == 1
        assert "1001 bytes" in node.log_text("ERR")


def test_the_link_comes_back_after_the_hub_restarts(nats_server):
    port = free_port()
    hub = nats_server(config=hub_config(port))
    with LeafNode(remote_of(hub)) as node, client(node.port, b"r 1") as here:
        node.wait_connected()
        for round_ in (2, 3):
            hub.kill()
            wait_until(lambda: not node.status()[0]["connected"])
            hub.start()
            node.wait_connected(connects=round_)
            with client(hub.port()) as there:
                reaches(there, b"r", here, b"1")


def test_interest_of_the_hub_ends_with_the_link(hub):
    with (
        LeafNode(remote_of(hub)) as node,
        client(node.port, b"in 1") as here,
        client(hub.port(), b"gone 2") as there,
    ):
        node.wait_connected()
        reaches(here, b"gone", there, b"2")
        hub.kill()
        wait_until(lambda: not node.status()[0]["connected"])
        quiet(here, here)
        here.send(b"PUB gone in 1\r\n?\r\n")
        assert b"NATS/1.0 503" in here.read_until(b"\r\n\r\n")


def test_wrong_credentials_are_told_and_tried_again(nats_server):
    port = free_port()
    hub = nats_server(config=hub_config(port, password="other"))
    with LeafNode(remote_of(hub, password="hunter2")) as node:
        wait_until(lambda: node.status()[0]["failures"] >= 2, what="two refusals")
        errors = node.log_text("ERR")
        assert f"127.0.0.1:{port}" in errors
        assert "Authorization Violation" in errors
        assert 'user "lf"' in errors
        assert "Authorization Violation" in node.status()[0]["last_error"]
        assert "hunter2" not in node.log_text()
        hub.stop()
        nats_server(config=hub_config(port, password="hunter2"))
        node.wait_connected()
        assert node.status()[0]["last_error"] == ""


def test_a_token_is_never_shown(hub):
    with LeafNode(remote_of(hub, user="s3cret-token", password="")) as node:
        wait_until(lambda: node.status()[0]["failures"] >= 1)
        assert "Authorization Violation" in node.log_text("ERR")
        assert "s3cret-token" not in node.log_text()
        assert "s3cret-token" not in repr(node.status())


def test_a_user_and_a_token_of_the_normal_authorization(nats_server):
    hub = nats_server(
        config='authorization { token: "t0k" }\nleafnodes { listen: "127.0.0.1:-1" }\n'
    )
    with LeafNode(remote_of(hub, user="t0k", password="")) as node:
        node.wait_connected()


def test_the_client_port_is_recognised(hub):
    url = LeafUrl("127.0.0.1", hub.port(), "lf", "pw")
    with LeafNode(LeafRemote(urls=(url,))) as node:
        wait_until(lambda: node.status()[0]["failures"] >= 1)
        assert "attempted to connect to wrong port" in node.status()[0]["last_error"]


def test_permissions_of_the_hub_are_kept(nats_server):
    config = """
    accounts { A { users: [
      {user: lf, password: pw, permissions: {
        subscribe: {allow: ["in.>", "_INBOX.>"]}, publish: {allow: ["ok.>"], deny: ["ok.no"]}}},
      {user: cl, password: pw} ] } }
    leafnodes { listen: "127.0.0.1:-1" }
    """
    hub = nats_server(config=config)
    with LeafNode(remote_of(hub)) as node:
        node.wait_connected()
        here = client(node.port, b"in.x 1", b"out.x 2")
        patterns = client(node.port, b"*.* 3", b"> 4")
        there = RawClient(hub.port())
        there.connect(user="cl", **{"pass": "pw"})
        there.send(b"SUB > 9\r\n")
        there.flush()
        with here, there, patterns:
            reaches(here, b"ok.yes", there, b"9")
            reaches(there, b"in.only.patterns", patterns, b"4")
            reaches(there, b"in.y", patterns, b"3")
            reaches(there, b"in.x", here, b"1")
            quiet(there, here)
            quiet(here, there)
            here.send(b"PUB ok.no 1\r\n?\r\nPUB bad 1\r\n?\r\nPUB ok.end 1\r\n!\r\n")
            there.expect(b"MSG ok.end 9 1\r\n!\r\n")
            there.send(b"PUB out.x 1\r\n?\r\nPUB in.x 1\r\n!\r\n")
            here.expect(b"MSG in.x 1 1\r\n!\r\n")
            assert b"out.x" not in patterns.flush()
        assert node.status()[0]["connects"] == 1


def test_denied_imports_and_exports(hub):
    remote = remote_of(hub, deny_imports=("no.in.>",), deny_exports=("no.out.>",))
    with LeafNode(remote) as node:
        node.wait_connected()
        with client(node.port, b"> 1") as here, client(hub.port(), b"> 2") as there:
            reaches(here, b"yes", there, b"2")
            reaches(there, b"yes", here, b"1")
            here.send(b"PUB no.out.x 1\r\n?\r\nPUB end.up 1\r\n!\r\n")
            assert b"no.out" not in there.read_until(b"end.up")
            there.send(b"PUB no.in.x 1\r\n?\r\nPUB end.down 1\r\n!\r\n")
            assert b"no.in" not in here.read_until(b"end.down")


def test_a_ring_of_links_is_noticed(nats_server):
    upper = nats_server(config=hub_config(more=""))
    lower = nats_server(
        config=hub_config()
        .replace("HUB", "LOWER")
        .replace(
            "no_advertise: true",
            f'no_advertise: true\n  remotes: [{{url: "nats://lf:pw@127.0.0.1:'
            f'{leaf_port(upper)}"}}]',
        )
    )
    with LeafNode(remote_of(upper), remote_of(lower)) as node:
        wait_until(
            lambda: any("Loop detected" in status["last_error"] for status in node.status()),
            what="the ring to be noticed",
        )
        waiting = [status for status in node.status() if "Loop" in status["last_error"]]
        assert waiting[0]["retry_ns"] == 30_000_000_000


class Proxy:
    """Carries one port to another, until the cable is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        sockets, self._sockets = self._sockets, []
        for end in sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        copy: Callable[[], bytes] = lambda: source.recv(65536)  # noqa: E731
        try:
            while data := copy():
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()


def test_cutting_the_link_again_and_again(hub):
    with closing(Proxy(leaf_port(hub))) as proxy:
        url = LeafUrl("127.0.0.1", proxy.port, "lf", "pw")
        with LeafNode(LeafRemote(urls=(url,))) as node, client(node.port, b"c 1") as here:
            for connects in range(1, 6):
                node.wait_connected(connects=connects)
                with client(hub.port()) as there:
                    reaches(there, b"c", here, b"1")
                proxy.cut()
                wait_until(lambda n=connects: node.status()[0]["connects"] > n)


# JetStream on both sides of a link.

DOMAIN_HUB = """
server_name: HUB
jetstream { store_dir: "%s", domain: hub }
leafnodes { listen: "127.0.0.1:-1", no_advertise: true, authorization { user: lf, password: pw } }
"""


@pytest.fixture
def domain_hub(nats_server, tmp_path) -> NatsServer:
    return nats_server(config=DOMAIN_HUB % (tmp_path / "hub-store"))


def with_jetstream(node: Node) -> None:
    """Answer the JetStream API as the engine of this side would, with the subject asked for."""
    account = node.accounts.globals

    class Engine:
        API_LEVEL = 1

    def answer(message, origin) -> None:
        reply = message.reply()
        if reply:
            node.router.publish(account, reply, b"edge answers " + message.subject)

    node.jetstream = Engine()
    for subject in (b"$JS.API.>", b"$JS.edge.API.>"):
        account.subscribe(InternalSubscription(subject, answer))


def test_each_jetstream_is_reached_by_its_domain(domain_hub):
    async def scenario(node: LeafNode) -> None:
        here = await nats.connect(node.url)
        there = await nats.connect(domain_hub.client_url)
        try:
            reply = await there.request("$JS.edge.API.STREAM.NAMES", b"", timeout=5)
            assert reply.data == b"edge answers $JS.edge.API.STREAM.NAMES"
            reply = await here.request("$JS.API.INFO", b"", timeout=5)
            assert reply.data == b"edge answers $JS.API.INFO"
            reply = await there.request("$JS.API.INFO", b"", timeout=5)
            assert json.loads(reply.data)["domain"] == "hub"
            reply = await here.request("$JS.hub.API.INFO", b"", timeout=5)
            assert json.loads(reply.data)["domain"] == "hub"
        finally:
            await here.close()
            await there.close()

    with LeafNode(remote_of(domain_hub), domain="edge", prepare=with_jetstream) as node:
        node.wait_connected()
        wait_served(domain_hub.port(), b"$JS.edge.API.INFO")
        wait_served(node.port, b"$JS.hub.API.INFO")
        asyncio.run(scenario(node))
        assert 'JetStream using domains: local "edge", remote "hub"' in node.log_text("INF")


def test_streams_of_the_hub_are_used_through_the_link(domain_hub):
    async def scenario(node: LeafNode) -> None:
        here = await nats.connect(node.url)
        try:
            context = here.jetstream(domain="hub")
            await context.add_stream(name="ORDERS", subjects=["orders.*"])
            await asyncio.to_thread(wait_served, node.port, b"orders.probe")
            async with asyncio.timeout(10):
                # Elsewhere the probe may be stored after a purge that was asked for later.
                while not (await context.stream_info("ORDERS")).state.messages:
                    pass
            await context.purge_stream("ORDERS")
            before = (await context.stream_info("ORDERS")).state.last_seq
            for number in range(50):
                ack = await context.publish(f"orders.{number}", b"%d" % number)
                assert ack.domain == "hub"
            push = await context.subscribe("orders.*", ordered_consumer=True)
            for number in range(50):
                message = await push.next_msg(timeout=5)
                assert (message.subject, message.data) == (f"orders.{number}", b"%d" % number)
                assert message.metadata.sequence.stream == before + number + 1
            pull = await context.pull_subscribe("orders.*", durable="d")
            messages = await pull.fetch(50, timeout=5)
            assert [message.subject for message in messages] == [f"orders.{n}" for n in range(50)]
            for message in messages:
                await message.ack_sync(timeout=5)
        finally:
            await here.close()

    with LeafNode(remote_of(domain_hub), domain="edge", prepare=with_jetstream) as node:
        node.wait_connected()
        wait_served(node.port, b"$JS.hub.API.INFO")
        asyncio.run(scenario(node))


def test_what_this_side_delivers_shows_the_stored_subject(domain_hub):
    ack = b"$JS.ACK.ORDERS.c.1.7.3.1700000000000000000.0"

    def deliver(node: LeafNode) -> None:
        message = Message()
        message.compose(b"orders.7", ack, b"", b"body")
        message.subject = b"deliver.me"
        message.rewritten = True
        node.node.router.route(node.node.accounts.globals, message, None)
        node.node.router.flush()

    with LeafNode(remote_of(domain_hub)) as node:
        node.wait_connected()
        with client(domain_hub.port(), b"deliver.me 4") as there, client(node.port) as here:
            reaches(here, b"deliver.me", there, b"4")
            quiet(there, here)
            node.call(lambda: deliver(node))
            there.expect(b"MSG orders.7 4 " + ack + b" 4\r\nbody\r\n")


def test_a_hub_that_hangs_on_us(nats_server):
    """``hub: true``: we dial, and are the hub all the same."""
    below = nats_server(config=hub_config())
    with LeafNode(remote_of(below, hub=True)) as node:
        node.wait_connected()
        with client(node.port, b"a 1") as here, client(below.port(), b"b 2") as there:
            reaches(there, b"a", here, b"1")
            reaches(here, b"b", there, b"2")
