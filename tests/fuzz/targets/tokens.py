"""JWTs, NKeys and signatures: claims of the right types, or a FormatError."""

import base64

import msgspec

from headwater.accounts import claims, nkeys, templates
from headwater.accounts.nkeys import KeyPair
from headwater.base.errors import FormatError
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require

_KEY = KeyPair("A", bytes(range(32)))
_HEADER = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"ed25519-nkey"}').rstrip(b"=")
_USER = (
    b'{"sub":"%b","iss":"%b","iat":1,"nats":{"type":"user","version":2,"subs":-1,'
    b'"pub":{"allow":["a.{{name()}}"]},"src":["10.0.0.0/8"],"tags":["x:1"]}}'
) % (_KEY.public.encode(), _KEY.public.encode())
_ACCOUNT = (
    b'{"sub":"%b","iss":"%b","nats":{"type":"account","version":2,"limits":{"conn":1},'
    b'"signing_keys":["%b",{"key":"x","template":{"sub":{"deny":["{{tag(a)}}"]}}}],'
    b'"mappings":{"a":[{"subject":"b","weight":5}]},"revocations":{"*":1}}}'
) % ((_KEY.public.encode(),) * 3)
_WORDS = (
    *(b'"user"', b'"account"', b"null", b"[]", b"{}", b'"x"', b"true", b"-1", b"1e3", b'"\\ud800"'),
    *(b"{{tag(a)}}", b"{{", b"}}", b"[" * 50, _KEY.seed.encode(), *NUMBERS),
)


class TokensTarget(Target):
    """Claims that are mutated and then signed, so that what is behind the signature is read."""

    name = "tokens"

    def make(self, dice: Dice) -> bytes:
        body = dice.pick((_USER, _ACCOUNT))
        body = mutate(dice, body, _WORDS, (_USER, _ACCOUNT)) if dice.chance(0.9) else body
        if dice.chance(0.2):
            return body
        signed = _HEADER + b"." + base64.urlsafe_b64encode(body).rstrip(b"=")
        token = signed + b"." + base64.urlsafe_b64encode(_KEY.sign(signed)).rstrip(b"=")
        return mutate(dice, token, _WORDS, (token,)) if dice.chance(0.1) else token

    def play(self, data: bytes) -> object:
        text = data.decode("latin-1")
        found: list[object] = [nkeys.decode_signature(text[-86:]) is not None]
        for read in (claims.user, claims.account, claims.operator, KeyPair.from_seed):
            try:
                found.append(repr(read(text)))
            except FormatError as error:
                require(len(str(error)) < 500, f"an error of {len(str(error))} characters")
                found.append("refused")
        found.append(_filled(text))
        return msgspec.json.encode(found).decode()


def _filled(text: str) -> str:
    names = templates.Names(("n", "U", ["a:1", "a:2"]), ("acct", "A", []))
    rule = claims.Rule([text[-200:]], [])
    try:
        return repr(templates.filled(claims.Permissions(rule), names))
    except FormatError:
        return "refused"
