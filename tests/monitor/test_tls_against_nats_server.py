"""What monitoring tells of TLS, and monitoring through TLS."""

import json
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.config.options import CertificateFiles, Options, TlsOptions
from headwater.monitor.certificates import expiry
from headwater.server.errors import StartError
from headwater.server.in_process import ThreadServer
from tests.monitor.pair import differences
from tests.support.certificates import Certificates
from tests.support.nats_server import NatsServer

HOST = "127.0.0.1"
DIFFERENCES = (
    (".tls_cipher_suite: ", "which of the suites is preferred is the library's choice"),
    (".tls_peer_certs: 1 and 2 elements", "Python keeps only the end of a certificate's chain"),
)


def _tls(certificates: Certificates, **options: Any) -> TlsOptions:
    pair = CertificateFiles(str(certificates.cert_file), str(certificates.key_file))
    return TlsOptions(certificates=(pair,), ca_file=str(certificates.ca_file), **options)


def _options(certificates: Certificates) -> Options:
    return Options(
        host=HOST,
        port=-1,
        server_name="same",
        https_host=HOST,
        https_port=-1,
        tls=_tls(certificates, verify=True, timeout_ns=1_250_000_000),
    )


def _config(certificates: Certificates) -> str:
    return f"""
        server_name: same
        https: "{HOST}:-1"
        tls {{
            cert_file: "{certificates.cert_file}"
            key_file: "{certificates.key_file}"
            ca_file: "{certificates.ca_file}"
            verify: true
            timeout: 1.25
        }}
    """


def _ask(certificates: Certificates, url: str, target: str) -> Any:
    """Return what is answered to who has no certificate."""
    context = certificates.client_context()
    with urllib.request.urlopen(f"{url}/{target}", context=context, timeout=10) as answer:
        return json.load(answer)


def _client(certificates: Certificates, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection((HOST, port), timeout=10)
    assert plain.recv(4096).startswith(b"INFO ")
    context = certificates.client_context(with_certificate=True)
    client = context.wrap_socket(plain, server_hostname=HOST)
    client.sendall(b'CONNECT {"verbose":false,"name":"safe"}\r\nPING\r\n')
    assert client.recv(4096).startswith(b"PONG")
    return client


@pytest.fixture
def ours(certificates: Certificates) -> Iterator[dict[str, list[str]]]:
    """The URLs of our server."""
    server = ThreadServer(lambda: _options(certificates))
    yield server.start(10)
    server.stop()


def test_monitoring_through_tls(certificates: Certificates, ours: dict[str, list[str]]) -> None:
    (url,) = ours["monitoring"]
    assert url.startswith(f"https://{HOST}:")
    varz = _ask(certificates, url, "varz")
    assert (varz["http_port"], varz["https_port"]) == (0, int(url.rpartition(":")[2]))
    assert varz["tls_cert_not_after"] == expiry(certificates.cert_file)
    with socket.create_connection((HOST, varz["https_port"]), timeout=10) as plain:
        plain.sendall(b"GET /varz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"server_id" not in plain.recv(4096)


@pytest.mark.hub
def test_connections_through_tls(
    certificates: Certificates,
    ours: dict[str, list[str]],
    nats_server_path: Path,
    tmp_path: Path,
) -> None:
    theirs = NatsServer(nats_server_path, tmp_path, config=_config(certificates)).start()
    try:
        urls = [ours["monitoring"][0], theirs.url("monitoring")]
        ports = [int(ours["nats"][0].rpartition(":")[2]), theirs.port()]
        with _client(certificates, ports[0]), _client(certificates, ports[1]):
            for target, expected in (("connz", DIFFERENCES[:1]), ("connz?auth=1", DIFFERENCES)):
                found = [_ask(certificates, url, target) for url in urls]
                assert found[0]["connections"][0]["tls_version"] == "1.3"
                texts = list(differences(*found))
                assert len(texts) == len(expected), texts
                for text, (difference, _) in zip(texts, expected, strict=True):
                    assert difference in text
        varz = [_ask(certificates, url, "varz") for url in urls]
        shown = ("tls_required", "tls_verify", "tls_timeout", "tls_cert_not_after", "http_port")
        assert [varz[0][name] for name in shown] == [varz[1][name] for name in shown]
    finally:
        theirs.stop()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"https_port": 1}, "TLS cert and key required for HTTPS"),
        (
            {"http_port": 1, "https_port": 2},
            "can't specify both HTTP (1) and HTTPs (2) ports",
        ),
    ],
)
def test_what_cannot_be_started(options: dict[str, Any], text: str) -> None:
    server = ThreadServer(lambda: Options(host=HOST, port=-1, **options))
    with pytest.raises(StartError) as caught:
        server.start(10)
    assert str(caught.value) == f"Can't start monitoring: {text}"
