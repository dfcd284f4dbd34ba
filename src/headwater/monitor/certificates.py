"""What monitoring tells of certificates: when they expire, whose they are, their checksums."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from headwater.base.der import element
from headwater.config.options import TlsOptions

_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----"
)
_SEQUENCE = 0x30
_VERSION = 0xA0
# Attributes of a name in the order in which Go prints them, by the last part of 2.5.4.x.
_ATTRIBUTES = {
    5: "SERIALNUMBER",
    3: "CN",
    17: "POSTALCODE",
    9: "STREET",
    8: "ST",
    7: "L",
    11: "OU",
    10: "O",
    6: "C",
}
_X520 = b"\x55\x04"
_ESCAPED = re.compile(r'([,+"\\<>;]|^[ #]| $)')
_UTC_TIME = 0x17  # two digits of the year; any other time has four


class Expiries:
    """The first expiry among the certificates of a ``tls`` block; each is read once."""

    def __init__(self) -> None:
        self._found: dict[TlsOptions, str] = {}

    def of(self, tls: TlsOptions) -> str:
        """Return it as RFC 3339, empty when no certificate can be read."""
        if tls not in self._found:
            moments = [expiry(Path(pair.cert_file)) for pair in tls.certificates]
            self._found[tls] = min((moment for moment in moments if moment), default="")
        return self._found[tls]


def expiry(path: Path) -> str:
    """Return when the first certificate of a PEM file expires, empty when it has none."""
    try:
        found = _CERTIFICATE.search(path.read_bytes())
        if found is None:
            return ""
        return not_after(base64.b64decode(found[1]))
    except (OSError, ValueError, IndexError):
        return ""


def described(certificate: bytes) -> dict[str, str]:
    """Return whose a certificate (DER) is, and the SHA-256 of its key and of itself."""
    shown = {"subject": "", "spki_sha256": ""}
    try:
        _, _, at = element(certificate, _validity(certificate))
        _, _, end = element(certificate, at)
        shown["subject"] = _name(certificate, at)
        _, _, key_end = element(certificate, end)
        shown["spki_sha256"] = hashlib.sha256(certificate[end:key_end]).hexdigest()
    except (ValueError, IndexError):
        pass  # TLS has accepted it: what cannot be read here is left empty
    return shown | {"cert_sha256": hashlib.sha256(certificate).hexdigest()}


def not_after(certificate: bytes) -> str:
    """Return when a certificate, in DER, expires (RFC 5280, 4.1).

    Raises:
        ValueError: it is none (an IndexError when it ends too early).
    """
    _, at, _ = element(certificate, _validity(certificate))
    _, _, at = element(certificate, at)  # notBefore
    tag, at, end = element(certificate, at)
    text = certificate[at:end].decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: the years 50 to 99 are those of the last century.
        text = ("19" if text[:2] >= "50" else "20") + text
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _validity(certificate: bytes) -> int:
    """Return where the validity stands, behind which come the subject and the key."""
    _, start, _ = element(certificate, 0)  # Certificate
    _, at, _ = element(certificate, start)  # TBSCertificate
    tag, _, end = element(certificate, at)
    if tag == _VERSION:
        at = end
    for _ in range(3):  # serial number, signature algorithm, issuer
        _, _, at = element(certificate, at)
    if certificate[at] != _SEQUENCE:
        raise ValueError("no validity where it should be")
    return at


def _name(certificate: bytes, at: int) -> str:
    """Return the distinguished name at an offset, as Go prints it."""
    found: dict[int, list[str]] = {}
    _, at, end = element(certificate, at)
    while at < end:
        _, part, at = element(certificate, at)  # a set of attributes
        while part < at:
            _, start, part = element(certificate, part)
            _, kind, kind_end = element(certificate, start)
            _, value, value_end = element(certificate, kind_end)
            oid = certificate[kind:kind_end]
            if oid[:2] == _X520 and len(oid) == 3:
                words = certificate[value:value_end].decode("utf-8", "replace")
                found.setdefault(oid[2], []).append(_ESCAPED.sub(r"\\\1", words))
    return ",".join(
        "+".join(f"{name}={words}" for words in found[kind])
        for kind, name in _ATTRIBUTES.items()
        if kind in found
    )
