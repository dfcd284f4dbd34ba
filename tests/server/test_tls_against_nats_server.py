"""TLS on the client port in all its kinds: what clients meet, as on nats-server."""

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from tests.server.twins import Twin, Twins
from tests.support.certificates import Certificates

pytestmark = pytest.mark.hub

_SECONDS = 10
# How long a client waits for a greeting that is not to come.
_PATIENCE_S = 0.4
_CONNECT = b'CONNECT {"verbose":false,"protocol":1,"name":"me"}\r\nPING\r\n'
_SHOWN = ("tls_required", "tls_available", "tls_verify", "auth_required")


def _config(certificates: Certificates, options: str = "", top: str = "") -> str:
    return f"""
        http: "127.0.0.1:-1"
        {top}
        tls {{
            cert_file: "{certificates.cert_file}"
            key_file: "{certificates.key_file}"
            ca_file: "{certificates.ca_file}"
            {options}
        }}
    """


class Caller:
    """A client that may go over to TLS at any time."""

    def __init__(self, port: int, certificates: Certificates) -> None:
        self._certificates = certificates
        self.socket: Any = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._received = b""

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def secure(self, context: ssl.SSLContext | None = None) -> str:
        """Shake hands; return "secured", or that this failed."""
        context = context or self._certificates.client_context(with_certificate=True)
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        except OSError:
            return "failed"
        return "secured"

    def heard(self, mark: bytes = b"\r\n", seconds: float = _SECONDS) -> Any:
        """Return INFO's fields as shown, other bytes up to ``mark``, "closed" or "silence"."""
        self.socket.settimeout(seconds)
        while mark not in self._received:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return "silence"
            except OSError:
                data = b""
            if not data:
                return "closed"
            self._received += data
        size = self._received.index(mark) + len(mark)
        line, self._received = self._received[:size], self._received[size:]
        if not line.startswith(b"INFO "):
            return line
        fields = json.loads(line[5:])
        return {name: fields[name] for name in _SHOWN if name in fields}

    def log_in(self) -> list[Any]:
        """Return the answers to CONNECT and PING: PONG, and the INFO that follows it."""
        try:
            self.socket.sendall(_CONNECT)
        except OSError:
            return ["closed"]
        answer = self.heard()
        return [answer] if answer == "closed" else [answer, self.heard()]


def _shown(twin: Twin) -> dict[str, Any]:
    """Return what /connz tells of TLS on the connection that is open."""
    entry = twin.ask("connz")["connections"][0]
    return {name: entry.get(name) for name in ("tls_version", "tls_first", "name")}


def _closed(twin: Twin, count: int) -> list[Any]:
    """Return what is told of closed connections once there are so many, else nothing."""
    found = twin.ask("connz?state=closed")["connections"]
    return found if len(found) == count else []


def _waits(twin: Twin, certificates: Certificates) -> list[Any]:
    """A client that waits to be greeted, and then goes on in the clear."""
    with Caller(twin.port, certificates) as caller:
        return [caller.heard(seconds=_PATIENCE_S), *caller.log_in()]


def _waits_and_secures(twin: Twin, certificates: Certificates) -> list[Any]:
    with Caller(twin.port, certificates) as caller:
        greeting = caller.heard(seconds=_PATIENCE_S)
        secured = caller.secure()
        if greeting == "silence":
            greeting = ["inside", caller.heard()]
        return [greeting, secured, *caller.log_in(), _shown(twin)]


def _secures_at_once(twin: Twin, certificates: Certificates) -> list[Any]:
    with Caller(twin.port, certificates) as caller:
        if caller.secure() == "failed":
            return ["failed"]
        return [caller.heard(), *caller.log_in(), _shown(twin)]


def _talks_at_once(twin: Twin, certificates: Certificates) -> list[Any]:
    with Caller(twin.port, certificates) as caller:
        caller.socket.sendall(_CONNECT)
        first = caller.heard()
        return [first] if first == "closed" else [first, caller.heard()]


_WAYS: list[Callable[[Twin, Certificates], list[Any]]] = [
    _waits,
    _waits_and_secures,
    _secures_at_once,
    _talks_at_once,
]


@pytest.mark.parametrize(
    ("top", "options"),
    [
        ("", ""),
        ("", "verify: true"),
        ("", "handshake_first: true"),
        ("", "handshake_first: auto"),
        ("", 'handshake_first: "200ms"'),
        ("allow_non_tls: true", ""),
        ("allow_non_tls: true", "handshake_first: true"),
        ("allow_non_tls: true", "handshake_first: auto"),
        ("authorization { users: [ { user: a, password: b } ] }\nno_auth_user: a", ""),
    ],
)
def test_all_ways_to_begin(nats_server_path, tmp_path, certificates, top, options):
    config = _config(certificates, options, top)
    with Twins(nats_server_path, tmp_path, config) as twins:
        for way in _WAYS:
            ours, theirs = twins.each(lambda twin, way=way: way(twin, certificates))
            assert ours == theirs, way.__name__


def _without_certificate(certificates: Certificates) -> ssl.SSLContext:
    return certificates.client_context()


