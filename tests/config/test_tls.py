"""The tls block."""

import subprocess

import pytest

from headwater.base.clock import MILLISECOND, SECOND
from headwater.base.errors import ConfigError
from headwater.config.load import from_text
from headwater.config.options import CertificateFiles, TlsOptions
from headwater.config.tls import curves, suites
from headwater.net import tls_context

SUM = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"


@pytest.fixture
def environment(certificates):
    return {
        "CERT": str(certificates.cert_file),
        "KEY": str(certificates.key_file),
        "CA": str(certificates.ca_file),
    }


@pytest.fixture
def tls(environment):
    """A function from a block with a certificate, and more in it, to its options."""

    def read(more: str) -> TlsOptions:
        text = f"tls {{ cert_file: $CERT, key_file: $KEY\n{more}\n}}"
        options = from_text(text, environment, "f.conf").tls
        assert options is not None
        return options

    return read


def test_nothing_but_a_certificate(tls, environment):
    files = CertificateFiles(environment["CERT"], environment["KEY"])
    assert tls("") == TlsOptions(certificates=(files,))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("verify: true", "verify", True),
        ("verify: false, verify_and_map: true", "verify", True),
        ("verify_and_map: true", "verify_and_map", True),
        ("insecure: true", "insecure", True),
        ("timeout: 0.5", "timeout_ns", SECOND // 2),
        ('timeout: "3s"', "timeout_ns", 3 * SECOND),
        ("timeout: 0", "timeout_ns", 2 * SECOND),
        ("connection_rate_limit: 5", "connection_rate_limit", 5),
        ("connection_rate_limit: -5", "connection_rate_limit", 0),
        (f"pinned_certs: [ {SUM.upper()} ]", "pinned_certs", (SUM,)),
        ('min_version: "1.3"', "min_version", "1.3"),
        (
            "cipher_suites: [ TLS_AES_128_GCM_SHA256 ]",
            "cipher_suites",
            ("TLS_AES_128_GCM_SHA256",),
        ),
        (
            "cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA ]\nallow_insecure_cipher_suites: true",
            "cipher_suites",
            ("TLS_RSA_WITH_AES_128_CBC_SHA",),
        ),
        ("curve_preferences: [ X25519, CurveP256 ]", "curve_preferences", ("X25519", "CurveP256")),
    ],
)
def test_options(tls, text, field, value):
    assert getattr(tls(text), field) == value


@pytest.mark.parametrize(
    ("value", "first", "fallback_ns"),
    [
        ("true", True, 0),
        ('"on"', True, 0),
        ("false", False, 0),
        ('"Off"', False, 0),
        ("auto", True, 50 * MILLISECOND),
        ("AUTO_FALLBACK", True, 50 * MILLISECOND),
        ('"300ms"', True, 300 * MILLISECOND),
        ('"0s"', True, 0),
    ],
)
@pytest.mark.parametrize("name", ["handshake_first", "first", "immediate"])
def test_handshake_first(tls, name, value, first, fallback_ns):
    found = tls(f"{name}: {value}")
    assert (found.first, found.first_fallback_ns) == (first, fallback_ns)


