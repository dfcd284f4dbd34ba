"""From a ``tls`` block to what the ``ssl`` module needs; cipher names are Go's."""

import ssl

from headwater.base.errors import ConfigError
from headwater.config.options import TlsOptions
from headwater.net import certificate_names

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1"}
# Go's names of the suites of TLS 1.2 -> OpenSSL's; those of 1.3 are the same and always on.
_CIPHERS = {
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256": "AES128-SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": "ECDHE-ECDSA-AES128-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256": "ECDHE-RSA-AES128-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    # Go has the two under their older names as well.
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_GO_NAMES = {openssl: name for name, openssl in reversed(_CIPHERS.items())}
_SUITES_1_3 = frozenset(
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
)
# What a listener offers unless told otherwise: forward secrecy and authenticated encryption only.
_DEFAULT_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def cipher_names() -> list[str]:
    """Return the names of all suites that a configuration may list."""
    return sorted((*_CIPHERS, *_SUITES_1_3))


def cipher_name(openssl: str) -> str:
    """Return Go's name of a suite that OpenSSL names."""
    return _GO_NAMES.get(openssl, openssl)


def server_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the context of a listener; of several certificates, clients get that of their name.

    Raises:
        ConfigError: a file cannot be read or used, or a name is unknown.
    """
    if not options.certificates:
        raise ConfigError("tls: a listener needs a cert_file and a key_file")
    if options.pinned_certs:
        raise ConfigError("tls: pinned_certs is not supported yet for clients")
    contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
    for files in options.certificates:
        # Certificates for the same names differ in the kind of their key: one context has both.
        names = certificate_names.names_of(files.cert_file)
        if names not in contexts:
            contexts[names] = _context(options)
        _load_certificate(contexts[names], files.cert_file, files.key_file)
    return _by_name(contexts)


def _by_name(contexts: dict[tuple[str, ...], ssl.SSLContext]) -> ssl.SSLContext:
    """Return the first context, which leads clients that ask for a name of another one there."""
    first = next(iter(contexts.values()))

    def choose(tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        for names, context in contexts.items():
            if name and certificate_names.cover(names, name):
                tls.context = context
                return

    if len(contexts) > 1:
        first.sni_callback = choose
    return first


def _context(options: TlsOptions) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[options.min_version]
    context.set_ciphers(_openssl_ciphers(options.cipher_suites))
    if len(options.curve_preferences) == 1:
        curve = _CURVES.get(options.curve_preferences[0])
        if curve is not None:
            context.set_ecdh_curve(curve)
    _load_authorities(context, options)
    return context


def _openssl_ciphers(names: tuple[str, ...]) -> str:
    old = [name for name in names if name not in _SUITES_1_3]
    for name in old:
        if name not in _CIPHERS:
            raise ConfigError(f"tls: unknown cipher suite {name!r}")
    return ":".join(_CIPHERS[name] for name in old) or _DEFAULT_CIPHERS


def _load_certificate(context: ssl.SSLContext, cert_file: str, key_file: str) -> None:
    try:
        # An empty password: a key that needs one must not ask for it on the terminal.
        context.load_cert_chain(cert_file, key_file, password="")
    except ssl.SSLError as error:
        raise ConfigError(
            f"tls: {cert_file} and {key_file} are no certificate and its key: "
            f"{error.reason or error}"
        ) from None
    except OSError as error:
        missing = cert_file if _unreadable(cert_file) else key_file
        raise ConfigError(f"tls: cannot read {missing}: {error.strerror}") from None


def _load_authorities(context: ssl.SSLContext, options: TlsOptions) -> None:
    wanted = options.verify or options.verify_and_map
    if options.ca_file:
        try:
            context.load_verify_locations(options.ca_file)
        except ssl.SSLError as error:
            raise ConfigError(
                f"tls: {options.ca_file} holds no certificates: {error.reason or error}"
            ) from None
        except OSError as error:
            raise ConfigError(f"tls: cannot read {options.ca_file}: {error.strerror}") from None
    elif wanted:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    if wanted:
        context.verify_mode = ssl.CERT_REQUIRED


def _unreadable(path: str) -> bool:
    try:
        with open(path, "rb"):
            return False
    except OSError:
        return True
