"""CONNECT: what its JSON may look like, what it changes, what a second one does (P009 to P011)."""

from tests.server.duel import Difference, Script, Step, closes, connect, last, say

_USE = b"SUB c 1\r\nPUB c 1\r\nx\r\n"
_EVERYTHING = b'{"verbose":false,"pedantic":false,"echo":true,"tls_required":false,"lang":"x",' + (
    b'"version":"1","name":"n","headers":true,"no_responders":true,"protocol":1,"nkey":"","sig":""}'
)


def _accepted(json: bytes) -> list[Step]:
    return [say(b"CONNECT " + json + b"\r\n" + _USE)]


def _refused(json: bytes) -> list[Step]:
    return [last(b"CONNECT " + json + b"\r\n" + _USE)]


_ACCEPTED = {
    "empty": b"{}",
    "everything": _EVERYTHING,
    "null": b"null",
    "blank behind": b"{} ",
    "tab behind": b"{}\t",
    "blanks before": b" \t {}",
    "blanks inside": b'{ "verbose" :\tfalse }',
    "carriage return inside": b'{"verbose":\rfalse}',
    "null for a boolean": b'{"verbose":null}',
    "null for echo": b'{"echo":null,"verbose":false}',
    "null for a text": b'{"name":null,"user":null}',
    "null for a number": b'{"protocol":null}',
    "null for an account": b'{"account":null,"new_account":null}',
    "key in capitals": b'{"VERBOSE":false}',
    "key in mixed case": b'{"Verbose":false,"Echo":true}',
    "key twice": b'{"verbose":false,"verbose":true}',
    "key twice, other way round": b'{"verbose":true,"verbose":false}',
    "key twice in two cases": b'{"verbose":true,"Verbose":false}',
    "key twice in two cases, other way round": b'{"Verbose":false,"verbose":true}',
    "escape in a key": b'{"verbo\\u0073e":false}',
    "empty key": b'{"":1}',
    "key that is no text": b'{"ver\xffbose":false}',
    "unknown key": b'{"unknown":1}',
    "unknown key with an object": b'{"unknown":{"a":[1,2,{"b":null}]}}',
    "unknown key with deep nesting": b'{"unknown":' + b"[" * 100 + b"]" * 100 + b"}",
    "unknown key with a huge number": b'{"unknown":1e400}',
    "unknown key with half a surrogate": b'{"unknown":"\\ud800"}',
    "keys of links": b'{"hub":1,"cluster":1,"server_id":1,"gateway":1,"lnoc":1}',
    "text that is no UTF-8": b'{"name":"\xff\xfe"}',
    "half a surrogate": b'{"name":"\\ud800"}',
    "zero in a text": b'{"name":"a\\u0000b"}',
    "echo off": b'{"echo":false}',
    "echo off, quiet": b'{"echo":false,"verbose":false,"pedantic":false}',
    "protocol 0": b'{"protocol":0}',
    "protocol minus 0": b'{"protocol":-0}',
    "no account": b'{"account":"","new_account":false}',
    "needless user": b'{"user":"u","pass":"p"}',
    "needless token": b'{"auth_token":"t"}',
    "needless nkey": b'{"nkey":"UABC","sig":"abc"}',
    "needless JWT": b'{"jwt":"x.y.z"}',
    "needless signature of a proxy": b'{"proxy_sig":"x"}',
    "TLS wished for": b'{"tls_required":true}',
    "headers": b'{"headers":true}',
    "headers and no responders": b'{"headers":true,"no_responders":true}',
}
_REFUSED = {
    "nothing": b"",
    "blanks only": b"   ",
    "list": b"[]",
    "number": b"1",
    "text": b'"x"',
    "true": b"true",
    "half an object": b"{",
    "end of an object": b"}",
    "text behind": b"{}x",
    "two objects": b"{} {}",
    "zero byte behind": b"{}\x00",
    "form feed behind": b"{}\x0c",
    "vertical tab before": b"\x0b{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "single quotes": b"{'verbose':false}",
    "key without quotes": b"{verbose:false}",
    "comma too many": b'{"verbose":false,}',
    "comma too few": b'{"a":1 "b":2}',
    "colon too few": b'{"a" 1}',
    "value missing": b'{"a":}',
    "capital False": b'{"verbose":False}',
    "not a number": b'{"x":NaN}',
    "infinity": b'{"x":Infinity}',
    "minus infinity": b'{"x":-Infinity}',
    "number that begins with 0": b'{"unknown":00}',
    "number that ends with a point": b'{"x":1.}',
    "half a literal": b'{"unknown":tru}',
    "bad escape": b'{"name":"\\x"}',
    "zero byte in a text": b'{"name":"a\x00b"}',
    "tab in a text": b'{"name":"a\tb"}',
    "text for a boolean": b'{"verbose":"false"}',
    "number for a boolean": b'{"verbose":0}',
    "list for a boolean": b'{"verbose":[]}',
    "object for a boolean": b'{"verbose":{}}',
    "text for echo": b'{"echo":"no"}',
    "number for headers": b'{"headers":1}',
    "number for no responders": b'{"no_responders":1}',
    "number for TLS": b'{"tls_required":1}',
    "number for a new account": b'{"new_account":1}',
    "number for a name": b'{"name":1}',
    "number for a user, key in capitals": b'{"USER":1}',
    "number for a password": b'{"pass":1}',
    "number for a token": b'{"auth_token":1}',
    "number for a language": b'{"lang":1}',
    "number for a version": b'{"version":1}',
    "number for an account": b'{"account":1}',
    "number for a JWT": b'{"jwt":1}',
    "number for an nkey": b'{"nkey":1}',
    "number for a signature": b'{"sig":1}',
    "number for the signature of a proxy": b'{"proxy_sig":1}',
    "text for the protocol": b'{"protocol":"1"}',
    "fraction for the protocol": b'{"protocol":1.0}',
    "exponent for the protocol": b'{"protocol":1e0}',
    "boolean for the protocol": b'{"protocol":true}',
    "octal protocol": b'{"protocol":01}',
    "protocol 2": b'{"protocol":2}',
    "negative protocol": b'{"protocol":-1}',
    "protocol twice": b'{"protocol":1,"protocol":5}',
    "account": b'{"account":"x"}',
    "account of everybody": b'{"account":"$G"}',
    "new account": b'{"account":"x","new_account":true}',
    "new account without a name": b'{"new_account":true}',
    "no responders without headers": b'{"no_responders":true}',
    "no responders with headers off": b'{"headers":false,"no_responders":true}',
    "account before protocol": b'{"account":"x","protocol":7,"no_responders":true}',
    "protocol before no responders": b'{"protocol":7,"no_responders":true}',
}
_QUIET = b'CONNECT {"verbose":false,"protocol":%d}\r\n'
_INFO = b'"remote_account"'

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{name: _accepted(json) for name, json in _ACCEPTED.items()},
        **{name: _refused(json) for name, json in _REFUSED.items()},
        "without a blank": [say(b"CONNECT{}\r\n" + _USE)],
        "without a blank, no JSON": [last(b"CONNECTx{}\r\n")],
        "verb alone": [last(b"CONNECT\r\n")],
        "line feed first": [say(b"CONNECT\n{}\n" + _USE)],
        "small letters": [say(b'connect {"verbose":false}\r\n' + _USE)],
        "greeting after the first ping": [
            Step("a", _QUIET % 1 + b"PING\r\n", _INFO),
            say(b"\r\n"[:0]),
        ],
        "no greeting for protocol 0": [say(_QUIET % 0), say(b"")],
        "greeting after a ping before": [
            say(b""),
            Step("a", _QUIET % 1 + b"PING\r\n", _INFO),
            say(b""),
        ],
        "greeting, the second connect asks for it": [
            Step("a", _QUIET % 0 + _QUIET % 1 + b"PING\r\n", _INFO),
            say(b""),
        ],
        "no greeting after a ping with protocol 0": [say(_QUIET % 0), say(_QUIET % 1), say(b"")],
        "no second greeting": [
            Step("a", _QUIET % 1 + b"PING\r\n", _INFO),
            say(_QUIET % 1),
            say(b""),
        ],
        "again drops subscriptions": [
            connect(),
            say(b"SUB c 1\r\nSUB c g 2\r\nPUB c 1\r\nx\r\nCONNECT {}\r\nPUB c 1\r\ny\r\n"),
            say(_USE),
        ],
        "again forgets what was to be unsubscribed": [
            connect(),
            say(b"SUB c 1\r\nUNSUB 1 2\r\nPUB c 1\r\nx\r\nCONNECT {}\r\n"),
            say(_USE + b"PUB c 1\r\ny\r\nPUB c 1\r\nz\r\n"),
        ],
        "for the first time keeps subscriptions": [
            say(b'SUB c 1\r\nCONNECT {"verbose":false}\r\nPUB c 1\r\nx\r\n')
        ],
        "again keeps what it does not mention": [
            connect(verbose=True, echo=False),
            say(b"CONNECT {}\r\n" + _USE + b'CONNECT {"verbose":false}\r\n' + _USE),
        ],
        "again, null": [connect(), say(b"CONNECT null\r\n" + _USE)],
        "again, headers off": [
            connect(no_responders=False),
            last(b'CONNECT {"headers":false}\r\nHPUB c 0 0\r\n\r\n'),
        ],
        "again, headers on": [
            connect(headers=False, no_responders=False),
            say(b'CONNECT {"headers":true}\r\nSUB c 1\r\nHPUB c 1 1\r\nx\r\n'),
        ],
        "again, headers off but no responders on": closes(b'CONNECT {"headers":false}\r\n'),
        "again, bad JSON": closes(b"PING\r\nCONNECT {bad\r\nPING\r\n"),
        "again, bad protocol": closes(b'CONNECT {"protocol":7}\r\n'),
        "again, account": closes(b'CONNECT {"account":"x"}\r\n'),
        "protocol beyond 64 bits": closes(b'CONNECT {"protocol":99999999999999999999}\r\n'),
        "keys of links to servers of another type": Difference(
            [last(b'CONNECT {"verbose":false,"import":1,"remote_account":1}\r\nPING\r\nFOO\r\n')],
            b"PONG\r\n-ERR 'Unknown Protocol Operation'\r\n",
            "they mean nothing in what a client says, but are looked at there",
        ),
        "nesting beyond what is reasonable": Difference(
            [last(b'CONNECT {"x":' + b"[" * 1500 + b"]" * 1500 + b"}\r\nPING\r\nFOO\r\n")],
            b"",
            "the limit is lower than Go's 10000",
        ),
    }
}
