"""What a tls block becomes, and what is said of one that cannot be used."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from headwater.base.errors import ConfigError
from headwater.config.options import CertificateFiles, TlsOptions
from headwater.net import tls_context
from tests.net.test_tls import tls_options
from tests.support.certificates import Certificates


def test_only_what_is_safe_is_offered_by_default(certificates: Certificates) -> None:
    context = tls_context.server_context(tls_options(certificates))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE
    names = [cipher["name"] for cipher in context.get_ciphers()]
    assert names
    assert all(name.startswith(("TLS_", "ECDHE-")) and "CBC" not in name for name in names)


def test_suites_and_versions_can_be_chosen(certificates: Certificates) -> None:
    suites = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")
    options = tls_options(certificates, cipher_suites=suites, curve_preferences=("CurveP384",))
    context = tls_context.server_context(options)
    old = [c["name"] for c in context.get_ciphers() if c["protocol"] == "TLSv1.2"]
    assert old == ["ECDHE-RSA-AES128-GCM-SHA256"]
    assert tls_context.cipher_name(old[0]) == suites[0]
    newer = tls_context.server_context(tls_options(certificates, min_version="1.3"))
    assert newer.minimum_version == ssl.TLSVersion.TLSv1_3


def test_every_suite_is_one_that_openssl_has_a_name_for(certificates: Certificates) -> None:
    for name in tls_context.cipher_names():
        options = tls_options(certificates, cipher_suites=(name,))
        assert tls_context.server_context(options).get_ciphers()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"certificates": ()}, "needs a cert_file and a key_file"),
        ({"cipher_suites": ("TLS_NONE",)}, "unknown cipher suite 'TLS_NONE'"),
        ({"pinned_certs": ("00",)}, "pinned_certs is not supported"),
        ({"ca_file": "missing.pem"}, "cannot read missing.pem: No such file"),
    ],
)
def test_what_cannot_be_used(certificates: Certificates, fields: Any, text: str) -> None:
    options = tls_options(certificates, **{n: v for n, v in fields.items() if n != "certificates"})
    if "certificates" in fields:
        options = TlsOptions()
    with pytest.raises(ConfigError, match=text):
        tls_context.server_context(options)


def test_files_that_are_none(certificates: Certificates, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("nothing")
    cases = {
        ("missing.pem", str(certificates.key_file)): "cannot read missing.pem",
        (str(certificates.cert_file), "missing.key"): "cannot read missing.key",
        (str(junk), str(certificates.key_file)): "no certificate and its key",
        (str(certificates.cert_file), str(certificates.client_key_file)): "no certificate and its",
    }
    for (cert_file, key_file), text in cases.items():
        options = TlsOptions(certificates=(CertificateFiles(cert_file, key_file),))
        with pytest.raises(ConfigError, match=text):
            tls_context.server_context(options)
    with pytest.raises(ConfigError, match="holds no certificates"):
        tls_context.server_context(tls_options(certificates, ca_file=str(junk)))
