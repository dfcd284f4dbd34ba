"""Making operators, accounts and users: their keys and their tokens."""

from typing import Any

from headwater.accounts import jwt
from headwater.accounts.nkeys import ACCOUNT, OPERATOR, USER, KeyPair

NO_LIMITS = {
    "subs": -1,
    "data": -1,
    "payload": -1,
    "imports": -1,
    "exports": -1,
    "wildcards": True,
    "conn": -1,
    "leaf": -1,
}


def operator(name: str, key: KeyPair, system_account: str, now_s: int) -> str:
    """Return the token of an operator, which it signs itself."""
    nats = {"system_account": system_account}
    return _token(OPERATOR, name, key.public, key, nats, now_s)


def account(name: str, public: str, issuer: KeyPair, now_s: int, *, jetstream: bool = False) -> str:
    """Return the token of an account, which its operator signs."""
    limits: dict[str, Any] = dict(NO_LIMITS)
    if jetstream:
        limits.update(mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1)
    nats = {"limits": limits, "default_permissions": {"pub": {}, "sub": {}}}
    return _token(ACCOUNT, name, public, issuer, nats, now_s)


def user(
    name: str,
    public: str,
    issuer: KeyPair,
    now_s: int,
    *,
    publish: tuple[str, ...] = (),
    subscribe: tuple[str, ...] = (),
    expires_s: int = 0,
) -> str:
    """Return the token of a user, which its account signs; no subjects are all subjects."""
    nats = {"subs": -1, "data": -1, "payload": -1}
    rights = {"pub": _allowed(publish), "sub": _allowed(subscribe)}
    return _token(USER, name, public, issuer, {**rights, **nats}, now_s, expires_s)


def _allowed(subjects: tuple[str, ...]) -> dict[str, list[str]]:
    return {"allow": list(subjects)} if subjects else {}


_KINDS = {OPERATOR: "operator", ACCOUNT: "account", USER: "user"}


def _token(
    kind: str,
    name: str,
    public: str,
    issuer: KeyPair,
    nats: dict[str, Any],
    now_s: int,
    expires_s: int = 0,
) -> str:
    about: dict[str, Any] = {"sub": public, "name": name, "iat": now_s}
    if expires_s:
        about["exp"] = expires_s
    return jwt.encode({**about, "nats": {**nats, "type": _KINDS[kind], "version": 2}}, issuer)
