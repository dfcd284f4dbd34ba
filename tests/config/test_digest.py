"""The digest of a configuration; the comparison with nats-server tests many more values."""

import hashlib

import pytest

from headwater.config.digest import digest
from headwater.config.parser import parse_text


def digest_of(text: str) -> str:
    return digest(parse_text(text, {}))


def sha256(json_text: str) -> str:
    return "sha256:" + hashlib.sha256(f"{json_text}\n".encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "json_text"),
    [
        ("", "{}"),
        ("b: 1\na: true\nA: x", '{"A":"x","a":true,"b":1}'),
        ("a { c [ 1, {} ], b: -2 }", '{"a":{"b":-2,"c":[1,{}]}}'),
        ('a: "<>&"', r'{"a":"\u003c\u003e\u0026"}'),
        ('a: "\u2028\u2029"', r'{"a":"\u2028\u2029"}'),
        (r'a: "\x01\n\"\\"', r'{"a":"\u0001\n\"\\"}'),
        (r'a: "\xff"', '{"a":"\ufffd"}'),
        ("a: 2006-01-02T15:04:05Z", '{"a":"2006-01-02T15:04:05Z"}'),
        ("a: 1.5", '{"a":1.5}'),
        ("a: 2.0", '{"a":2}'),
        ("a: -0.0", '{"a":-0}'),
        ("a: 0.00001", '{"a":0.00001}'),
        ("a: -0.0000125", '{"a":-0.0000125}'),
        ("a: 0.0000001", '{"a":1e-7}'),
        ("a: 1234567890123456789012.0", '{"a":1.2345678901234568e+21}'),
    ],
)
def test_digest_is_that_of_the_values_as_json(text, json_text):
    assert digest_of(text) == sha256(json_text)


def test_digest_does_not_depend_on_how_it_is_written():
    assert digest_of("a: 1kb\nb { c: yes }") == digest_of('{"b": {"c": true},\n "a": 1024}')
    assert digest_of("a: 1") != digest_of("a: 2")
