"""The names that a certificate is for."""

from pathlib import Path

import pytest
import trustme

from headwater.net.certificate_names import cover, names_of
from tests.support.certificates import Certificates


def test_names_of_a_file(certificates: Certificates, tmp_path: Path) -> None:
    assert names_of(str(certificates.cert_file)) == ("localhost",)
    path = tmp_path / "chain.pem"
    issued = trustme.CA().issue_cert("B.test", "*.a.test", "127.0.0.1")
    path.write_bytes(b"words\n" + b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    assert names_of(str(path)) == ("*.a.test", "b.test")


def test_what_has_none(tmp_path: Path) -> None:
    path = tmp_path / "bad.pem"
    assert names_of(str(path)) == ()
    path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert names_of(str(path)) == ()
    path.write_text("nothing")
    assert names_of(str(path)) == ()


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("a.test", True),
        ("A.TEST", True),
        ("a.test.", True),
        ("x.b.test", True),
        ("x.y.b.test", False),
        ("b.test", False),
        ("c.test", False),
    ],
)
def test_what_they_cover(name: str, covered: bool) -> None:
    assert cover(("a.test", "*.b.test"), name) is covered
