"""Whether this version, on this machine, can do what a configuration asks for."""

from headwater.accounts.authenticate import authenticator_for
from headwater.base.errors import ConfigError
from headwater.config.check import where
from headwater.config.options import AccountLimits, Options


def check(options: Options) -> None:
    """Try out what can be tried without starting: certificates, and how clients log in.

    Raises:
        ConfigError: a server with these options would not start.
    """
    refuse_missing(options)
    authenticator_for(options)
    if options.tls is not None:
        from headwater.net.tls_context import server_context  # noqa: PLC0415 (only with TLS)

        try:
            server_context(options.tls)
        except ConfigError as error:
            raise ConfigError(f"{where(options, 'tls')}{error}") from error


def refuse_missing(options: Options) -> None:
    """Raise a ConfigError for what is understood and not done yet, and cannot be ignored."""
    missing = []
    if options.system_account != Options.system_account:
        place = where(options, "system_account", "system")
        missing.append(f"{place}system_account: a system account other than $SYS")
    for account in options.accounts:
        place = where(options, "accounts")
        if account.limits != AccountLimits():
            missing.append(f"{place}accounts: {account.name}: a limit of an account")
        if account.jetstream is not None:
            missing.append(f"{place}accounts: {account.name}: JetStream of an account")
    if missing:
        raise ConfigError("\n".join(f"{what} is not supported by this version" for what in missing))
