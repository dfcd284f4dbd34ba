"""What may change while a server runs: the same two configurations for ours and for nats-server."""

import re
import signal
from pathlib import Path

import pytest

from tests.server.processes import OURS, ServerProcess

pytestmark = pytest.mark.hub

_LISTEN = 'host: 127.0.0.1\nport: -1\nserver_name: "one"\n'
_A = "accounts: { A: { users: [ { user: a, password: p } ] } }\n"
_JETSTREAM = 'jetstream: {{ store_dir: "STORE", {} }}\n'
_REMOTE = "leafnodes: {{ remotes: [ {{ {} }} ] }}\n"

# Old and new configuration; both come to the same end, with the same words when it is refused.
_PAIRS = {
    "nothing": ("", ""),
    "host": ("", "host: 127.0.0.2\n"),
    "port": ("", "port: 4567\n"),
    "server_name": ("", 'server_name: "two"\n'),
    "client_advertise": ('client_advertise: "a:1"\n', 'client_advertise: "b:2"\n'),
    "max_connections": ("max_connections: 5\n", "max_connections: 3\n"),
    "max_payload": ("max_payload: 1000\n", "max_payload: 2000\n"),
    "max_control_line": ("max_control_line: 4096\n", "max_control_line: 1024\n"),
    "max_pending": ("max_pending: 10000000\n", "max_pending: 20000000\n"),
    "max_subscriptions": ("max_subscriptions: 5\n", "max_subscriptions: 3\n"),
    "max_sub_tokens": ("max_sub_tokens: 5\n", "max_sub_tokens: 3\n"),
    "ping_interval": ('ping_interval: "5s"\n', 'ping_interval: "6s"\n'),
    "ping_max": ("ping_max: 5\n", "ping_max: 6\n"),
    "write_deadline": ('write_deadline: "5s"\n', 'write_deadline: "6s"\n'),
    "write_timeout": ("write_timeout: close\n", "write_timeout: retry\n"),
    "lame_duck_duration": ('lame_duck_duration: "40s"\n', 'lame_duck_duration: "50s"\n'),
    "lame_duck_grace_period": (
        'lame_duck_grace_period: "4s"\n',
        'lame_duck_grace_period: "5s"\n',
    ),
    "no_header_support": ("no_header_support: true\n", "no_header_support: false\n"),
    "disable_sublist_cache": ("disable_sublist_cache: true\n", "disable_sublist_cache: false\n"),
    "no_fast_producer_stall": (
        "no_fast_producer_stall: true\n",
        "no_fast_producer_stall: false\n",
    ),
    "max_closed_clients": ("max_closed_clients: 5\n", "max_closed_clients: 6\n"),
    "proxy_protocol": ("proxy_protocol: true\n", "proxy_protocol: false\n"),
    "server_tags": ("server_tags: [a]\n", "server_tags: [b]\n"),
    "server_metadata": ("server_metadata: {a: b}\n", "server_metadata: {a: c}\n"),
    "mappings": ("mappings: {a: b}\n", "mappings: {a: c}\n"),
    "system_account": (
        "system_account: A\naccounts: { A: {}, B: {} }\n",
        "system_account: B\naccounts: { A: {}, B: {} }\n",
    ),
    "no_system_account": ("no_system_account: true\n", "no_system_account: false\n"),
    "users": (_A, _A.replace("user: a", "user: b")),
    "no user any more": (_A, ""),
    "no_auth_user": (_A, _A + "no_auth_user: a\n"),
    "no no_auth_user any more": (_A + "no_auth_user: a\n", _A),
    "authorization": ("", "authorization: { user: a, password: b }\n"),
    "authorization timeout": (
        "authorization: { token: a, timeout: 1 }\n",
        "authorization: { token: a, timeout: 2 }\n",
    ),
    "jetstream on": ("", _JETSTREAM.format("")),
    "jetstream off": (_JETSTREAM.format(""), ""),
    "store_dir": (_JETSTREAM.format(""), 'jetstream: { store_dir: "STORE/other" }\n'),
    "more room": (
        _JETSTREAM.format("max_file: 10M, max_mem: 10M"),
        _JETSTREAM.format("max_file: 20M, max_mem: 20M"),
    ),
    "less disk": (_JETSTREAM.format("max_file: 10M"), _JETSTREAM.format("max_file: 5M")),
    "less memory": (_JETSTREAM.format("max_mem: 10M"), _JETSTREAM.format("max_mem: 5M")),
    "limited from now on": (_JETSTREAM.format(""), _JETSTREAM.format("max_file: 50G")),
    "unlimited from now on": (_JETSTREAM.format("max_file: 5M"), _JETSTREAM.format("")),
    "domain": (_JETSTREAM.format("domain: a"), _JETSTREAM.format("domain: b")),
    "unique_tag": (_JETSTREAM.format("unique_tag: a"), _JETSTREAM.format("unique_tag: b")),
    "debug": ("debug: true\n", "trace: true\nlogtime: false\n"),
    "max_traced_msg_len": ("max_traced_msg_len: 10\n", "max_traced_msg_len: 20\n"),
    "http_port": ("http: 127.0.0.1:-1\n", ""),
    "http_base_path": ("http_base_path: a\n", "http_base_path: b\n"),
    "pid_file": ("", "pid_file: STORE.pid\n"),
    "ports_file_dir": ("", "ports_file_dir: STORE.ports\n"),
    "error reports": ("connect_error_reports: 5\n", "reconnect_error_reports: 2\n"),
    "another remote": (
        _REMOTE.format('url: "nats://127.0.0.1:1"'),
        _REMOTE.format('url: "nats://127.0.0.1:2"'),
    ),
    "no remote any more": (_REMOTE.format('url: "nats://127.0.0.1:1"'), ""),
    "deny_imports": (
        _REMOTE.format('url: "nats://127.0.0.1:1"'),
        _REMOTE.format('url: "nats://127.0.0.1:1", deny_imports: a'),
    ),
    "reconnect": (
        _REMOTE.format('url: "nats://127.0.0.1:1"').replace("{", "{ reconnect: 1,", 1),
        _REMOTE.format('url: "nats://127.0.0.1:1"').replace("{", "{ reconnect: 2,", 1),
    ),
    "tls": ("", "tls: { cert_file: CERT, key_file: KEY }\n"),
    "no tls any more": ("tls: { cert_file: CERT, key_file: KEY }\n", ""),
    "tls timeout": (
        "tls: { cert_file: CERT, key_file: KEY }\n",
        "tls: { cert_file: CERT, key_file: KEY, timeout: 4 }\n",
    ),
    "handshake_first": (
        "tls: { cert_file: CERT, key_file: KEY }\n",
        "tls: { cert_file: CERT, key_file: KEY, handshake_first: true }\n",
    ),
    "allow_non_tls": (
        "tls: { cert_file: CERT, key_file: KEY }\n",
        "tls: { cert_file: CERT, key_file: KEY }\nallow_non_tls: true\n",
    ),
    "connection_rate_limit": (
        "tls: { cert_file: CERT, key_file: KEY }\n",
        "tls: { cert_file: CERT, key_file: KEY, connection_rate_limit: 9 }\n",
    ),
}
# Refused by both, each in its own words.
_WORDS_DIFFER = {
    "no such certificate": (
        "tls: { cert_file: CERT, key_file: KEY }\n",
        "tls: { cert_file: STORE, key_file: KEY }\n",
    ),
    "bad syntax": ("", "foo: ]\n"),
    "unknown field": ("", "foo: bar\n"),
    "no such user": ("", _A + "no_auth_user: x\n"),
}

