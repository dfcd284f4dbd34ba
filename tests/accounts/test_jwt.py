"""Tokens."""

import base64
import json
from typing import Any

import pytest

from headwater.accounts import claims, jwt
from headwater.base.errors import FormatError
from tests.support import operators
from tests.support.operators import ACCOUNT, OPERATOR, USER


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signed(header: Any, body: Any) -> str:
    text = f"{_part(header)}.{_part(body)}"
    signature = base64.urlsafe_b64encode(ACCOUNT.sign(text.encode())).decode().rstrip("=")
    return f"{text}.{signature}"


_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
_BODY = {"sub": USER.public, "iss": ACCOUNT.public, "nats": {"type": "user", "version": 2}}


def test_there_and_back() -> None:
    found = claims.user(operators.user(bearer_token=True, tags=["a:b"]))
    assert (found.sub, found.iss, found.name) == (USER.public, ACCOUNT.public, "u1")
    assert (found.nats.bearer_token, found.nats.tags, len(found.jti)) == (True, ["a:b"], 52)
    assert claims.user(_signed(_HEADER, {**_BODY, "unknown": [1]})).sub == USER.public


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "eyJ.eyJ.eyJ",
        operators.user()[:-1],
        operators.user() + "A",
        operators.account(),
        operators.user(OPERATOR),
        _signed({**_HEADER, "alg": "none"}, _BODY),
        _signed({**_HEADER, "alg": "ed25519"}, _BODY),
        _signed(_HEADER, {**_BODY, "iss": OPERATOR.public}),
        _signed(_HEADER, {**_BODY, "iss": "A"}),
        _signed(_HEADER, {**_BODY, "nats": {"type": "user", "version": 1}}),
        _signed(_HEADER, {**_BODY, "nats": {"type": "user", "version": 2, "subs": "1"}}),
        _signed(_HEADER, {**_BODY, "exp": "soon"}),
        _signed(_HEADER, []),
        _signed(_HEADER, None),
        "A" * (jwt.TOKEN_CHARACTERS_MAX + 1),
    ],
)
def test_what_is_no_token_of_a_user(token: str) -> None:
    with pytest.raises(FormatError):
        claims.user(token)


def test_a_changed_token() -> None:
    token = operators.user()
    start, body, signature = token.split(".")
    for at in range(0, len(body), 7):
        changed = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]
        with pytest.raises(FormatError):
            claims.user(f"{start}.{changed}.{signature}")
