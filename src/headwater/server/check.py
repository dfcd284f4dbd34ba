"""Whether this version, on this machine, can do what a configuration asks for."""

from headwater.accounts.authenticate import authenticator_for
from headwater.base.errors import ConfigError
from headwater.config.check import where
from headwater.config.options import Options


def check(options: Options) -> None:
    """Try out what can be tried without starting: certificates, and how clients log in.

    Raises:
        ConfigError: a server with these options would not start.
    """
    refuse_missing(options)
    authenticator_for(options.authorization)
    if options.tls is not None:
        from headwater.net.tls_context import server_context  # noqa: PLC0415 (only with TLS)

        try:
            server_context(options.tls)
        except ConfigError as error:
            raise ConfigError(f"{where(options, 'tls')}{error}") from error


def refuse_missing(options: Options) -> None:
    """Raise a ConfigError for what is understood and not done yet, and cannot be ignored."""
    missing = {
        "accounts": bool(options.accounts),
        "no_auth_user": bool(options.no_auth_user),
        "mappings": bool(options.mappings),
        "system_account": options.system_account != Options.system_account,
    }
    texts = [
        f"{where(options, name)}{name} is not supported by this version"
        for name, asked in missing.items()
        if asked
    ]
    if texts:
        raise ConfigError("\n".join(texts))
