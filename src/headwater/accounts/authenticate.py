"""Who may connect, and to which account: users with passwords or keys, a token, everybody."""

from headwater.accounts.account import GLOBAL
from headwater.accounts.passwords import Password, password
from headwater.accounts.permissions import Permissions, Rules
from headwater.accounts.replies import Replies
from headwater.base.errors import ConfigError
from headwater.config.options import Options, ResponsePermission, Rule, User, UserLimits

# Verified against a value nobody knows, so that an unknown user takes as long as a known one.
_NO_PASSWORD = Password("\x00no such user\x00")
# Whom a client without credentials is taken for where only the system account has users.
_ANONYMOUS = "nats-nobody00"
STANDARD = "STANDARD"
_NO_LIMITS = UserLimits()


class AuthenticatedUser:
    """Whom a connection turned out to be; ``permissions`` is None when everything is allowed.

    ``title`` is a name beside the key; at ``expires_s`` it is to be gone, if that is not 0.
    """

    __slots__ = (
        "account",
        "connection_types",
        "expires_s",
        "limits",
        "name",
        "permissions",
        "responses",
        "title",
    )

    def __init__(
        self,
        name: str,
        permissions: Permissions | None = None,
        account: bytes = GLOBAL,
        *,
        responses: ResponsePermission | None = None,
        connection_types: tuple[str, ...] = (),
        limits: UserLimits = _NO_LIMITS,
    ) -> None:
        self.name = name
        self.permissions = permissions
        self.account = account
        self.responses = responses
        self.connection_types = connection_types
        self.limits = limits
        self.title = ""
        self.expires_s = 0.0

    def may_come_by(self, connection_type: str) -> bool:
        """Tell whether the user may open connections of a type."""
        return not self.connection_types or connection_type in self.connection_types

    def replies(self) -> Replies | None:
        """Return what lets a connection of the user answer, if it may."""
        found = self.responses
        return None if found is None else Replies(found.answers_max, found.expires_ns)


class Claimant:
    """What a connection is besides what it says of itself.

    ``nonce`` is what it was asked to sign; ``obstacle`` becomes why its claim fails, for the log.
    """

    __slots__ = ("address", "connection_type", "nonce", "now_s", "obstacle")

    def __init__(
        self,
        nonce: str = "",
        connection_type: str = STANDARD,
        address: str = "",
        now_s: float = 0.0,
    ) -> None:
        self.nonce = nonce
        self.connection_type = connection_type
        self.address = address
        self.now_s = now_s
        self.obstacle = ""


class Authenticator:
    """Who may connect: this one lets everybody in.

    ``required`` tells whether INFO asks for credentials: it does not where somebody without any is
    let in as well.
    """

    required = False
    checks = False  # whether a CONNECT has to be checked before anything else may be sent
    asks_for_signatures = False  # whether INFO has a nonce to sign

    def check(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        """Return whom ``connect`` (a CONNECT) of ``claimant`` proves to be, or None."""
        return AuthenticatedUser("")

    def knows(self, name: str) -> bool:
        """Tell whether there is a user of that name."""
        return False


class TokenAuthenticator(Authenticator):
    """Lets in who knows the token."""

    required = checks = True

    def __init__(self, token: str) -> None:
        self._token = password(token)
        self._user = AuthenticatedUser("")

    def check(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        return self._user if self._token.matches(connect.auth_token) else None


class UserAuthenticator(Authenticator):
    """Lets in who has the password of one of the users, or signs with the key of one."""

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
        found = {name: authenticated(*entry) for name, entry in users.items()}
        keys = {name for name, (user, _) in users.items() if user.nkey}
        self._keys = {name: found[name] for name in keys}
        self._users = {name: user for name, user in found.items() if name not in keys}
        self._passwords = {name: password(users[name][0].password) for name in self._users}
        self._nobody = found.get(nobody) if nobody else anonymous
        self._nobody_name = nobody
        self.required = not nobody
        self.asks_for_signatures = bool(keys)

    def check(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        user = self._claimed(connect, claimant)
        return user if user is not None and user.may_come_by(claimant.connection_type) else None

    def knows(self, name: str) -> bool:
        return name in self._users or name in self._keys

    def _claimed(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        by_key = connect.nkey if self._keys else ""
        if self._nobody is not None and not (by_key or _has_credentials(connect)):
            return self._nobody
        if by_key:
            return self._signer(connect, claimant)
        wanted = self._passwords.get(connect.user, _NO_PASSWORD)
        return self._users.get(connect.user) if wanted.matches(connect.password) else None

    def _signer(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        """Return the user of the key that a client names, if it has that key."""
        user = self._keys.get(connect.nkey)
        # Who needs no credentials proves nothing by having some.
        if user is not None and connect.nkey != self._nobody_name:
            claimant.obstacle = signature_obstacle(connect.nkey, connect.sig, claimant.nonce)
        return None if claimant.obstacle else user


def signature_obstacle(key: str, signature: str, nonce: str) -> str:
    """Return what is wrong with the signature of a nonce; empty if it is the key's."""
    from headwater.accounts import nkeys  # noqa: PLC0415 (only with keys)

    if not signature:
        return "Signature missing"
    decoded = nkeys.decode_signature(signature)
    if decoded is None:
        return "Signature not valid base64"
    return "" if nkeys.verifies(key, nonce.encode(), decoded) else "Signature not verified"


def authenticator_for(options: Options) -> Authenticator:
    """Return what checks the CONNECT of clients.

    Raises:
        ConfigError: the users contradict one another, or a secret cannot be verified.
    """
    if options.operator_mode.is_on:
        from headwater.accounts import operator_mode, trust  # noqa: PLC0415 (few have operators)

        return operator_mode.OperatorAuthenticator(trust.accounts(options.operator_mode))
    authorization = options.authorization
    users: dict[str, tuple[User, bytes]] = {}
    for user in authorization.users:
        users[user.name] = (user, GLOBAL)
    for account in options.accounts:
        for user in account.users:
            if user.name in users:
                raise ConfigError(f"accounts: the user {user.name!r} stands there twice")
            users[user.name] = (user, account.name.encode())
    if authorization.users and authorization.token:
        raise ConfigError("authorization: have either users or a token, not both")
    if options.no_auth_user and options.no_auth_user not in users:
        raise ConfigError(f"no_auth_user: there is no user {options.no_auth_user!r}")
    if authorization.token:
        return TokenAuthenticator(authorization.token)
    if users or options.only_system_has_users:
        anonymous = AuthenticatedUser(_ANONYMOUS) if options.only_system_has_users else None
        return UserAuthenticator(users, options.no_auth_user, anonymous)
    return Authenticator()


def _has_credentials(connect) -> bool:
    """Tell whether there is anything in a CONNECT that is looked at where no user has a key."""
    return bool(connect.user or connect.password or connect.auth_token)


def authenticated(user: User, account: bytes) -> AuthenticatedUser:
    """Return who a user of a configuration is, in its account."""
    permissions = responses = None
    if user.permissions is not None:
        publish, subscribe = user.permissions.publish, user.permissions.subscribe
        permissions = Permissions(_rules(publish), _rules(subscribe))
        responses = user.permissions.responses
    return AuthenticatedUser(
        user.name,
        permissions,
        account,
        responses=responses,
        connection_types=user.connection_types,
    )


def _rules(rule: Rule) -> Rules:
    allow = None if rule.allow is None else [subject.encode() for subject in rule.allow]
    return Rules(allow, [subject.encode() for subject in rule.deny])