_REFUSED = re.compile(r"\[ERR\] Failed to reload server configuration: (.*)")
# Once a log has no times any more, the rest of the line may be all that nats-server writes.
_DONE = re.compile(r"eloaded server configuration|server configuration \(sha256")


@pytest.fixture
def outcomes(tmp_path: Path, certificates, nats_server_path: Path):
    """Return what either server says of a change: the text of its refusal, or None."""

    def outcome(name: str, command: tuple[str, ...], old: str, new: str) -> str | None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "store.ports").mkdir()
        config = folder / "server.conf"
        names = {
            "STORE": str(folder / "store"),
            "CERT": f'"{certificates.cert_file}"',
            "KEY": f'"{certificates.key_file}"',
        }

        def write(text: str) -> None:
            # What stands there twice counts as it stands the second time.
            for key, value in names.items():
                text = text.replace(key, value)
            config.write_text(_LISTEN + text)

        write(old)
        with ServerProcess(folder, "-c", str(config), command=command) as server:
            server.wait_ready()
            write(new)
            server.signal(signal.SIGHUP)
            log = server.wait_match(lambda log: _REFUSED.search(log) or _DONE.search(log))
            refused = _REFUSED.search(log)
            # The one port was chosen by the system.
            return None if refused is None else re.sub(r"old=\d+", "old=PORT", refused[1])

    def both(old: str, new: str) -> tuple[str | None, str | None]:
        theirs = outcome("theirs", (str(nats_server_path),), old, new)
        return outcome("ours", OURS, old, new), theirs

    return both


@pytest.mark.parametrize("name", _PAIRS)
def test_the_same_end(outcomes, name):
    ours, theirs = outcomes(*_PAIRS[name])
    assert ours == theirs


@pytest.mark.parametrize("name", _WORDS_DIFFER)
def test_refused_by_both(outcomes, name):
    ours, theirs = outcomes(*_WORDS_DIFFER[name])
    assert ours
    assert theirs
