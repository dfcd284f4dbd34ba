"""Generated protocol text: right streams with their operations, and damaged ones."""

from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st


class Stream(NamedTuple):
    """Bytes, and the operations that they are."""

    data: bytes
    operations: list


words = st.text("abcXYZ019.*>$_-@é", min_size=1, max_size=6).map(str.encode)
payloads = st.one_of(
    st.binary(max_size=30), st.sampled_from([b"", b"\r\n", b"PUB a 1\r\n", b"NATS/1.0\r\n\r\n"])
)
blanks = st.sampled_from([b" ", b"  ", b"\t", b" \t "])
line_ends = st.sampled_from([b"\r\n", b"\n", b" \r\n"])


def _any_case(verb: bytes):
    return st.sampled_from([verb, verb.lower(), verb.title(), verb.swapcase()])


@st.composite
def _line(draw, verb, arguments):
    """Return one line: a verb and its arguments, with any blanks between them."""
    line = draw(_any_case(verb))
    for argument in arguments:
        line += draw(blanks) + argument
    return line + draw(line_ends)


@st.composite
def _publish(draw):
    subject, reply = draw(words), draw(st.one_of(st.just(b""), words))
    headers, payload = draw(payloads), draw(payloads)
    with_headers = draw(st.booleans())
    body = headers + payload if with_headers else payload
    sizes = [b"%d" % len(headers)] if with_headers else []
    arguments = [subject, *([reply] if reply else []), *sizes, b"%d" % len(body)]
    line = draw(_line(b"HPUB" if with_headers else b"PUB", arguments))
    operation = (subject, reply, None, headers if with_headers else b"", payload)
    return line + body + b"\r\n", operation


# In a routed message a reply or group never is one of the two marks.
@st.composite
def _routed(draw):
    subject, reply = draw(words), draw(st.one_of(st.just(b""), words))
    groups = draw(st.lists(words, max_size=3))
    headers, payload = draw(payloads), draw(payloads)
    with_headers = draw(st.booleans())
    body = headers + payload if with_headers else payload
    arguments = [subject]
    if groups:
        arguments += [b"+", reply, *groups] if reply else [b"|", *groups]
    elif reply:
        arguments.append(reply)
    arguments += [b"%d" % len(headers)] if with_headers else []
    line = draw(_line(b"HMSG" if with_headers else b"LMSG", [*arguments, b"%d" % len(body)]))
    queues = tuple(groups) if groups else None
    operation = (subject, reply, queues, headers if with_headers else b"", payload)
    return line + body + b"\r\n", operation


@st.composite
def _control(draw, verbs):
    verb = draw(st.sampled_from(verbs))
    arguments = b" ".join(draw(st.lists(words, min_size=verb not in BARE_VERBS, max_size=3)))
    line = draw(_any_case(verb)) + (draw(blanks) + arguments if arguments else b"")
    return line + draw(st.sampled_from([b"\r\n", b"\n"])), (verb, arguments)


def _stream(operations):
    return Stream(b"".join(data for data, _ in operations), [o for _, o in operations])


CLIENT_VERBS = [b"SUB", b"UNSUB", b"PING", b"PONG", b"CONNECT", b"INFO", b"+OK", b"-ERR"]
SERVER_VERBS = [b"LS+", b"LS-", b"PING", b"PONG", b"INFO", b"+OK", b"-ERR"]
BARE_VERBS = [b"PING", b"PONG", b"+OK"]


def streams(*, peer: bool):
    """Return streams of complete, right operations of a client or of another server."""
    message = _routed() if peer else _publish()
    control = _control(SERVER_VERBS if peer else CLIENT_VERBS)
    return st.lists(st.one_of(message, control), max_size=6).map(_stream)


@st.composite
def _mutated(draw):
    stream = draw(st.one_of(streams(peer=False), streams(peer=True)))
    data = bytearray(stream.data)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        action = draw(st.sampled_from(["insert", "delete", "replace", "double"]))
        if action == "insert":
            data[at:at] = draw(st.one_of(st.binary(max_size=3), st.sampled_from(_PIECES)))
        elif action == "delete":
            del data[at : at + draw(st.integers(1, 4))]
        elif action == "replace":
            data[at : at + 1] = draw(st.sampled_from(_PIECES))
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 20))]
    return bytes(data)


_PIECES = [b" ", b"\r", b"\n", b"\r\n", b"\t", b"0", b"9", b"-1", b"99999999999", b"\x00", b"PUB "]

mutated_streams = _mutated()
cuts = st.lists(st.integers(0, 400), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return ``data`` cut at the places that lie inside."""
    marks = [0, *sorted(place for place in places if place < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(marks)]
