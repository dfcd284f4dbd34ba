"""What the tokens of operators, accounts and users say; unknown fields are left alone."""

from typing import Any

import msgspec

from headwater.accounts import jwt
from headwater.accounts.jwt import Claims


class Rule(msgspec.Struct):
    """One direction of permissions; an empty ``allow`` is everything."""

    allow: list[str] = []
    deny: list[str] = []


class Responses(msgspec.Struct):
    """Leave to answer; 0 stands for the default, a negative number for no end."""

    max: int = 0
    ttl: int = 0


class Permissions(msgspec.Struct):
    """What a user may do."""

    pub: Rule = msgspec.field(default_factory=Rule)
    sub: Rule = msgspec.field(default_factory=Rule)
    resp: Responses | None = None


class TimeRange(msgspec.Struct):
    """Times of a day, ``15:04:05`` each."""

    start: str
    end: str


class UserLimits(Permissions):
    """What a user may do, and from where and when; -1 for no limit."""

    subs: int = 0
    data: int = 0
    payload: int = 0
    src: list[str] | str = []
    times: list[TimeRange] = []
    times_location: str = ""
    bearer_token: bool = False
    proxy_required: bool = False
    allowed_connection_types: list[str] = []


class User(UserLimits):
    """A user; with ``issuer_account`` the issuer is a signing key of that account."""

    issuer_account: str = ""
    tags: list[str] = []


class Scope(msgspec.Struct):
    """A signing key that makes users by a template."""

    key: str
    kind: str = ""
    role: str = ""
    template: UserLimits = msgspec.field(default_factory=UserLimits)


class JetStreamLimits(msgspec.Struct):
    """What an account may have of JetStream; 0 of both storages is: nothing at all."""

    mem_storage: int = 0
    disk_storage: int = 0
    streams: int = 0
    consumer: int = 0
    max_ack_pending: int = 0
    mem_max_stream_bytes: int = 0
    disk_max_stream_bytes: int = 0
    max_bytes_required: bool = False


class AccountLimits(JetStreamLimits):
    """What an account may have; -1 for no limit."""

    subs: int = -1
    payload: int = -1
    conn: int = -1
    leaf: int = -1
    disallow_bearer: bool = False
    tiered_limits: dict[str, JetStreamLimits] = {}


class Destination(msgspec.Struct):
    """Where a share of what is published to a mapped subject goes."""

    subject: str
    weight: int = 0
    cluster: str = ""


class Trace(msgspec.Struct):
    """Where traces of an account go; the percentage 0 is all of them."""

    dest: str = ""
    sampling: int = 0


class Account(msgspec.Struct):
    """An account."""

    limits: AccountLimits = msgspec.field(default_factory=AccountLimits)
    signing_keys: list[str | Scope] = []
    revocations: dict[str, int] | None = None
    default_permissions: Permissions = msgspec.field(default_factory=Permissions)
    mappings: dict[str, list[Destination]] | None = None
    imports: list[Any] | None = None
    exports: list[Any] | None = None
    authorization: dict[str, Any] | None = None
    trace: Trace | None = None
    tags: list[str] = []


class Operator(msgspec.Struct):
    """An operator."""

    signing_keys: list[str] = []
    system_account: str = ""
    strict_signing_key_usage: bool = False


def user(token: str) -> Claims[User]:
    """Return what a token says of a user.

    Raises:
        FormatError: it is no such token.
    """
    return jwt.decode(token, "user", User, "A")


def account(token: str) -> Claims[Account]:
    """Return what a token says of an account; see ``user``."""
    return jwt.decode(token, "account", Account, "OA")


def operator(token: str) -> Claims[Operator]:
    """Return what a token says of an operator; see ``user``."""
    return jwt.decode(token, "operator", Operator, "O")
