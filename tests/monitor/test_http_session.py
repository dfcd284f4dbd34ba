"""HTTP on the monitoring port, without sockets."""

import pytest

from headwater.base.buffer import BufferPool
from headwater.base.clock import MINUTE, ManualClock
from headwater.base.timers import Timers
from headwater.monitor.http_session import Answer, HttpSession, plain_text
from tests.broker.fakes import FakeLink


class Browser:
    """One connection; ``say`` returns what is answered."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.targets: list[str] = []
        self.gone: list[HttpSession] = []
        pool = BufferPool(256, capacity_max=4096, count_max=4)
        self.session = HttpSession(
            pool, self.timers, self.respond, self.clock.now, self.gone.append
        )
        self.link = FakeLink(self.session)
        self.session.link = self.link
        self.session.connected()

    def respond(self, target: str) -> Answer:
        self.targets.append(target)
        return Answer(200, b"body", (("Content-Type", "text/plain"),))

    def say(self, data: bytes) -> bytes:
        assert self.session.receive(memoryview(data), 0, len(data)) == len(data)
        sent, self.link.sent = self.link.sent, b""
        return sent


GET = b"GET /varz?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"


def test_request_and_answer() -> None:
    browser = Browser()
    head, _, body = browser.say(GET).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert set(lines[1:]) == {
        b"Content-Type: text/plain",
        b"Content-Length: 4",
        b"Date: Tue, 14 Nov 2023 22:13:20 GMT",
    }
    assert body == b"body"
    assert browser.targets == ["/varz?a=1"]
    assert not browser.link.closed


def test_requests_in_pieces_and_several_at_once() -> None:
    browser = Browser()
    answers = b"".join(browser.say(bytes([byte])) for byte in GET)
    assert answers.count(b"200 OK") == 1
    assert browser.say(GET * 3).count(b"200 OK") == 3
    assert len(browser.targets) == 4


def test_head_has_no_body() -> None:
    answer = Browser().say(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Length: 4" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
)
def test_closes_when_asked_to(request_bytes: bytes) -> None:
    browser = Browser()
    assert browser.say(request_bytes).endswith(b"body")
    assert browser.link.closed


def test_a_body_is_read_and_ignored() -> None:
    browser = Browser()
    post = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    assert browser.say(post + GET).count(b"200 OK") == 2


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),  # no Host
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 40_000, b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n" + bytes(70_000), b"413"),
    ],
)
def test_what_is_no_proper_request_is_refused(data: bytes, status: bytes) -> None:
    browser = Browser()
    assert browser.say(data).startswith(b"HTTP/1.1 " + status)
    assert browser.link.closed
    assert browser.targets == []
    assert browser.say(GET) == b""


def test_silence_ends_the_connection() -> None:
    browser = Browser()
    browser.clock.advance(MINUTE // 2)
    browser.say(GET)
    browser.clock.advance(MINUTE // 2)
    browser.timers.run_due()
    assert not browser.link.aborted
    browser.clock.advance(MINUTE // 2)
    browser.timers.run_due()
    assert browser.link.aborted
    browser.session.closed("")
    assert browser.gone == [browser.session]


def test_plain_text() -> None:
    answer = plain_text(404, "none")
    assert (answer.status, answer.body) == (404, b"none\n")
