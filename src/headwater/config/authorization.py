"""The ``authorization`` block: who may connect, and what they may publish and subscribe to."""

from collections.abc import Callable
from dataclasses import replace

from headwater.base.clock import MINUTE, SECOND
from headwater.base.errors import ConfigError
from headwater.base.ids import is_public_key
from headwater.config import values
from headwater.config.options import (
    Authorization,
    ResponsePermission,
    Rule,
    TlsOptions,
    User,
    UserPermissions,
)
from headwater.config.report import (
    Fields,
    Handlers,
    Report,
    checks,
    read_entries,
    refuses,
    refuses_unless_off,
    sets,
)
from headwater.config.tree import Entry, Place, fail
from headwater.subjects.validate import is_valid

_CONNECTION_TYPES = frozenset(
    ["STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"]
)


Reader = Callable[[Report, Entry], tuple[str, ...]]


def subjects(report: Report, entry: Entry) -> tuple[str, ...]:
    """Return one subject or a list of them, wildcards allowed."""
    found = values.texts(report, entry)
    for subject in found:
        if not is_valid(subject.encode("utf-8", "surrogateescape")):
            fail(entry.place, f"{entry.name}: {subject!r} is not a valid subject")
    return found


def _interests(report: Report, entry: Entry) -> tuple[str, ...]:
    """Return subjects, or pairs of a subject and a queue group with one blank between them."""
    found = []
    for text in values.texts(report, entry):
        words = text.split() if len(text.split()) == 2 else [text]
        for word, what in zip(words, ("subject", "queue group"), strict=False):
            if not is_valid(word.encode("utf-8", "surrogateescape")):
                fail(entry.place, f"{entry.name}: {word!r} is not a valid {what}")
        found.append(" ".join(words))
    return tuple(found)


def _some(read: Reader) -> Reader:
    """Return a reader of what ``read`` reads that refuses an empty list."""

    def read_some(report: Report, entry: Entry) -> tuple[str, ...]:
        found = read(report, entry)
        if not found:
            # nats-server takes it for "everything", its author hardly did.
            fail(
                entry.place,
                f"{entry.name}: an empty list would permit everything; "
                'say what is allowed, or deny ">"',
            )
        return found

    return read_some


_PUBLISH: Handlers = {"allow": sets("allow", _some(subjects)), "deny": sets("deny", subjects)}
_SUBSCRIBE: Handlers = {
    "allow": sets("allow", _some(_interests)),
    "deny": sets("deny", _interests),
}


def _rule(handlers: Handlers) -> Callable[[Report, Entry], Rule]:
    """Return a reader of one direction: what is allowed, or a map with ``handlers``."""

    def read_rule(report: Report, entry: Entry) -> Rule:
        fields: Fields = {}
        if isinstance(entry.node.value, dict):
            read_entries(report, entry.node.value, handlers, fields)
        else:
            handlers["allow"](report, fields, entry)
        return Rule(**fields)

    return read_rule


_RESPONSES: Handlers = {
    **dict.fromkeys(
        ("max", "max_msgs", "max_messages", "max_responses"), sets("answers_max", values.integer)
    ),
    **dict.fromkeys(
        ("expires", "expiration", "ttl"), sets("expires_ns", values.signed_duration_text)
    ),
}


def _responses(report: Report, entry: Entry) -> ResponsePermission | None:
    """Return how far answers are permitted: as by default, or by a map of bounds; 0 is none."""
    value = entry.node.value
    if isinstance(value, bool):
        return ResponsePermission() if value else None
    fields = values.block(_RESPONSES)(report, entry)
    return ResponsePermission(**{name: bound for name, bound in fields.items() if bound})


_PERMISSIONS: Handlers = {
    **dict.fromkeys(("publish", "pub", "import"), sets("publish", _rule(_PUBLISH))),
    **dict.fromkeys(("subscribe", "sub", "export"), sets("subscribe", _rule(_SUBSCRIBE))),
    **dict.fromkeys(("allow_responses", "publish_allow_responses"), sets("responses", _responses)),
}


def read_permissions(report: Report, entry: Entry) -> UserPermissions:
    """Return what a user may publish and subscribe to."""
    fields: Fields = {}
    read_entries(report, values.entries_of(entry), _PERMISSIONS, fields)
    publish = fields.get("publish", Rule())
    if fields.get("responses") is not None and publish.allow is None:
        # Who may answer may do nothing else, unless it is told.
        fields["publish"] = Rule((), publish.deny)
    return UserPermissions(**fields)


def _connection_types(report: Report, entry: Entry) -> tuple[str, ...]:
    """Return the kinds of connections that a user may open."""
    names = tuple(name.upper() for name in values.texts(report, entry))
    for name in names:
        if name not in _CONNECTION_TYPES:
            fail(entry.place, f"{entry.name}: unknown connection type {name!r}")
    return names


def user_nkey(report: Report, entry: Entry) -> str:
    """Return the public key of a user."""
    key = values.text(report, entry)
    if not is_public_key(key, "U"):
        fail(entry.place, f"{entry.name}: not the public key of a user")
    return key


