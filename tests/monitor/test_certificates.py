"""When certificates expire, and whose they are."""

import hashlib
import ssl
from pathlib import Path

import pytest

from headwater.config.options import CertificateFiles, TlsOptions
from headwater.monitor.certificates import Expiries, described, expiry, not_after

# Of a key that nobody has.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIUVz0L7ajVC8CkAzHBOazppoXwiBYwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMB4XDTI2MTEyNTEzNTM1MFoXDTM2MTEyMjEzNTM1MFow
DjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl0PBtj6j
pWWw/y0461rmcotqu1ObF68WHv8rorvOC3UYbkClrH0TaWPy07S7rckaeAPMXP+8
6B8VC2BF6Rse7qNTMFEwHQYDVR0OBBYEFP0HkGweIz8Sq8FyUGy2pdWXsLOOMB8G
A1UdIwQYMBaAFP0HkGweIz8Sq8FyUGy2pdWXsLOOMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIgQxmN/ZI4t3RUg4JIV8jzTc2oYuCGaWLoyf/EnW9I
s6ECIQDLaBwI2R/TNU2DRHbeXNxQd1deEUBzvlOjAzP10e5o6w==
-----END CERTIFICATE-----
"""
EXPIRES = "2036-11-22T13:53:50Z"


def _element(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    if len(data) < 128:
        return bytes((tag, len(data))) + data
    return bytes((tag, 0x82)) + len(data).to_bytes(2, "big") + data


def _attribute(kind: int, words: str) -> bytes:
    """Return an attribute of a name."""
    return _element(
        0x30, _element(0x06, b"\x55\x04" + bytes([kind])), _element(0x0C, words.encode())
    )


def _certificate(not_after: bytes, *rest: bytes, version: bool = True, padding: int = 0) -> bytes:
    """Return a certificate up to the validity, and with ``rest`` behind that."""
    validity = _element(0x30, _element(0x17, b"200101000000Z"), not_after)
    parts = [_element(0x02, b"\x01"), _element(0x30), _element(0x30, bytes(padding)), validity]
    parts += rest
    if version:
        parts.insert(0, _element(0xA0, _element(0x02, b"\x02")))
    return _element(0x30, _element(0x30, *parts))


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (_element(0x17, b"491231235959Z"), "2049-12-31T23:59:59Z"),
        (_element(0x17, b"500101000000Z"), "1950-01-01T00:00:00Z"),
        (_element(0x18, b"20500101000000Z"), "2050-01-01T00:00:00Z"),
        (_element(0x18, b"99991231235959Z"), "9999-12-31T23:59:59Z"),
    ],
)
@pytest.mark.parametrize("version", [True, False])
@pytest.mark.parametrize("padding", [0, 300])
def test_forms_of_times(element: bytes, text: str, version: bool, padding: int) -> None:
    assert not_after(_certificate(element, version=version, padding=padding)) == text


def test_what_is_no_certificate() -> None:
    whole = _certificate(_element(0x17, b"300101000000Z"))
    for size in range(len(whole)):
        with pytest.raises((ValueError, IndexError)):
            not_after(whole[:size])
    for data in (b"\x30\x80" * 40, b"\xff" * 64, bytes(64)):
        with pytest.raises((ValueError, IndexError)):
            not_after(data)


def test_files(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pem", tmp_path / "bad.pem"
    good.write_text("a chain begins\n" + CERTIFICATE)
    bad.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert expiry(good) == EXPIRES
    assert expiry(bad) == ""
    assert expiry(tmp_path / "none.pem") == ""
    bad.write_text("nothing")
    assert expiry(bad) == ""


def test_of_several_the_first_to_expire_counts_and_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_text(CERTIFICATE)
    pairs = CertificateFiles(str(path), "k"), CertificateFiles(str(tmp_path / "none"), "k")
    expiries = Expiries()
    assert expiries.of(TlsOptions(certificates=pairs)) == EXPIRES
    path.unlink()
    assert expiries.of(TlsOptions(certificates=pairs)) == EXPIRES
    assert expiries.of(TlsOptions()) == ""


def test_whose_it_is() -> None:
    certificate = ssl.PEM_cert_to_DER_cert(CERTIFICATE)
    assert described(certificate) == {
        "subject": "CN=one",
        "spki_sha256": "051113c644edcb5d0cbed80fd363898c7a1f535fb93a6a5223d529b6d193365f",
        "cert_sha256": hashlib.sha256(certificate).hexdigest(),
    }


@pytest.mark.parametrize(
    ("parts", "subject"),
    [
        ([[(6, "DE")], [(10, "acme")], [(3, "me")]], "CN=me,O=acme,C=DE"),
        ([[(10, "b"), (10, "a")]], "O=b+O=a"),
        ([[(11, "x")], [(3, "me")], [(11, "y")]], "CN=me,OU=x+OU=y"),
        ([[(3, 'a,b+"c"')]], 'CN=a\\,b\\+\\"c\\"'),
        ([[(42, "given name")], [(5, "7")]], "SERIALNUMBER=7"),
        ([], ""),
    ],
)
def test_names(parts: list[list[tuple[int, str]]], subject: str) -> None:
    sets = [_element(0x31, *(_attribute(*pair) for pair in part)) for part in parts]
    name, key = _element(0x30, *sets), _element(0x30, b"key")
    certificate = _certificate(_element(0x17, b"300101000000Z"), name, key)
    found = described(certificate)
    assert found["subject"] == subject
    assert found["spki_sha256"] == hashlib.sha256(key).hexdigest()


def test_what_cannot_be_read_is_left_out() -> None:
    whole = _certificate(_element(0x17, b"300101000000Z"), _element(0x30), _element(0x30, b"key"))
    for size in range(len(whole)):
        found = described(whole[:size])
        assert (found["subject"], found["spki_sha256"]) == ("", "")
        assert found["cert_sha256"] == hashlib.sha256(whole[:size]).hexdigest()
