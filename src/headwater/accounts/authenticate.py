"""Who may connect, and to which account: users with passwords, a token, everybody."""

from hmac import compare_digest

from headwater.accounts.account import GLOBAL
from headwater.accounts.permissions import Permissions, Rules
from headwater.base.errors import ConfigError
from headwater.config.options import Options, Rule, User

# Verified against a value nobody knows, so that an unknown user takes as long as a known one.
_NO_PASSWORD = b"\x00no such user\x00"
# Whom a client without credentials is taken for where only the system account has users.
_ANONYMOUS = "nats-nobody00"
_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2x$", "$2y$")


class AuthenticatedUser:
    """Whom a connection turned out to be; ``permissions`` is None when everything is allowed."""

    __slots__ = ("account", "name", "permissions")

    def __init__(
        self, name: str, permissions: Permissions | None = None, account: bytes = GLOBAL
    ) -> None:
        self.name = name
        self.permissions = permissions
        self.account = account


class Authenticator:
    """Who may connect: this one lets everybody in.

    ``required`` tells whether INFO asks for credentials: it does not where somebody without any is
    let in as well.
    """

    required = False
    checks = False  # whether a CONNECT has to be checked before anything else may be sent

    def check(self, connect) -> AuthenticatedUser | None:
        """Return whom ``connect`` (a CONNECT) proves to be, or None."""
        return AuthenticatedUser("")

    def knows(self, name: str) -> bool:
        """Tell whether there is a user of that name."""
        return False


class TokenAuthenticator(Authenticator):
    """Lets in who knows the token."""

    required = checks = True

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._user = AuthenticatedUser("")

    def check(self, connect) -> AuthenticatedUser | None:
        return self._user if compare_digest(connect.auth_token.encode(), self._token) else None


class PasswordAuthenticator(Authenticator):
    """Lets in who has the password of one of the users."""

    checks = True

    def __init__(
        self,
        users: dict[str, tuple[User, bytes]],
        nobody: str = "",
        anonymous: AuthenticatedUser | None = None,
    ) -> None:
        """``users`` are users with the names of their accounts, by their own names.

        Who gives no credentials is taken for the user ``nobody``, and not asked for any; or, where
        there is no such name, for ``anonymous``.
        """
        self._users = {name: _with_account(*entry) for name, entry in users.items()}
        self._passwords = {name: user.password.encode() for name, (user, _) in users.items()}
        self._nobody = self._users.get(nobody) if nobody else anonymous
        self.required = not nobody

    def check(self, connect) -> AuthenticatedUser | None:
        if self._nobody is not None and not _has_credentials(connect):
            return self._nobody
        password = self._passwords.get(connect.user, _NO_PASSWORD)
        matches = compare_digest(connect.password.encode(), password)
        return self._users.get(connect.user) if matches else None

    def knows(self, name: str) -> bool:
        return name in self._users


def authenticator_for(options: Options) -> Authenticator:
    """Return what checks the CONNECT of clients.

    Raises:
        ConfigError: the users contradict one another, or a secret cannot be verified.
    """
    authorization = options.authorization
    users: dict[str, tuple[User, bytes]] = {}
    for user in authorization.users:
        users[user.name] = (user, GLOBAL)
    for account in options.accounts:
        for user in account.users:
            if user.name in users:
                raise ConfigError(f"accounts: the user {user.name!r} stands there twice")
            users[user.name] = (user, account.name.encode())
    secrets = [user.password for user, _ in users.values()] + [authorization.token]
    if any(secret.startswith(_BCRYPT_PREFIXES) for secret in secrets):
        raise ConfigError("authorization: bcrypt hashes are not supported yet, use plain passwords")
    if authorization.users and authorization.token:
        raise ConfigError("authorization: have either users or a token, not both")
    if options.no_auth_user and options.no_auth_user not in users:
        raise ConfigError(f"no_auth_user: there is no user {options.no_auth_user!r}")
    if authorization.token:
        return TokenAuthenticator(authorization.token)
    if users or options.only_system_has_users:
        anonymous = AuthenticatedUser(_ANONYMOUS) if options.only_system_has_users else None
        return PasswordAuthenticator(users, options.no_auth_user, anonymous)
    return Authenticator()


def _has_credentials(connect) -> bool:
    """Tell whether there is anything in a CONNECT that is looked at: no keys, there are none."""
    return bool(connect.user or connect.password or connect.auth_token)


def _with_account(user: User, account: bytes) -> AuthenticatedUser:
    permissions = None
    if user.permissions is not None:
        publish, subscribe = user.permissions.publish, user.permissions.subscribe
        permissions = Permissions(_rules(publish), _rules(subscribe))
    return AuthenticatedUser(user.name, permissions, account)


def _rules(rule: Rule) -> Rules:
    allow = None if rule.allow is None else [subject.encode() for subject in rule.allow]
    return Rules(allow, [subject.encode() for subject in rule.deny])
