"""Whether headers may ask for a trace: never a wrong no."""

import pytest

from headwater.accounts.account import Account
from headwater.broker.trace_marks import may_ask
from headwater.wire.message import Message


def asks(block: bytes, *, sampling: bool) -> bool:
    account = Account(b"A")
    if sampling:
        account.trace_destination = b"t"
    message = Message()
    message.compose(b"s", b"", block, b"Nats-Trace-Dest: payload\r\ntraceparent: payload\r\n")
    return may_ask(account, message)


@pytest.mark.parametrize("sampling", [False, True])
@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"NATS/1.0\r\nNats-Trace-Dest: t\r\n\r\n", True),
        (b"NATS/1.0\r\nA: b\r\nNats-Trace-Origin-Account:A\r\n\r\n", True),
        (b"NATS/1.0\r\nnats-trace-dest: t\r\n\r\n", False),
        (b"NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n", False),
        (b"NATS/1.0\r\n\r\n", False),
        (b"NATS/1.0", False),
    ],
)
def test_by_name(block: bytes, expected: bool, sampling: bool) -> None:
    assert asks(block, sampling=sampling) == expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"NATS/1.0\r\ntraceparent: x\r\n\r\n", True),
        (b"NATS/1.0\r\nA: b\r\nTraceParent:x", True),
        (b"NATS/1.0\r\ntraceparents: x\r\n\r\n", False),
        (b"NATS/1.0\r\ntraceparent : x\r\n\r\n", False),
        (b"NATS/1.0\r\ntraceparent", False),
        (b"NATS/1.0\r\nA: traceparent: x\r\n\r\n", False),
    ],
)
def test_by_a_trace_context_where_the_account_asks_for_it(block: bytes, expected: bool) -> None:
    assert asks(block, sampling=True) == expected
    assert not asks(block, sampling=False)
