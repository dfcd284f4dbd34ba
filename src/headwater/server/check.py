"""Whether this version, on this machine, can do what a configuration asks for."""

from collections.abc import Iterator
from contextlib import contextmanager

from headwater.accounts.authenticate import authenticator_for
from headwater.base.errors import ConfigError
from headwater.config import default_domains
from headwater.config.check import where
from headwater.config.options import Options


def check(options: Options) -> None:
    """Try out what can be tried without starting: certificates, and how clients log in.

    Raises:
        ConfigError: a server with these options would not start.
    """
    options = complete(options)
    refuse_missing(options)
    with _placed(options, "default_js_domain"):
        for text in default_domains.errors(options):
            raise ConfigError(text)
    with _placed(options, "authorization", "accounts"):
        authenticator_for(options)
    if options.tls is not None:
        from headwater.net.tls_context import server_context  # noqa: PLC0415 (only with TLS)

        with _placed(options, "tls"):
            server_context(options.tls)


def complete(options: Options) -> Options:
    """Return ``options`` with what others say that they name: the accounts of operators.

    Raises:
        ConfigError: that cannot be had.
    """
    if not options.operator_mode.is_on:
        return options
    from headwater.server.operators import with_accounts  # noqa: PLC0415 (few have operators)

    return with_accounts(options)


@contextmanager
def _placed(options: Options, *names: str) -> Iterator[None]:
    """Put the place of the first of these options that stands in the file before an error."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where(options, *names)}{error}") from error


def refuse_missing(options: Options) -> None:
    """Raise a ConfigError for what is understood and not done yet, and cannot be ignored."""
    missing = []
    if options.tls is not None and options.tls.verify_and_map:
        # A user without a password would let in whoever has a certificate at all.
        missing.append(f"{where(options, 'tls')}tls: users by certificate (verify_and_map)")
    if missing:
        raise ConfigError("\n".join(f"{what} is not supported by this version" for what in missing))
