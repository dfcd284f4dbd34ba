"""HTTP on the monitoring port, without sockets."""

from collections.abc import Callable

import pytest

from headwater.base.buffer import BufferPool
from headwater.base.clock import MINUTE, ManualClock
from headwater.base.timers import Timers
from headwater.monitor.http_session import Answer, HttpSession
from tests.broker.fakes import FakeLink


class Browser:
    """One connection; ``say`` returns what is answered.

    With ``later`` requests are answered when the test calls what is in ``waiting``.
    """

    def __init__(self, *, later: bool = False) -> None:
        self.later = later
        self.waiting: list[Callable[[], None]] = []
        self.methods: list[str] = []
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

    def respond(self, method: str, target: str, done: Callable[[Answer], None]) -> None:
        self.methods.append(method)
        self.targets.append(target)
        answer = Answer(200, b"body", (("Content-Type", "text/plain"),))
        if self.later:
            self.waiting.append(lambda: done(answer))
        else:
            done(answer)

    def say(self, data: bytes) -> bytes:
        assert self.session.receive(memoryview(data), 0, len(data)) == len(data)
        return self.take()

    def take(self) -> bytes:
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
        (b"\x16\x03\x01 hello\r\n\r\n", "400 Bad Request"),
        (b"garbage\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", "400 Bad Request"),
        (b"GET varz HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET https://y/ HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"),
        (b"GET /" + b"a" * 40_000, "431 Request Header Fields Too Large"),
        (
            b"GET / HTTP/3.0\r\nHost: x\r\n\r\n",
            "505 HTTP Version Not Supported: unsupported protocol version",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n" + bytes(70_000),
            "413 Request Entity Too Large",
        ),
    ],
)
def test_what_is_no_proper_request_is_refused(data: bytes, status: str) -> None:
    browser = Browser()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    assert browser.say(data).decode() == f"{head}Connection: close\r\n\r\n{status}"
    assert browser.link.closed
    assert browser.targets == []
    assert browser.say(GET) == b""


def test_a_request_as_a_proxy_gets_it() -> None:
    browser = Browser()
    for target in (b"http://y/varz?a=%zz", b"http://y"):
        browser.say(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert browser.targets == ["/varz?a=%zz", "/"]


def test_the_method_is_passed_on() -> None:
    browser = Browser()
    for method in (b"GET", b"HEAD", b"POST", b"get", b"FOO"):
        browser.say(method + b" / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert browser.methods == ["GET", "HEAD", "POST", "get", "FOO"]


def test_an_answer_that_takes_its_time() -> None:
    browser = Browser(later=True)
    assert browser.say(GET) == b""
    browser.waiting.pop()()
    assert browser.take().endswith(b"\r\n\r\nbody")
    assert browser.say(GET) == b""
    assert len(browser.waiting) == 1


def test_requests_behind_one_that_is_being_answered_wait() -> None:
    browser = Browser(later=True)
    browser.say(GET + GET.replace(b"a=1", b"a=2"))
    browser.say(GET.replace(b"a=1", b"a=3"))
    assert browser.targets == ["/varz?a=1"]
    for count in (2, 3):
        browser.waiting.pop()()
        assert browser.take().count(b"200 OK") == 1
        assert len(browser.targets) == count
    browser.waiting.pop()()
    assert browser.targets == ["/varz?a=1", "/varz?a=2", "/varz?a=3"]


def test_nonsense_behind_a_request_that_is_being_answered() -> None:
    browser = Browser(later=True)
    browser.say(GET + b"garbage\r\n\r\n")
    browser.waiting.pop()()
    answers = browser.take()
    assert answers.count(b"200 OK") == answers.count(b"HTTP/1.1 400 Bad Request") == 1
    assert browser.link.closed


def test_what_is_sent_before_an_answer_is_bounded() -> None:
    browser = Browser(later=True)
    for _ in range(64):
        browser.say(GET * 20)
    assert not browser.link.aborted
    browser.say(GET * 1000)
    assert browser.link.aborted


def test_who_has_gone_is_not_answered() -> None:
    browser = Browser(later=True)
    browser.say(GET)
    browser.session.closed("")
    browser.waiting.pop()()
    assert browser.take() == b""


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
