"""A ``tls`` block: of the client port, or of what else is to speak TLS."""

import re

from headwater.base.clock import MILLISECOND
from headwater.config import ocsp, units, values
from headwater.config.options import CertificateFiles, TlsOptions
from headwater.config.report import (
    Fields,
    Handlers,
    Report,
    ignores,
    read_entries,
    refuses,
    sets,
)
from headwater.config.tree import Entry, fail

# How long a client may wait for INFO with "auto", before it gets one in the clear.
_AUTO_FALLBACK_NS = 50 * MILLISECOND
_FIRST_WORDS = {
    "true": (True, 0),
    "on": (True, 0),
    "false": (False, 0),
    "off": (False, 0),
    "auto": (True, _AUTO_FALLBACK_NS),
    "auto_fallback": (True, _AUTO_FALLBACK_NS),
}
_SECURE_SUITES = frozenset(
    [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
)
_INSECURE_SUITES = frozenset(
    [
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_RSA_WITH_RC4_128_SHA",
    ]
)
_CURVES = frozenset(
    [
        "CurveP256",
        "CurveP384",
        "CurveP521",
        "SecP256r1MLKEM768",
        "SecP384r1MLKEM1024",
        "X25519",
        "X25519MLKEM768",
    ]
)
_SHA256_HEX = re.compile(r"(?a:[0-9a-fA-F]{64})")


def suites() -> tuple[list[str], list[str]]:
    """Return the names of the cipher suites: those that are safe, and those that are not."""
    return sorted(_SECURE_SUITES), sorted(_INSECURE_SUITES)


def curves() -> list[str]:
    """Return the names of the curves."""
    return sorted(_CURVES)


def _file(report: Report, entry: Entry) -> str:
    """Return the path of a file that can be read, or nothing."""
    path = values.text(report, entry)
    if path:
        try:
            with open(path, "rb"):
                pass
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            fail(entry.place, f"{entry.name}: cannot read {path}: {reason}")
    return path


def _certificate(report: Report, entry: Entry) -> CertificateFiles:
    found: Fields = {}
    read_entries(report, values.entries_of(entry), _CERTIFICATE, found)
    if not found.get("cert_file") or not found.get("key_file"):
        fail(entry.place, f"{entry.name}: each needs both a cert_file and a key_file")
    return CertificateFiles(**found)


def _certificates(report: Report, entry: Entry) -> tuple[CertificateFiles, ...]:
    return values.items_of(report, entry, _certificate)


def _names(report: Report, entry: Entry, known: frozenset[str]) -> tuple[str, ...]:
    """Return a list of names, all of them ``known`` and at least one."""
    names = tuple(
        values.text(report, Entry(entry.name, node.place, node)) for node in values.nodes_of(entry)
    )
    if not names:
        fail(entry.place, f"{entry.name}: the list is empty")
    for name in names:
        if name not in known:
            fail(entry.place, f"{entry.name}: {name!r} is not known (see server --help_tls)")
    return names


def _cipher_suites(report: Report, entry: Entry) -> tuple[str, ...]:
    return _names(report, entry, _SECURE_SUITES | _INSECURE_SUITES)


def _curve_preferences(report: Report, entry: Entry) -> tuple[str, ...]:
    return _names(report, entry, _CURVES)


def _pinned_certs(report: Report, entry: Entry) -> tuple[str, ...]:
    values.nodes_of(entry, "a list of SHA-256 sums in hexadecimal digits")
    found = values.texts(report, entry)
    for text in found:
        if _SHA256_HEX.fullmatch(text) is None:
            fail(entry.place, f"{entry.name}: {text!r} is no SHA-256 sum of a public key")
    return tuple(text.lower() for text in found)


def _min_version(report: Report, entry: Entry) -> str:
    version = values.text(report, entry)
    if version not in ("1.2", "1.3"):
        fail(entry.place, f'{entry.name}: expected "1.2" or "1.3", not {version!r}')
    return version


def _first(_report: Report, fields: Fields, entry: Entry) -> None:
    value = entry.node.value
    if isinstance(value, bool):
        first, fallback_ns = value, 0
    elif not isinstance(value, str):
        values.wrong(entry, "true, false, auto or a duration")
    elif value.lower() in _FIRST_WORDS:
        first, fallback_ns = _FIRST_WORDS[value.lower()]
    else:
        first, fallback_ns = True, _fallback(entry, value)
    fields["first"], fields["first_fallback_ns"] = first, fallback_ns


def _fallback(entry: Entry, value: str) -> int:
    try:
        fallback_ns = units.duration_ns(value)
    except ValueError:
        fallback_ns = -1
    if fallback_ns < 0:
        fail(entry.place, f"{entry.name}: expected true, false, auto or a duration")
    return fallback_ns


_CERTIFICATE: Handlers = {
    "cert_file": sets("cert_file", _file),
    "key_file": sets("key_file", _file),
}

_TLS: Handlers = {
    **_CERTIFICATE,
    **dict.fromkeys(("certs", "certificates"), sets("certificates", _certificates)),
    "ca_file": sets("ca_file", _file),
    "insecure": sets("insecure", values.boolean),
    "verify": sets("verify", values.boolean),
    "verify_and_map": sets("verify_and_map", values.boolean),
    "verify_cert_and_check_known_urls": sets("verify_known_urls", values.boolean),
    "allow_insecure_cipher_suites": sets("insecure_suites", values.boolean),
    "cipher_suites": sets("cipher_suites", _cipher_suites),
    "curve_preferences": sets("curve_preferences", _curve_preferences),
    "timeout": sets("timeout_ns", values.seconds),
    "connection_rate_limit": sets("connection_rate_limit", values.integer),
    "pinned_certs": sets("pinned_certs", _pinned_certs),
    "min_version": sets("min_version", _min_version),
    **dict.fromkeys(("handshake_first", "first", "immediate"), _first),
    "ocsp_peer": ocsp.read_peer,
    "cert_store": refuses("the certificate store of Windows", values.text),
    "cert_match_by": ignores(values.one_of("issuer", "subject", "thumbprint")),
    "cert_match": ignores(values.text),
    "ca_certs_match": ignores(values.texts),
    "cert_match_skip_invalid": ignores(values.boolean),
}


def read_client_tls(report: Report, entry: Entry) -> TlsOptions:
    """Return the block of the client port, which cannot do without a certificate."""
    errors = len(report.errors)
    found = _fields(report, entry)
    if "verify_known_urls" in found:
        what = "a client has no URL that is known beforehand"
        fail(entry.place, f"{entry.name}: verify_cert_and_check_known_urls: {what}")
    if not found["certificates"] and len(report.errors) == errors:
        fail(entry.place, f"{entry.name}: a cert_file and a key_file are needed")
    return TlsOptions(**found)


def read_server_tls(report: Report, entry: Entry) -> TlsOptions:
    """Return the block of connections between servers."""
    return TlsOptions(**_fields(report, entry))


def read_tls(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the block of the client port into the field ``tls``."""
    fields["tls"] = read_client_tls(report, entry)


def _fields(report: Report, entry: Entry) -> Fields:
    errors = len(report.errors)
    found: Fields = {}
    read_entries(report, values.entries_of(entry), _TLS, found)
    cert_file, key_file = found.pop("cert_file", ""), found.pop("key_file", "")
    certificates = found.get("certificates", ())
    insecure_suites = found.pop("insecure_suites", False)
    if len(report.errors) == errors:
        if certificates and (cert_file or key_file):
            fail(entry.place, f"{entry.name}: cert_file and certs exclude one another")
        if bool(cert_file) != bool(key_file):
            missing = "key_file" if cert_file else "cert_file"
            fail(entry.place, f"{entry.name}: the {missing} is missing")
        if not insecure_suites:
            _check_suites(entry, found.get("cipher_suites", ()))
    if cert_file:
        certificates = (CertificateFiles(cert_file, key_file),)
    found["certificates"] = certificates
    # Who is to be known by a certificate has to show one.
    found["verify"] = found.get("verify", False) or found.get("verify_and_map", False)
    found["connection_rate_limit"] = max(0, found.get("connection_rate_limit", 0))
    if not found.get("timeout_ns", 1):
        del found["timeout_ns"]
    return found


def _check_suites(entry: Entry, names: tuple[str, ...]) -> None:
    weak = [name for name in names if name in _INSECURE_SUITES]
    if weak:
        fail(
            entry.place,
            f"{entry.name}: {', '.join(weak)}: not secure, and therefore only with "
            "allow_insecure_cipher_suites: true",
        )
