"""A new configuration for a running server: what clients notice, and what they do not."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.processes import ServerProcess
from tests.support.raw_client import RawClient
from tests.support.wait import wait_until

_LISTEN = "host: 127.0.0.1\nport: -1\n"
_VIOLATION = b"-ERR 'Authorization Violation'\r\n"


class Reloaded(ServerProcess):
    """A server whose configuration is ``text`` at first, and what ``change`` writes later."""

    def __init__(self, folder: Path, text: str) -> None:
        self._path = folder / "server.conf"
        self._reloads = 0
        self._clients: list[RawClient] = []
        self._path.write_text(_LISTEN + text)
        super().__init__(folder, "-c", str(self._path))
        self.port = self.wait_ready()

    def change(self, text: str) -> str:
        """Have it read another configuration; return the log once it has."""
        self._reloads += 1
        self._path.write_text(_LISTEN + text)
        self.signal(signal.SIGHUP)
        return self.wait_log("Reloaded server configuration", self._reloads)

    def client(self, **options: object) -> RawClient:
        client = self.visitor()
        client.connect(**options)
        return client

    def visitor(self) -> RawClient:
        """Return a client that has seen INFO and has said nothing yet."""
        self._clients.append(RawClient(self.port))
        return self._clients[-1]

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        super().__exit__()

    def login(self, name: str, password: str = "p") -> RawClient:
        return self.client(**{"user": name, "pass": password})


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    servers: list[Reloaded] = []

    def start(text: str = "") -> Reloaded:
        servers.append(Reloaded(tmp_path, text))
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


def accounts(**users: str) -> str:
    """Return an ``accounts`` block: account to the text of its users."""
    entries = [f"{name}: {{ users: [ {text} ] }}" for name, text in users.items()]
    return f"accounts: {{ {', '.join(entries)} }}\n"


def user(name: str, password: str = "p", more: str = "") -> str:
    return f"{{ user: {name}, password: {password}{more} }},"


def test_who_is_not_concerned_notices_nothing(serve):
    server = serve(accounts(A=user("a"), B=user("b")))
    client = server.login("a")
    client.send(b"SUB x 1\r\n")
    log = server.change(accounts(A=user("a"), B=user("b", "q"), C=user("c")) + "debug: true\n")
    assert "Reloaded: accounts" in log
    client.send(b"PUB x 2\r\nhi\r\n")
    assert client.flush() == b"MSG x 1 2\r\nhi\r\n"
    server.login("c").send(b"PUB x 2\r\nno\r\n")
    assert client.flush() == b""


def test_a_password_that_has_changed(serve):
    server = serve(accounts(A=user("a"), B=user("b")))
    first, second = server.login("a"), server.login("b")
    server.change(accounts(A=user("a", "other"), B=user("b")))
    assert first.read_to_end() == _VIOLATION
    assert second.flush() == b""
    server.login("a", "other").flush()


@pytest.mark.parametrize("users", [{"B": user("b")}, {"A": "", "B": user("a") + user("b")}])
def test_who_is_no_longer_the_same_user_has_to_come_back(serve, users):
    server = serve(accounts(A=user("a"), B=user("b")))
    first, second = server.login("a"), server.login("b")
    server.change(accounts(**users))
    assert first.read_to_end() == b""
    assert second.flush() == b""


def test_an_account_that_is_gone_and_back_again_is_a_new_one(serve):
    server = serve(accounts(A=user("a"), B=user("b")))
    first = server.login("a")
    server.change(accounts(B=user("b")))
    assert first.read_to_end() == b""
    server.change(accounts(A=user("a"), B=user("b")))
    client = server.login("a")
    client.send(b"SUB x 1\r\nPUB x 0\r\n\r\n")
    assert client.flush() == b"MSG x 1 0\r\n\r\n"


def test_requests_below_sys_in_accounts_that_come_and_go(serve):
    server = serve(accounts(A=user("a"), B=user("b")))

    def who_am_i() -> bytes:
        client = server.login("a")
        client.send(b"SUB inbox 1\r\nPUB $SYS.REQ.USER.INFO inbox 0\r\n\r\n")
        return client.flush()

    assert who_am_i().count(b'"account":"A"') == 1
    server.change(accounts(B=user("b")))
    server.change(accounts(A=user("a"), B=user("b")))
    # Once: nothing is left of the account that was there before.
    assert who_am_i().count(b'"account":"A"') == 1


def test_reload_by_request(serve):
    server = serve("accounts: { $SYS: { users: [ { user: s, password: p } ] } }\n")
    client = server.login("s")
    subject = f"$SYS.REQ.SERVER.{client.info['server_id']}.RELOAD".encode()
    text = server._path.read_text()

    def answer() -> dict:
        client.send(b"SUB inbox 1\r\nPUB %b inbox 0\r\n\r\n" % subject)
        size = int(client.read_match(rb"MSG inbox 1 (\d+)\r\n")[1])
        return json.loads(client.read_exactly(size))

    server._path.write_text(text + "max_payload: 1000\n")
    assert list(answer()) == ["server"]
    assert server.visitor().info["max_payload"] == 1000
    server._path.write_text(text + "max_payload: x\n")
    assert answer()["error"]["code"] == 500
    assert server.visitor().info["max_payload"] == 1000


def test_permissions_take_effect_at_once(serve):
    server = serve(accounts(A=user("a")))
    client = server.login("a")
    client.send(b"SUB foo 1\r\nSUB bar 2\r\nSUB foo.* q 3\r\nSUB foo.x 4\r\nSUB > 5\r\n")
    client.flush()
    rules = ', permissions: { publish: ["x", "foo.>"], subscribe: { allow: ["bar", "foo.*"], '
    log = server.change(accounts(A=user("a", more=rules + 'deny: "foo.x" } }')))
    lost = [("foo", 1), ("foo.x", 4), (">", 5)]
    assert sorted(client.flush().splitlines()) == sorted(
        f'-ERR \'Permissions Violation for Subscription to "{name}" (sid "{sid}")\''.encode()
        for name, sid in lost
    )
    assert 'Removed sub "foo.x" (sid "4") for User "a" - not authorized' in log
    client.send(b"PUB y 0\r\n\r\n")
    assert b'Permissions Violation for Publish to "y"' in client.flush()
    # What is denied of a subscription that stays is filtered; and the other way round.
    client.send(b"PUB foo.x 0\r\n\r\nPUB foo.y 0\r\n\r\n")
    assert client.flush() == b"MSG foo.y 3 0\r\n\r\n"
    server.change(accounts(A=user("a")))
    client.send(b"PUB foo.x 0\r\n\r\n")
    assert client.flush() == b"MSG foo.x 3 0\r\n\r\n"


def test_passwords_from_now_on(serve):
    server = serve()
    known, unknown, silent = server.client(), server.client(name="x"), server.visitor()
    silent.send(b"PING\r\n")
    silent.read_until(b"PONG\r\n")
    server.change("authorization: { user: a, password: p }\n")
    for client in (known, unknown, silent):
        assert client.read_to_end() == _VIOLATION
    assert server.visitor().info["auth_required"]
    server.login("a").flush()


def test_no_passwords_any_more(serve):
    server = serve("authorization: { user: a, password: p }\n")
    waiting = server.visitor()
    server.change("")
    assert waiting.read_to_end() == _VIOLATION
    server.client().flush()


def test_who_may_come_without_credentials(serve):
    nobody = "no_auth_user: a\n"
    server = serve(accounts(A=user("a"), B=user("b")) + nobody)
    client = server.client()
    # Whoever gives no password does not need to know the new one.
    server.change(accounts(A=user("a", "q"), B=user("b")) + nobody)
    assert client.flush() == b""


def test_fewer_connections_close_those_that_came_last(serve):
    server = serve()
    clients = [server.client() for _ in range(4)]
    log = server.change("max_connections: 2\n")
    assert "Closed 2 connections to fall within max_connections" in log
    assert [client.flush() for client in clients[:2]] == [b"", b""]
    for client in clients[2:]:
        assert client.read_to_end() == b"-ERR 'maximum connections exceeded'\r\n"


def test_sizes_hold_for_those_who_are_there(serve):
    server = serve()
    first, second = server.client(), server.client()
    server.change("max_payload: 10\nmax_control_line: 20\n")
    assert server.visitor().info["max_payload"] == 10
    first.send(b"PUB a 11\r\n12345678901\r\n")
    assert first.read_to_end() == b"-ERR 'Maximum Payload Violation'\r\n"
    second.send(b"PUB " + b"a" * 30 + b" 1\r\n1\r\n")
    assert second.read_to_end() == b"-ERR 'maximum control line exceeded'\r\n"


def test_mappings_take_effect_at_once(serve):
    server = serve()
    client = server.client()
    client.send(b"SUB bar 1\r\nPUB foo 0\r\n\r\n")
    assert client.flush() == b""
    server.change("mappings: { foo: bar }\n")
    client.send(b"PUB foo 0\r\n\r\n")
    assert client.flush() == b"MSG bar 1 0\r\n\r\n"
    server.change("")
    client.send(b"PUB foo 0\r\n\r\n")
    assert client.flush() == b""


def test_tracing_begins_and_ends_for_those_who_are_there(serve):
    server = serve()
    client = server.client()
    server.change("trace: true\n")
    client.send(b"SUB traced 1\r\n")
    client.flush()
    assert "<<- [SUB traced 1]" in server.log()
    server.change("")
    client.send(b"SUB untraced 1\r\n")
    client.flush()
    assert "untraced" not in server.log()


def test_the_log_moves_to_another_file(serve, tmp_path: Path):
    server = serve()
    path = tmp_path / "server.log"
    server._path.write_text(f'{_LISTEN}logfile: "{path}"\n')
    server.signal(signal.SIGHUP)
    wait_until(lambda: path.exists() and "Reloaded server configuration" in path.read_text())
    server._path.write_text(f'{_LISTEN}logfile: "{tmp_path / "none" / "log"}"\n')
    server.signal(signal.SIGHUP)
    wait_until(lambda: "error opening logfile" in path.read_text())
    server.client().flush()


def test_certificates_for_those_who_come_from_now_on(serve, certificates):
    server = serve()
    plain = server.client()
    tls = f'tls: {{ cert_file: "{certificates.cert_file}", key_file: "{certificates.key_file}" }}\n'
    server.change(tls)
    assert plain.flush() == b""
    assert server.visitor().info["tls_required"]
    server.change("")
    assert "tls_required" not in server.visitor().info


def test_nothing_changes_when_something_is_wrong(serve, certificates, tmp_path: Path):
    server = serve("max_payload: 100\n")
    client = server.client()
    for wrong in ("tls: { cert_file: none, key_file: none }", "max_payload: x", "cluster: {}"):
        server._path.write_text(
            f"{_LISTEN}max_payload: 10\nauthorization: {{ token: t }}\n"
            f"mappings: {{ a: b }}\n{wrong}\n"
        )
        before = server.log().count("[ERR] Failed to reload server configuration")
        server.signal(signal.SIGHUP)
        server.wait_log("[ERR] Failed to reload server configuration", before + 1)
        client.send(b"SUB a 1\r\nPUB a 11\r\n12345678901\r\nUNSUB 1\r\n")
        assert client.flush() == b"MSG a 1 11\r\n12345678901\r\n"
    assert "Reloaded" not in server.log()


def test_monitoring_tells_of_it(serve):
    text = "http: 127.0.0.1:-1\n"
    server = serve(text)
    line = next(line for line in server.log().splitlines() if "http monitor" in line)
    url = f"http://127.0.0.1:{line.rpartition(':')[2]}/varz"

    def varz() -> dict:
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)

    before = varz()
    server.change(text + "max_connections: 7\nserver_tags: [edge]\n")
    after = varz()
    assert after["max_connections"] == 7
    assert after["tags"] == ["edge"]
    assert after["config_digest"] != before["config_digest"]
    assert after["config_load_time"] > before["config_load_time"] == before["start"]


def test_files_that_tell_of_the_server(serve, tmp_path: Path):
    server = serve()
    folder = tmp_path / "ports"
    folder.mkdir()
    server.change(f'pid_file: "{tmp_path / "pid"}"\nports_file_dir: "{folder}"\n')
    assert (tmp_path / "pid").read_text() == str(server.pid)
    path = folder / f"nats-server_{server.pid}.ports"
    assert json.loads(path.read_text())["nats"] == [f"nats://127.0.0.1:{server.port}"]
    server.change("")
    assert not path.exists()


def test_streams_on_and_off_and_on_again(serve, tmp_path: Path):
    def ask(request: bytes, body: bytes = b"") -> bytes:
        client = server.client()
        client.send(b"SUB r 1\r\nPUB $JS.API.%s r %d\r\n%s\r\n" % (request, len(body), body))
        return client.read_match(rb"MSG r 1 \d+\r\n(.*)\r\n")[1]

    on = f'jetstream: {{ store_dir: "{tmp_path / "store"}" }}\n'
    server = serve()
    server.change(on)
    assert server.visitor().info["jetstream"]
    assert b"did_create" in ask(b"STREAM.CREATE.S", b'{"name":"S","subjects":["s"]}')
    client = server.client()
    client.send(b"SUB r 1\r\nPUB s r 1\r\nx\r\n")
    client.read_until(b'"seq":1}')
    assert "Reloaded: JetStream" in server.change("")
    server.wait_log("[INF] JetStream Shutdown")
    assert "jetstream" not in server.visitor().info
    server.change(on)
    assert b'"messages":1' in ask(b"STREAM.INFO.S")


def test_where_an_account_has_sampled_messages_traced(serve):
    def traced(client: RawClient) -> bytes:
        client.send(b"SUB t.* 1\r\nHPUB f 35 35\r\nNATS/1.0\r\ntraceparent: a-b-c-01\r\n\r\n\r\n")
        return client.flush()

    def text(trace: str) -> str:
        return f"accounts {{ A: {{ {trace} users: [ {user('a')} ] }} }}\n"

    server = serve(text(""))
    client = server.login("a")
    assert traced(client) == b""
    server.change(text("msg_trace: t.1,"))
    assert b"MSG t.1 1 " in traced(client)
    server.change(text("msg_trace: { dest: t.2, sampling: 100 },"))
    assert b"MSG t.2 1 " in traced(client)
    server.change(text(""))
    assert traced(client) == b""


def test_streams_of_accounts(serve, tmp_path: Path):
    def config(*streams: str) -> str:
        entries = [
            f"{name}: {{ users: [ {user(name.lower())} ] {', jetstream: on' * (name in streams)} }}"
            for name in ("A", "B")
        ]
        store = f'jetstream: {{ store_dir: "{tmp_path / "store"}" }}\n'
        return f"{store}accounts: {{ {', '.join(entries)} }}\n"

    def ask(name: str) -> bytes:
        client = server.login(name)
        client.send(b"SUB r 1\r\nPUB $JS.API.INFO r 0\r\n\r\n")
        return client.read_match(rb"MSG r 1 \d+\r\n(.*)\r\n")[1]

    server = serve(config("A"))
    assert b"10039" not in ask("a")
    assert b"10039" in ask("b")
    server.change(config("B"))
    assert b"10039" in ask("a")
    assert b"10039" not in ask("b")
