"""Who may connect where operators say which accounts there are, and accounts which users."""

from collections.abc import Mapping

from headwater.accounts import claims, templates
from headwater.accounts.admission_rules import end_of_window, is_source
from headwater.accounts.authenticate import (
    AuthenticatedUser,
    Authenticator,
    Claimant,
    authenticated,
    signature_obstacle,
)
from headwater.accounts.claims import Scope
from headwater.accounts.jwt import Claims
from headwater.base.errors import FormatError
from headwater.config.options import (
    ResponsePermission,
    Rule,
    User,
    UserLimits,
    UserPermissions,
)

# The kinds of connections that a token may name.
_CONNECTION_TYPES = frozenset(
    ["STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"]
)
_EVERYBODY = "*"

Accounts = Mapping[str, Claims[claims.Account]]


class _Refused(Exception):
    """Why a user is not let in, for the log."""


class OperatorAuthenticator(Authenticator):
    """Lets in who has the key of a user whom one of the accounts has made."""

    required = checks = asks_for_signatures = True

    def __init__(self, accounts: Accounts) -> None:
        """``accounts`` are claims that are known to be an operator's, by public key."""
        self._accounts = accounts

    def check(self, connect, claimant: Claimant) -> AuthenticatedUser | None:
        try:
            return self._admitted(connect, claimant)
        except _Refused as refusal:
            claimant.obstacle = str(refusal)
            return None

    def knows(self, name: str) -> bool:
        return True

    def _admitted(self, connect, claimant: Claimant) -> AuthenticatedUser:
        try:
            user = claims.user(connect.jwt)
        except FormatError:
            raise _Refused("Authentication requires a user JWT") from None
        now_s = claimant.now_s
        issue = user.time_issue(now_s)
        if issue:
            raise _Refused(f"User JWT no longer valid: {issue}")
        name = user.nats.issuer_account or user.iss
        account = self._accounts.get(name)
        if account is None:
            raise _Refused("Account JWT lookup error: account missing")
        if account.exp and account.exp < now_s:
            raise _Refused("Account JWT has expired")
        limits = _limits(user, account)
        _check_proof(connect, claimant, user, limits, account)
        if _is_revoked(user, account):
            raise _Refused("User authentication revoked")
        _check_connection_type(claimant, limits)
        if not is_source(claimant.address, limits.src):
            raise _Refused(f"Bad src Ip {claimant.address}")
        end_s = end_of_window(now_s, limits.times, limits.times_location)
        if end_s is None:
            raise _Refused("Outside connect times")
        found = authenticated(_as_configured(user.sub, limits, account), name.encode())
        found.limits = UserLimits(limits.subs, limits.payload)
        found.title = user.name
        found.expires_s = min((end for end in (user.exp, end_s) if end), default=0)
        return found


def _limits(user: Claims[claims.User], account: Claims[claims.Account]) -> claims.UserLimits:
    """Return what the user may do: by its own token, or by the template of who has signed it."""
    given = user.nats
    if user.iss == account.sub:
        return given
    for key in account.nats.signing_keys:
        if key == user.iss:
            return given
        if isinstance(key, Scope) and key.key == user.iss:
            return _of_scope(user, account, key)
    raise _Refused("User JWT issuer is not known")


def _of_scope(
    user: Claims[claims.User], account: Claims[claims.Account], scope: Scope
) -> claims.UserLimits:
    given = user.nats
    own = {name: getattr(given, name) for name in claims.UserLimits.__struct_fields__}
    if claims.UserLimits(**own) != claims.UserLimits():
        raise _Refused("User JWT is not valid: scoped users require no permissions or limits set")
    names = templates.Names(
        (user.name, user.sub, given.tags), (account.name, account.sub, account.nats.tags)
    )
    template = scope.template
    try:
        permissions = templates.filled(template, names)
    except FormatError as error:
        raise _Refused(f"User JWT is not valid: {error}") from None
    own = {name: getattr(template, name) for name in claims.UserLimits.__struct_fields__}
    own.update(pub=permissions.pub, sub=permissions.sub, resp=permissions.resp)
    return claims.UserLimits(**own)


def _check_proof(
    connect,
    claimant: Claimant,
    user: Claims[claims.User],
    limits: claims.UserLimits,
    account: Claims[claims.Account],
) -> None:
    """See that who has come is the user, unless the token itself is enough."""
    if limits.bearer_token:
        if account.nats.limits.disallow_bearer:
            raise _Refused("Account does not allow bearer tokens")
        return
    if limits.proxy_required:
        raise _Refused("Proxy required")
    obstacle = signature_obstacle(user.sub, connect.sig, claimant.nonce)
    if obstacle:
        raise _Refused(obstacle)


def _is_revoked(user: Claims[claims.User], account: Claims[claims.Account]) -> bool:
    revocations = account.nats.revocations or {}
    return any(
        key in revocations and user.iat <= revocations[key] for key in (user.sub, _EVERYBODY)
    )


def _check_connection_type(claimant: Claimant, limits: claims.UserLimits) -> None:
    given = [name.upper() for name in limits.allowed_connection_types]
    known = [name for name in given if name in _CONNECTION_TYPES]
    if given and not known:
        raise _Refused(f"invalid connection types {limits.allowed_connection_types}")
    if known and claimant.connection_type not in known:
        raise _Refused("Connection type not allowed")


def _as_configured(
    name: str, permissions: claims.Permissions, account: Claims[claims.Account]
) -> User:
    """Return the user as one of a configuration would be."""
    nothing = claims.Permissions()
    for found in (permissions, account.nats.default_permissions):
        own = claims.Permissions(found.pub, found.sub, found.resp)
        if own != nothing:
            return User(name, permissions=_permissions(own), nkey=True)
    return User(name, nkey=True)


def _permissions(found: claims.Permissions) -> UserPermissions:
    publish, subscribe = (
        Rule(tuple(rule.allow) or None, tuple(rule.deny)) for rule in (found.pub, found.sub)
    )
    if found.resp is None:
        return UserPermissions(publish, subscribe)
    default = ResponsePermission()
    responses = ResponsePermission(
        found.resp.max or default.answers_max, found.resp.ttl or default.expires_ns
    )
    return UserPermissions(Rule(publish.allow or (), publish.deny), subscribe, responses)
