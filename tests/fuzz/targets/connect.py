"""The JSON of CONNECT: a structure of the right types, or a ProtocolError."""

import msgspec

from headwater.base.errors import ProtocolError
from headwater.wire import nats_ops
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import NUMBERS, mutate
from tests.fuzz.target import Target, require

# Shorter ones may stand in anything.
_SECRET_BYTES = 6
_KEYS = tuple(field.encode_name for field in msgspec.structs.fields(nats_ops.Connect))
_VALUES = (
    *(b"true", b"false", b"null", b"0", b"1", b'"x"', b'""', b"[]", b"{}", b"-1", b"1.0", b"1e2"),
    *(b'"\\u0000"', b'"\\ud800"', b'"\xff"', b'"\xc3\xa9"', b'"\\r\\n"', b"[" * 30, b"tru", b'"'),
    *NUMBERS,
)


class ConnectTarget(Target):
    """What is understood is understood again when it is written out."""

    name = "connect"

    def make(self, dice: Dice) -> bytes:
        fields = [
            b'"%s"%s%s' % (dice.pick(_NAMES), dice.pick(_COLONS), dice.pick(_VALUES))
            for _ in range(dice.below(6))
        ]
        data = b"{" + dice.pick((b",", b", ", b" , ")).join(fields) + b"}"
        if dice.chance(0.002):
            data = dice.pick((b"[", b'{"a":')) * 20_000
        return mutate(dice, data, (*_VALUES, *_NAMES), _GOOD) if dice.chance(0.5) else data

    def play(self, data: bytes) -> object:
        try:
            connect = nats_ops.decode_connect(data)
        except ProtocolError as error:
            require(len(str(error)) < 500, f"an error of {len(str(error))} characters")
            require(not error.wire_text, f"the peer is told {error.wire_text!r}")
            return "refused"
        again = nats_ops.decode_connect(msgspec.json.encode(connect))
        require(again == connect, f"{connect} became {again}")
        shown = connect.name + connect.lang + connect.user
        for secret in (connect.password, connect.auth_token, connect.sig, connect.jwt):
            hidden = len(secret) < _SECRET_BYTES or secret in shown
            require(hidden or secret not in repr(connect), "a secret is shown")
        for text in (connect.name, connect.lang, connect.version):
            require("\n" not in nats_ops.quoted(text), "a line end in a log")
        return msgspec.json.encode(connect).decode()


_NAMES = (*(key.encode() for key in _KEYS), b"x", b"Verbose", b"", b"\\u0061")
_COLONS = (b":",) * 6 + (b": ", b" : ", b"", b"::")
_GOOD = (
    b'{"verbose":false,"pedantic":false,"lang":"go","version":"1.2","protocol":1}',
    b'{"user":"u","pass":"secret-word","auth_token":"token-word","name":"n"}',
    b'{"unknown":[1,{"a":null}],"headers":true,"no_responders":true}',
)
