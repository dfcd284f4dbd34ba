"""Who may connect: users with passwords, or a token, as the ``authorization`` block has them."""

from hmac import compare_digest

from headwater.accounts.permissions import Permissions, Rules
from headwater.base.errors import ConfigError
from headwater.config.options import Authorization, Rule, User

# Verified against a value nobody knows, so that an unknown user takes as long as a known one.
_NO_PASSWORD = b"\x00no such user\x00"
_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2x$", "$2y$")


class AuthenticatedUser:
    """Whom a connection turned out to be; ``permissions`` is None when everything is allowed."""

    __slots__ = ("name", "permissions")

    def __init__(self, name: str, permissions: Permissions | None) -> None:
        self.name = name
        self.permissions = permissions


class Authenticator:
    """Who may connect: this one lets everybody in."""

    required = False

    def check(self, connect) -> AuthenticatedUser | None:
        """Return whom ``connect`` (a CONNECT) proves to be, or None."""
        return AuthenticatedUser("", None)


class TokenAuthenticator(Authenticator):
    """Lets in who knows the token."""

    required = True

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._user = AuthenticatedUser("", None)

    def check(self, connect) -> AuthenticatedUser | None:
        return self._user if compare_digest(connect.auth_token.encode(), self._token) else None


class PasswordAuthenticator(Authenticator):
    """Lets in who has the password of one of the users."""

    required = True

    def __init__(self, users: tuple[User, ...]) -> None:
        self._users = {user.name: _with_permissions(user) for user in users}
        self._passwords = {user.name: user.password.encode() for user in users}

    def check(self, connect) -> AuthenticatedUser | None:
        password = self._passwords.get(connect.user, _NO_PASSWORD)
        matches = compare_digest(connect.password.encode(), password)
        return self._users.get(connect.user) if matches else None


def authenticator_for(authorization: Authorization) -> Authenticator:
    """Return what checks the CONNECT of clients.

    Raises:
        ConfigError: a secret is in a form that cannot be verified.
    """
    if not authorization.required:
        return Authenticator()
    secrets = [user.password for user in authorization.users] + [authorization.token]
    if any(secret.startswith(_BCRYPT_PREFIXES) for secret in secrets):
        raise ConfigError("authorization: bcrypt hashes are not supported yet, use plain passwords")
    if authorization.users and authorization.token:
        raise ConfigError("authorization: have either users or a token, not both")
    if authorization.token:
        return TokenAuthenticator(authorization.token)
    return PasswordAuthenticator(authorization.users)


def _with_permissions(user: User) -> AuthenticatedUser:
    permissions = None
    if user.permissions is not None:
        publish, subscribe = user.permissions.publish, user.permissions.subscribe
        permissions = Permissions(_rules(publish), _rules(subscribe))
    return AuthenticatedUser(user.name, permissions)


def _rules(rule: Rule) -> Rules:
    allow = None if rule.allow is None else [subject.encode() for subject in rule.allow]
    return Rules(allow, [subject.encode() for subject in rule.deny])
