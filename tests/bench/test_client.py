"""The harness's own client."""

import pytest

from bench.client import Client
from bench.errors import HarnessError
from bench.servers import free_port
from tests.bench.fake_server import FakeServer


def test_a_request_is_answered_by_the_object_of_the_reply():
    with FakeServer() as server, Client(server.port) as client:
        assert client.request("bench.js", {"a": 1}) == {"stream": "BENCH", "seq": 1}
        assert client.request("bench.js") == {"stream": "BENCH", "seq": 2}


def test_pings_are_answered_and_other_messages_passed_over():
    stray = b"MSG _INBOX.prepare.0 1 2\r\n{}\r\n"
    spoil = lambda _, frame: b"PING\r\n" + stray + frame  # noqa: E731
    with FakeServer(spoil) as server, Client(server.port) as client:
        assert client.request("bench.js")["seq"] == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"MSG _INBOX.prepare.1 1 23\r\n" + b'{"error":{"code": 503}}' + b"\r\n", "503"),
        (b"MSG _INBOX.prepare.1 1 4\r\nnone\r\n", "expected JSON, got b'none'"),
        (b"MSG _INBOX.prepare.1 1 2\r\n[]\r\n", r"bench.js: \[\]"),
        (
            b"HMSG _INBOX.prepare.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
            "instead of a reply came b'NATS/1.0 503",
        ),
        (b"-ERR 'Permissions Violation'\r\n", "the server says -ERR 'Permissions Violation'"),
    ],
    ids=["error", "text", "list", "no-responders", "err"],
)
def test_an_answer_that_is_no_success_is_an_error(answer, reason):
    with (
        FakeServer(lambda _, frame: answer) as server,
        Client(server.port) as client,
        pytest.raises(HarnessError, match=reason),
    ):
        client.request("bench.js")


def test_what_is_no_server_is_an_error():
    with (
        FakeServer(greeting=b"HTTP/1.1 400\r\n") as server,
        pytest.raises(HarnessError, match="expected INFO"),
    ):
        Client(server.port)


def test_nobody_listening_is_a_refused_connection():
    with pytest.raises(ConnectionRefusedError):
        Client(free_port())
