"""The names that a certificate is for."""

import ssl

from headwater.base.der import element

# The object identifier of the extension subjectAltName, with its tag and size.
_ALTERNATIVE_NAMES = b"\x06\x03\x55\x1d\x11"
_BOOLEAN = 0x01
_DNS_NAME = 0x82
_PEM_BEGIN, _PEM_END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def names_of(path: str) -> tuple[str, ...]:
    """Return the names, in small letters, of the first certificate in a PEM file; none if bad."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read()
        start = text.index(_PEM_BEGIN)
        end = text.index(_PEM_END, start) + len(_PEM_END)
        return _names(ssl.PEM_cert_to_DER_cert(text[start:end]))
    except (OSError, ValueError, IndexError):
        return ()


def cover(names: tuple[str, ...], wanted: str) -> bool:
    """Tell whether a name is one of ``names``; a ``*`` stands for its first label."""
    wanted = wanted.lower().rstrip(".")
    return wanted in names or f"*.{wanted.partition('.')[2]}" in names


def _names(certificate: bytes) -> tuple[str, ...]:
    at = certificate.find(_ALTERNATIVE_NAMES)
    if at < 0:
        return ()
    at += len(_ALTERNATIVE_NAMES)
    tag, start, end = element(certificate, at)
    if tag == _BOOLEAN:  # whether it is critical
        _, start, end = element(certificate, end)
    _, at, end = element(certificate, start)
    found = []
    while at < end:
        tag, start, at = element(certificate, at)
        if tag == _DNS_NAME:
            found.append(certificate[start:at].decode("ascii", "replace").lower())
    return tuple(sorted(found))
