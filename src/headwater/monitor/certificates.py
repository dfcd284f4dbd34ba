"""When certificates expire: the one thing that monitoring reads in them."""

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

from headwater.config.options import TlsOptions

_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----"
)
_SEQUENCE = 0x30
_VERSION = 0xA0
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


def not_after(certificate: bytes) -> str:
    """Return when a certificate, in DER, expires (RFC 5280, 4.1).

    Raises:
        ValueError: it is none (an IndexError when it ends too early).
    """
    _, start, _ = _element(certificate, 0)  # Certificate
    _, at, _ = _element(certificate, start)  # TBSCertificate
    tag, _, end = _element(certificate, at)
    if tag == _VERSION:
        at = end
    for _ in range(3):  # serial number, signature algorithm, issuer
        _, _, at = _element(certificate, at)
    tag, at, _ = _element(certificate, at)  # Validity
    if tag != _SEQUENCE:
        raise ValueError("no validity where it should be")
    _, _, at = _element(certificate, at)  # notBefore
    tag, at, end = _element(certificate, at)
    text = certificate[at:end].decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: the years 50 to 99 are those of the last century.
        text = ("19" if text[:2] >= "50" else "20") + text
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag of the element at an offset, and where its contents begin and end."""
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > len(data):
        raise IndexError("it ends too early")
    return tag, at, at + size
