"""JWTs of NATS, version 2: claims about a key that another key has signed."""

import base64
import binascii
import hashlib
import re
from typing import Any, Generic, TypeVar

import msgspec

from headwater.accounts import nkeys
from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import FormatError

TOKEN_CHARACTERS_MAX = 1 << 20
_ALGORITHM = "ed25519-nkey"
_VERSION = 2
_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")

T = TypeVar("T")


class Header(msgspec.Struct):
    """How a token is signed."""

    typ: str
    alg: str


class Claims(msgspec.Struct, Generic[T]):
    """What is claimed of the key ``sub`` by the key ``iss``; times are in seconds, 0 for none."""

    nats: T
    sub: str
    iss: str
    name: str = ""
    aud: str = ""
    jti: str = ""
    iat: int = 0
    exp: int = 0
    nbf: int = 0

    def time_issue(self, now_s: float) -> str:
        """Return why the claims do not hold at a time, in nats-server's words; empty if they do."""
        if self.exp and self.exp < now_s:
            return "claim is expired"
        return "claim is not yet valid" if self.nbf > now_s else ""


class _Kind(msgspec.Struct):
    """What a token is, before its claims are looked at."""

    type: str = ""
    version: int = 0


_header_decoder = msgspec.json.Decoder(Header)
_kind_decoder = msgspec.json.Decoder(Claims[_Kind])


def decode(token: str, kind: str, claims_type: type[T], issuers: str) -> Claims[T]:
    """Return the claims of a token whose signature is its issuer's.

    ``kind`` is what it must be about, ``claims_type`` what stands in its ``nats``, and ``issuers``
    the kinds of keys that may have signed it.  Whether the issuer may be believed is for others.

    Raises:
        FormatError: it is no such token.
    """
    parts = _TOKEN.fullmatch(token) if len(token) <= TOKEN_CHARACTERS_MAX else None
    if parts is None:
        raise FormatError("not three parts in base64")
    header, body, signature = (_decoded(part) for part in parts.groups())
    try:
        found = _header_decoder.decode(header)
        if found.typ.lower() != "jwt" or found.alg.lower() != _ALGORITHM:
            raise FormatError("a token of another kind or version")
        about = _kind_decoder.decode(body)
        if about.nats.type != kind or about.nats.version != _VERSION:
            raise FormatError(f"no token of version 2 about the kind {kind}")
        claims = msgspec.json.decode(body, type=Claims[claims_type])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError("claims that cannot be read") from error
    issuer, _ = nkeys.decode_public(claims.iss)
    if issuer not in issuers:
        raise FormatError(f"a key of the kind {issuer} does not sign claims of the kind {kind}")
    signed = token[: parts.end(2)].encode()
    if not nkeys.verifies(claims.iss, signed, signature):
        raise FormatError("a signature that is not the issuer's")
    return claims


def encode(claims: dict[str, Any], issuer: KeyPair) -> str:
    """Return the token of ``claims``, with the issuer and an identity of its own."""
    claims = {**claims, "iss": issuer.public, "jti": ""}
    digest = hashlib.sha256(msgspec.json.encode(claims)).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    header = {"typ": "JWT", "alg": _ALGORITHM}
    signed = ".".join(_encoded(msgspec.json.encode(part)) for part in (header, claims))
    return f"{signed}.{_encoded(issuer.sign(signed.encode()))}"


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise FormatError("not base64") from None


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