def _old(certificates: Certificates) -> ssl.SSLContext:
    context = certificates.client_context(with_certificate=True)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _with_suite(certificates: Certificates) -> ssl.SSLContext:
    context = _old(certificates)
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384")
    return context


@pytest.mark.parametrize(
    ("options", "context", "expected"),
    [
        ("verify: true", _without_certificate, "closed"),
        ("", _without_certificate, b"PONG\r\n"),
        ("min_version: '1.3'", _old, "closed"),
        ("min_version: '1.2'", _old, b"PONG\r\n"),
        ("cipher_suites: [ TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ]", _with_suite, "closed"),
        (
            "cipher_suites: [ TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ]",
            _with_suite,
            b"PONG\r\n",
        ),
        ("curve_preferences: [ CurveP256 ]", _old, b"PONG\r\n"),
    ],
)
def test_what_is_asked_of_a_handshake(
    nats_server_path, tmp_path, certificates, options, context, expected
):
    def play(twin: Twin) -> tuple[Any, str]:
        with Caller(twin.port, certificates) as caller:
            caller.heard()
            caller.secure(context(certificates))
            answer = caller.log_in()[0]
            if answer != "closed":
                return answer, ""
        closed = twin.ask("connz?state=closed")["connections"]
        return answer, closed[0]["reason"]

    with Twins(nats_server_path, tmp_path, _config(certificates, options)) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
        assert ours[0] == expected


@pytest.mark.parametrize("first", ["false", "true"])
def test_too_many_handshakes(nats_server_path, tmp_path, certificates, first):
    def play(twin: Twin) -> list[Any]:
        callers = [Caller(twin.port, certificates) for _ in range(4)]
        try:
            if first == "false":
                assert all("tls_required" in caller.heard() for caller in callers)
            # Half of them go on, or one more where a second begins in between.
            answers = [caller.heard(seconds=_PATIENCE_S) for caller in callers]
        finally:
            for caller in callers:
                caller.socket.close()
        closed = twin.ask("connz?state=closed")["connections"]
        refused = [each["reason"] for each in closed if "Maximum" in each["reason"]]
        texts = {answer for answer in answers if isinstance(answer, bytes)}
        return [answers.count("silence") < 4, texts, set(refused)]

    options = f"connection_rate_limit: 2, timeout: 5, handshake_first: {first}"
    with Twins(nats_server_path, tmp_path, _config(certificates, options)) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
        assert ours[2] == {"Maximum Connections Exceeded"}


@pytest.mark.parametrize(
    ("top", "options"),
    [
        ("", ""),
        ("", "timeout: 1.5"),
        ("allow_non_tls: true", ""),
        ("allow_non_tls: true", "handshake_first: true"),
        ("allow_non_tls: true", "handshake_first: auto, verify: true"),
        ("authorization { user: a, password: b }", "timeout: 4"),
        ("authorization { user: a, password: b, timeout: 1 }", "timeout: 4"),
    ],
)
def test_times_that_clients_have(nats_server_path, tmp_path, certificates, top, options):
    def play(twin: Twin) -> dict[str, Any]:
        varz = twin.ask("varz")
        return {name: varz.get(name) for name in ("auth_timeout", "tls_timeout", *_SHOWN)}

    with Twins(nats_server_path, tmp_path, _config(certificates, options, top)) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs


def test_silence(nats_server_path, tmp_path, certificates):
    """The time to log in begins when the handshake is done."""

    def play(twin: Twin) -> list[Any]:
        said = []
        with (
            Caller(twin.port, certificates) as silent,
            Caller(twin.port, certificates) as secured,
        ):
            said += [silent.heard(), secured.heard(), secured.secure()]
            said += [secured.heard(), secured.heard(), silent.heard()]
        closed = twin.ask("connz?state=closed")["connections"]
        return [*said, sorted(each["reason"] for each in closed)]

    top = "authorization { user: a, password: b, timeout: 0.3 }"
    config = _config(certificates, "timeout: 0.8", top)
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
        assert ours[3:5] == [b"-ERR 'Authentication Timeout'\r\n", "closed"]
        assert ours[6] == ["Authentication Timeout", "TLS Handshake Failure"]


@pytest.mark.parametrize("name", ["one.test", "two.test", "x.two.test", "three.test", ""])
def test_the_certificate_that_a_client_gets(nats_server_path, tmp_path, name):
    authority = trustme.CA()
    pairs = []
    for identities in (("one.test",), ("two.test", "*.two.test")):
        issued = authority.issue_cert(*identities)
        path = tmp_path / f"{identities[0]}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        pairs.append(f'{{ cert_file: "{path}", key_file: "{path}" }}')

    def play(twin: Twin) -> tuple[str, ...]:
        context = ssl.create_default_context()
        context.check_hostname = False
        authority.configure_trust(context)
        with socket.create_connection(("127.0.0.1", twin.port), timeout=_SECONDS) as plain:
            plain.recv(65536)
            with context.wrap_socket(plain, server_hostname=name or None) as secured:
                return secured.getpeercert()["subjectAltName"][0]

    config = f"tls {{ certs: [ {', '.join(pairs)} ] }}\n"
    with Twins(nats_server_path, tmp_path, config) as twins:
        ours, theirs = twins.each(play)
        assert ours == theirs
