"""What no option can know alone: whether the options of a configuration go together."""

from headwater.base.errors import ConfigError
from headwater.config import sharing
from headwater.config.options import Options
from headwater.config.tree import line

_SYSTEM_ACCOUNT = "$SYS"
_GLOBAL_ACCOUNT = "$G"


def where(options: Options, *names: str) -> str:
    """Return the place of the first of ``names`` that stands in the file, for an error's start."""
    for name in names:
        if name in options.places:
            return f"{options.places[name]}: "
    return ""


def check(options: Options) -> list[str]:
    """Return warnings about ``options``.

    Raises:
        ConfigError: options contradict one another; a line for each contradiction.
    """
    found = _Check(options)
    found.limits()
    found.monitoring()
    found.users()
    found.accounts()
    found.sharing()
    found.tls()
    if found.errors:
        raise ConfigError("\n".join(found.errors))
    return found.warnings


class _Check:
    """Collects what is wrong."""

    def __init__(self, options: Options) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._options = options

    def limits(self) -> None:
        options = self._options
        payload, pending = options.payload_bytes_max, options.pending_bytes_max
        if payload > pending:
            self._fail(
                f"max_payload ({payload}) cannot be higher than max_pending ({pending})",
                "max_payload",
                "max_pending",
            )
        if options.lame_duck_grace_ns >= options.lame_duck_duration_ns:
            self._fail(
                "lame_duck_grace_period must be less than lame_duck_duration",
                "lame_duck_grace_period",
                "lame_duck_duration",
            )

    def monitoring(self) -> None:
        options = self._options
        if not options.https_port:
            return
        if options.http_port:
            self._fail("cannot have both http and https for monitoring", "https", "https_port")
        if options.tls is None:
            self._fail("https needs the certificate of a tls block", "https", "https_port")

    def users(self) -> None:
        options = self._options
        own = options.authorization
        of_accounts = [user.name for account in options.accounts for user in account.users]
        if of_accounts and own.token:
            self._fail("cannot have a token together with users of accounts", "accounts")
        if of_accounts and own.single:
            self._fail("cannot have a single user together with users of accounts", "accounts")
        name = options.no_auth_user
        if not name:
            return
        if own.single or own.token or not (own.users or of_accounts):
            self._fail(f"no_auth_user: {name!r} needs a list of users", "no_auth_user")
        elif name not in [*of_accounts, *(user.name for user in own.users)]:
            self._fail(f"no_auth_user: there is no user {name!r}", "no_auth_user")

    def accounts(self) -> None:
        options = self._options
        names = {account.name for account in options.accounts}
        system = options.system_account
        if options.no_system_account or options.operator_mode.is_on:
            return
        if system not in {*names, _SYSTEM_ACCOUNT, _GLOBAL_ACCOUNT}:
            text = f"system_account: there is no account {system!r}"
            self._fail(text, "system_account", "system")
        for account in options.accounts:
            if account.name == system and account.jetstream is not None:
                self._fail(f"{system}: JetStream cannot be on in the system account", "accounts")

    def sharing(self) -> None:
        for text in sharing.errors(self._options.accounts):
            self._fail(text, "accounts")

    def tls(self) -> None:
        options = self._options
        if not options.allow_non_tls:
            return
        if options.tls is None:
            self._warn("allow_non_tls is of no effect without a tls block", "allow_non_tls")
        elif options.tls.first and not options.tls.first_fallback_ns:
            text = "allow_non_tls is of no effect when the handshake comes first"
            self._warn(text, "allow_non_tls")

    def _fail(self, text: str, *names: str) -> None:
        self.errors.append(line(where(self._options, *names) + text))

    def _warn(self, text: str, *names: str) -> None:
        self.warnings.append(line(where(self._options, *names) + text))