def test_several_certificates(environment):
    text = "tls { certs: [ {cert_file: $CERT, key_file: $KEY}, {cert_file: $CERT, key_file: $KEY} ]"
    found = from_text(text + ", ca_file: $CA }", environment).tls
    files = CertificateFiles(environment["CERT"], environment["KEY"])
    assert found == TlsOptions(certificates=(files, files), ca_file=environment["CA"])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("tls {}", "1:1: tls: a cert_file and a key_file are needed"),
        ("tls { cert_file: $CERT }", "1:1: tls: the key_file is missing"),
        ("tls { key_file: $KEY }", "1:1: tls: the cert_file is missing"),
        (
            "tls { cert_file: $CERT, certs: [ {cert_file: $CERT, key_file: $KEY} ] }",
            "1:1: tls: cert_file and certs exclude one another",
        ),
        ("tls { certs: [ {cert_file: $CERT} ] }", "1:16: certs: each needs both"),
        (
            'tls {\n  cert_file: "/none/x.pem"\n  key_file: $KEY\n}',
            "2:3: cert_file: cannot read /none/x.pem: No such file or directory",
        ),
        ('tls { cert_file: "" }', "1:1: tls: a cert_file and a key_file are needed"),
    ],
)
def test_certificates_that_are_wrong(environment, text, error):
    with pytest.raises(ConfigError) as raised:
        from_text(text, environment, "f.conf")
    assert str(raised.value).startswith(f"f.conf:{error}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cipher_suites: []", "cipher_suites: the list is empty"),
        ("cipher_suites: [x ]", "cipher_suites: 'x' is not known (see server --help_tls)"),
        (
            "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA ]",
            "tls: TLS_RSA_WITH_RC4_128_SHA: not secure, and therefore only with "
            "allow_insecure_cipher_suites: true",
        ),
        ("curve_preferences: [x ]", "curve_preferences: 'x' is not known (see server --help_tls)"),
        ("pinned_certs: [7f ]", "pinned_certs: '7f' is no SHA-256 sum of a public key"),
        (f"pinned_certs: '{SUM}'", "pinned_certs: expected a list of SHA-256 sums in hexadecimal"),
        ('min_version: "1.1"', 'min_version: expected "1.2" or "1.3", not \'1.1\''),
        ("handshake_first: x", "handshake_first: expected true, false, auto or a duration"),
        ('handshake_first: "-1s"', "handshake_first: expected true, false, auto or a duration"),
        ("handshake_first: 5", "handshake_first: expected true, false, auto or a duration"),
        ("verify_cert_and_check_known_urls: true", "tls: verify_cert_and_check_known_urls: a"),
        ("ocsp_peer: true", "ocsp_peer: OCSP is not supported by this version"),
        ("ocsp_peer { verify: true }", "ocsp_peer: OCSP is not supported by this version"),
        ("cert_store: x", "cert_store: the certificate store of Windows is not supported"),
    ],
)
def test_what_is_refused(tls, text, error):
    with pytest.raises(ConfigError) as raised:
        tls(text)
    assert str(raised.value).partition(": ")[2].startswith(error)


def test_what_changes_nothing_is_said(environment):
    text = "tls { cert_file: $CERT, key_file: $KEY, cert_match: x, ocsp_peer: false }"
    assert from_text(text, environment, "f.conf").not_honoured == ("cert_match (f.conf:1)",)


def test_without_tls_there_is_nothing_to_do_without():
    found = from_text("allow_non_tls: true", {}, "f.conf")
    assert found.warnings == ("f.conf:1:1: allow_non_tls is of no effect without a tls block",)


def test_every_suite_that_listeners_know_may_be_configured():
    secure, insecure = suites()
    of_listeners = set(tls_context.cipher_names())
    # Go has names of its own for two of them, and suites that OpenSSL has thrown out.
    shorter = {name for name in of_listeners if name.endswith("_POLY1305")}
    assert of_listeners - shorter <= {*secure, *insecure}
    assert {name for name in secure if name not in of_listeners} == set()
    assert all("RC4" in name or "3DES" in name for name in {*insecure} - of_listeners)


@pytest.mark.hub
def test_suites_and_curves_are_those_of_nats_server(nats_server_path):
    said = subprocess.run([str(nats_server_path), "--help_tls"], capture_output=True, text=True)
    words = said.stdout.split()
    listed = words[words.index("suites") :]
    secure, insecure = suites()
    assert {word for word in listed if word.startswith("TLS_")} == {*secure, *insecure}
    curves_listed = words[words.index("preferences") + 2 :][: len(curves())]
    assert sorted(curves_listed) == curves()
