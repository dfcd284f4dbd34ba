"""Certificates for tests: an authority of our own, a server, a client."""

import ssl
from pathlib import Path

import trustme


class Certificates:
    """Files in ``folder``; the server's certificate is for localhost and 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self.cert_file, self.key_file = self._issue(folder, "server", "localhost", "127.0.0.1")
        self.client_cert_file, self.client_key_file = self._issue(folder, "client", "client.test")

    def client_context(self, *, with_certificate: bool = False) -> ssl.SSLContext:
        """Return the context of a client that trusts the authority."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if with_certificate:
            context.load_cert_chain(self.client_cert_file, self.client_key_file)
        return context

    def _issue(self, folder: Path, name: str, *identities: str) -> tuple[Path, Path]:
        issued = self._authority.issue_cert(*identities)
        certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return certificate, key
