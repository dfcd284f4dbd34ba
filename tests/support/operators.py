"""An operator with its accounts and users, as a test needs them."""

import time
from typing import Any

from headwater.accounts import claims, jwt
from headwater.accounts.keyring import NO_LIMITS
from headwater.accounts.nkeys import KeyPair

_NOW = int(time.time())
_USER = {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1}
_NOTHING = {"pub": {}, "sub": {}, "subs": 0, "data": 0, "payload": 0}

OPERATOR = KeyPair.generate("O")
SYSTEM = KeyPair.generate("A")
ACCOUNT = KeyPair.generate("A")
SIGNING = KeyPair.generate("A")
SCOPED = KeyPair.generate("A")
USER = KeyPair.generate("U")


def token(kind: str, key: KeyPair, issuer: KeyPair, nats: dict[str, Any], **top: Any) -> str:
    """Return a token about ``key``; ``nats`` are its claims."""
    about = {"sub": key.public, "name": kind, "iat": _NOW, **top}
    return jwt.encode({**about, "nats": {**nats, "type": kind, "version": 2}}, issuer)


def operator(**nats: Any) -> str:
    return token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public, **nats})


def account(
    key: KeyPair = ACCOUNT,
    issuer: KeyPair = OPERATOR,
    top: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    **nats: Any,
) -> str:
    nats = {"limits": {**NO_LIMITS, **(limits or {})}, "default_permissions": {}, **nats}
    return token("account", key, issuer, nats, **{"name": "acct", **(top or {})})


def user(
    issuer: KeyPair = ACCOUNT, key: KeyPair = USER, top: dict[str, Any] | None = None, **nats: Any
) -> str:
    nats = {**(_NOTHING if issuer is SCOPED else _USER), **nats}
    if issuer is not ACCOUNT:
        nats.setdefault("issuer_account", ACCOUNT.public)
    return token("user", key, issuer, nats, **{"name": "u1", **(top or {})})


def config(*accounts: str, **nats: Any) -> str:
    """Return the configuration of a server with the accounts, of this operator and its system."""
    found = [*accounts, account(SYSTEM, top={"name": "SYS"})]
    preload = "\n".join(f"{claims.account(each).sub}: {each}" for each in found)
    return f"operator: {operator(**nats)}\nresolver: MEMORY\nresolver_preload {{\n{preload}\n}}\n"