PROXY_REQUIRED = refuses_unless_off("a trusted proxy", values.boolean)
NAME_AND_PASSWORD: Handlers = {
    **dict.fromkeys(("user", "username"), sets("name", values.text)),
    **dict.fromkeys(("pass", "password"), sets("password", values.text)),
}

_USER: Handlers = {
    **NAME_AND_PASSWORD,
    **dict.fromkeys(
        ("permission", "permissions", "authorization"), sets("permissions", read_permissions)
    ),
    **dict.fromkeys(
        ("allowed_connection_types", "connection_types", "clients"),
        sets("connection_types", _connection_types),
    ),
    "nkey": sets("nkey", user_nkey),
    "proxy_required": PROXY_REQUIRED,
}


def read_users(report: Report, entry: Entry) -> tuple[User, ...]:
    """Return the users of a list; no two of a configuration have one name."""
    users = []
    for node in values.nodes_of(entry):
        errors = len(report.errors)
        fields: Fields = {}
        read_entries(report, values.entries_of(Entry("user", node.place, node)), _USER, fields)
        if len(report.errors) > errors:
            continue
        _name_by_key(node.place, fields)
        name = fields.get("name", "")
        if not name:
            fail(node.place, "a user entry needs a user (its name)")
        if name in report.users:
            fail(node.place, f"duplicate user {name!r}")
        if not (fields.get("password") or fields.get("nkey")):
            report.warn(node.place, f"the user {name!r} has no password and connects without one")
        report.users.add(name)
        users.append(User(**fields))
    return tuple(users)


def _name_by_key(place: Place, fields: Fields) -> None:
    """Let a user who has an NKey be named by it."""
    key = fields.get("nkey")
    if key:
        if fields.get("name") or fields.get("password"):
            fail(place, "a user with an nkey has neither a name nor a password")
        fields.update(name=key, nkey=True)


def _timeout(report: Report, entry: Entry) -> int:
    timeout_ns = values.seconds(report, entry)
    if isinstance(entry.node.value, int | float) and timeout_ns > MINUTE:
        shown = entry.node.value
        report.warn(
            entry.place, f"{entry.name}: {shown} seconds are long; 1m without quotes is 1000000"
        )
    return timeout_ns


_CALLOUT: Handlers = {
    "issuer": checks(values.text),
    **dict.fromkeys(("account", "acc"), checks(values.text)),
    **dict.fromkeys(("auth_users", "users"), checks(values.texts)),
    **dict.fromkeys(("xkey", "key"), checks(values.text)),
    "allowed_accounts": checks(values.texts),
}

_AUTHORIZATION: Handlers = {
    **NAME_AND_PASSWORD,
    "token": sets("token", values.text),
    "timeout": sets("timeout_ns", _timeout),
    "users": sets("users", read_users),
    **dict.fromkeys(
        ("default_permission", "default_permissions", "permissions"),
        sets("permissions", read_permissions),
    ),
    **dict.fromkeys(
        ("auth_callout", "auth_hook"), refuses("an authorization callout", values.block(_CALLOUT))
    ),
    "proxy_required": PROXY_REQUIRED,
}


def with_default(users: tuple[User, ...], permissions: UserPermissions) -> tuple[User, ...]:
    """Return ``users``, with ``permissions`` for those that have none of their own."""
    return tuple(
        replace(user, permissions=permissions) if user.permissions is None else user
        for user in users
    )


def read_authorization(report: Report, fields: Fields, entry: Entry) -> None:
    """Read the block into the fields ``authorization.*``."""
    found: Fields = {}
    read_entries(report, values.entries_of(entry), _AUTHORIZATION, found)
    permissions = found.pop("permissions", None)
    if permissions is not None:
        if found.get("name"):
            fail(
                entry.place,
                "permissions do not apply to a single user: put the user into users [ ... ]",
            )
        found["users"] = with_default(found.get("users", ()), permissions)
    if not (found.get("name") or found.get("token") or found.get("users")):
        if found.get("password"):
            fail(entry.place, "authorization: a password without a user would let everybody in")
        report.warn(entry.place, "authorization names no user and no token: everybody may connect")
    found["place"] = f"{entry.place}: "
    fields.update({f"authorization.{name}": value for name, value in found.items()})


def assemble_authorization(fields: Fields, tls: TlsOptions | None) -> Authorization:
    """Return the block of the fields ``authorization.*``, without their prefix.

    With ``tls``, clients have a second more than for the handshake, unless the block says.

    Raises:
        ConfigError: a single user, a list of users and a token exclude one another.
    """
    where = fields.get("place", "")
    name = fields.get("name", "")
    password = fields.get("password", "")
    token = fields.get("token", "")
    users = fields.get("users")
    if token and (name or password):
        raise ConfigError(f"{where}cannot have a user and password together with a token")
    if users is not None and (name or token):
        other = "a single user and password" if name else "a token"
        raise ConfigError(f"{where}cannot have {other} together with a users list")
    if password and not name:
        raise ConfigError(f"{where}a password without a user would let everybody in")
    timeout = fields.get("timeout_ns", 0)
    if not timeout:
        timeout = Authorization.timeout_ns if tls is None else tls.timeout_ns + SECOND
    if name:
        users = (User(name, password),)
    return Authorization(
        given="place" in fields,
        users=users or (),
        single=bool(name),
        token=token,
        timeout_ns=timeout,
    )
