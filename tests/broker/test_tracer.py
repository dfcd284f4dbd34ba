"""What a tracing log says of the lines of a connection."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.log import Log
from headwater.broker.tracer import Tracer, redacted
from headwater.wire.message import Message


class Session:
    """What a tracer asks of a session."""

    def label(self):
        return "h:1 - cid:1"


def traced(call, *, headers_only=False, bytes_max=0):
    """Return the lines that ``call(tracer, session)`` leads to."""
    lines = []
    log = Log(lambda level, text: lines.append((level, text)), trace=True)
    call(Tracer(log, headers_only, bytes_max), Session())
    assert {level for level, _ in lines} <= {"TRC"}
    assert all(text.startswith("h:1 - cid:1 - ") for _, text in lines)
    return [text.removeprefix("h:1 - cid:1 - ") for _, text in lines]


def message(line, headers=b"", payload=b""):
    """Return a message as it lies in the buffer behind ``line``."""
    data = line + b"\r\n" + headers + payload + b"\r\n"
    found = Message()
    found.set_view(memoryview(data))
    found.subject_start = line.index(b"s")
    found.subject_end = found.subject_start + 1
    found.body_start = len(line) + 2
    found.header_size = len(headers)
    found.body_end = found.body_start + len(headers) + len(payload)
    return found


HEADERS = b"NATS/1.0\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"PUB s 5", "PUB s 5"),
        (b"pub   \t s  5 ", "PUB s  5 "),
        (b"PUB" + b" " * 40 + b"s 5", "PUB s 5"),
        (b"PING\r\nPUB s 5", "PUB s 5"),
    ],
)
def test_the_line_of_a_message(line, expected):
    found = traced(lambda tracer, session: tracer.message(session, message(line, b"", b"hello")))
    assert found == [f"<<- [{expected}]", '<<- MSG_PAYLOAD: ["hello"]']


@pytest.mark.parametrize(
    ("headers", "payload", "headers_only", "bytes_max", "shown"),
    [
        (b"", b"", False, 0, None),
        (b"", b"hello", False, 5, '"hello"'),
        (b"", b"hello", False, 4, '"hell..."'),
        (HEADERS, b"x", False, 0, r'"NATS/1.0\r\nA: b\r\n\r\nx"'),
        (HEADERS, b"x", True, 0, r'"NATS/1.0\r\nA: b"'),
        (HEADERS, b"x", True, 9, r'"NATS/1.0\r..."'),
        (b"", b"hello", True, 0, None),
    ],
)
def test_how_much_of_a_message_is_shown(headers, payload, headers_only, bytes_max, shown):
    given_message = message(b"HPUB s 1 2", headers, payload)
    received = traced(
        lambda tracer, session: tracer.message(session, given_message),
        headers_only=headers_only,
        bytes_max=bytes_max,
    )
    assert received[1:] == ([] if shown is None else [f"<<- MSG_PAYLOAD: [{shown}]"])
    sent = traced(
        lambda tracer, session: tracer.delivered(session, given_message, b"7", True),
        headers_only=headers_only,
        bytes_max=bytes_max,
    )
    assert sent[1:] == ([] if shown is None else [f"->> MSG_PAYLOAD: [{shown}]"])
    size = len(headers) + len(payload)
    assert sent[0] == (
        f"->> [HMSG s 7 {len(headers)} {size}]" if headers else f"->> [MSG s 7 {size}]"
    )


def test_a_client_without_headers_is_shown_without_them():
    found = traced(
        lambda tracer, session: tracer.delivered(session, message(b"s", HEADERS, b"x"), b"7", False)
    )
    assert found == ["->> [MSG s 7 1]", '->> MSG_PAYLOAD: ["x"]']


def test_a_message_for_another_server():
    whole = message(b"s", b"", b"x")
    whole.subject = b"s"
    found = traced(lambda tracer, session: tracer.relayed(session, whole, [b"g", b"h"], True))
    assert found == ["->> [LMSG s | g h 1]", '->> MSG_PAYLOAD: ["x"]']


@pytest.mark.parametrize(
    ("verb", "arguments", "expected"),
    [
        (b"PING", b"", ["<<- [PING]"]),
        (b"SUB", b"a  q 1 ", ["<<- [SUB a  q 1 ]"]),
        (b"SUB", b"\x1b[2J 1", [r"<<- [SUB \x1b[2J 1]"]),
        (b"CONNECT", b'{"pass":"x"}', ['<<- [CONNECT {"pass":"[REDACTED]"}]']),
        (b"INFO", b"{}", []),
        (b"+OK", b"", []),
        (b"FOO", b"x", []),
    ],
)
def test_received_operations(verb, arguments, expected):
    assert traced(lambda tracer, session: tracer.control(session, verb, arguments)) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"PONG\r\n", ["->> [PONG]"]),
        (b"+OK\r\n", ["->> [OK]"]),
        (b"-ERR 'Stale Connection'\r\n", ["->> [-ERR Stale Connection]"]),
        (b"LS+ a\r\nLS- b q\r\n", ["->> [LS+ a]", "->> [LS- b q]"]),
        (b'INFO {"a":1} \r\n', []),
        (b'CONNECT {"pass":"x"}\r\n', []),
    ],
)
def test_sent_operations(data, expected):
    assert traced(lambda tracer, session: tracer.sent(session, data)) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (b'{"user":"u","pass":"p"}', b'{"user":"u","pass":"[REDACTED]"}'),
        (b'{"pass" : "a\\"b" , "name":"pass"}', b'{"pass" : "[REDACTED]" , "name":"pass"}'),
        (b'{"PASS":"p","Auth_Token":"t"}', b'{"PASS":"[REDACTED]","Auth_Token":"[REDACTED]"}'),
        (b'{"sig":12,"nkey":null}', b'{"sig":[REDACTED],"nkey":[REDACTED]}'),
        (b'{"jwt":"j","proxy_sig":"s"}', b'{"jwt":"[REDACTED]","proxy_sig":"[REDACTED]"}'),
        (b'{"pass":"never closed', b'{"pass":"[REDACTED]"'),
        (b'{"pass":"a","pass":"b"}', b'{"pass":"[REDACTED]","pass":"[REDACTED]"}'),
    ],
)
def test_secrets_are_left_out(arguments, expected):
    assert redacted(arguments) == expected


@given(st.text(min_size=1), st.sampled_from(["pass", "auth_token", "sig", "jwt"]))
def test_no_secret_is_left_whatever_it_is(secret, key):
    arguments = msgspec.json.encode({"a": 1, key: "<" + secret + ">", "z": 2})
    assert redacted(arguments) == b'{"a":1,"%s":"[REDACTED]","z":2}' % key.encode()
