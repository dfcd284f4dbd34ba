"""Which path leads to what, and how the answers look in HTTP."""

import re
from pathlib import Path
from typing import Any

import pytest

from headwater.base.clock import SECOND
from headwater.config.options import Options
from headwater.monitor import endpoints
from headwater.monitor.about import About
from headwater.monitor.endpoints import ENDPOINTS, Endpoint
from headwater.monitor.http_session import Answer
from headwater.monitor.parameters import Parameters
from headwater.monitor.server import Monitor
from headwater.monitor.varz import VarzOptions
from tests.broker.fakes import FakeLink, new_node
from tests.monitor.asking import ask

JSON = (("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json"))
TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
NOT_FOUND = Answer(404, b"404 page not found\n", (*TEXT, ("X-Content-Type-Options", "nosniff")))


def _monitor(options: Options | None = None) -> Monitor:
    node = new_node()
    node.listening = True
    return Monitor(About(node, options or Options()))


def _redirect(place: str) -> Answer:
    shown = place.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = f'<a href="{shown}">Temporary Redirect</a>.\n\n'.encode()
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Location", place))
    return Answer(307, body, headers)


@pytest.mark.parametrize("name", [name for name in ENDPOINTS if name != "raftz"])
def test_every_endpoint_answers_with_json(name: str) -> None:
    answer = ask(_monitor(), f"/{name}")
    assert (answer.status, answer.headers) == (200, JSON)


def test_answers_are_indented_and_end_without_a_line_end() -> None:
    body = ask(_monitor(), "/leafz").body
    assert re.fullmatch(
        rb'\{\n  "server_id": "N\w+",\n  "now": "[^"]+",\n  "leafnodes": 0,\n  "leafs": \[\]\n\}',
        body,
    )


def test_another_name_of_subsz() -> None:
    monitor = _monitor()
    ours, other = ask(monitor, "/subsz"), ask(monitor, "/subscriptionsz")
    assert ours == other
    assert monitor.about.requests == {"/subsz": 2}


def test_which_requests_are_counted() -> None:
    monitor = _monitor()
    for target in ("/", "/connz", "/connz?sort=x", "/connz?limit=x", "/routez?subs=x", "/varz"):
        ask(monitor, target)
    for target in ("/jsz", "/jsz?limit=x", "/ipqueuesz", "/raftz", "/stacksz", "/debug/vars", "/x"):
        ask(monitor, target)
    assert monitor.about.requests == {"/": 1, "/connz": 2, "/varz": 1, "/jsz": 2}


@pytest.mark.parametrize(
    "target",
    [
        "/nope",
        "/varz/",
        "/VARZ",
        "/varz%00",
        "/%2e%2e/varz",
        "/debug/",
        "/debug/pprof/",
        "/%2Fvarz",
    ],
)
def test_unknown_paths(target: str) -> None:
    assert ask(_monitor(), target) == NOT_FOUND


@pytest.mark.parametrize("target", ["/conn%7a", "/connz?a;b&%zz=1", "/connz?callback=x", "/connz?"])
def test_the_same_page_by_other_names(target: str) -> None:
    assert ask(_monitor(), target).headers == JSON


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("//connz", "/connz"),
        ("/./connz", "/connz"),
        ("/a/../connz?x=1", "/connz?x=1"),
        ("/varz//?a=%zz&b=<c>", "/varz/?a=%zz&b=<c>"),
        ("/a//b/", "/a/b/"),
        ("/..", "/"),
        ("//%3ca%3e//b", "/%3ca%3e/b"),
    ],
)
def test_paths_that_are_not_in_their_proper_form(target: str, place: str) -> None:
    monitor = _monitor()
    assert ask(monitor, target) == _redirect(place)
    assert ask(monitor, target, "POST") == Answer(307, b"", (("Location", place),))
    assert ask(monitor, target, "HEAD") == Answer(307, b"", _redirect(place).headers)


def test_bad_parameters_are_told_in_plain_text() -> None:
    assert ask(_monitor(), "/connz?sort=x") == Answer(400, b"invalid sorting option: x", TEXT)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "FOO"])
def test_the_method_does_not_matter(method: str) -> None:
    assert ask(_monitor(), "/connz", method).status == 200


def test_the_index_links_every_page() -> None:
    answer = ask(_monitor(), "/")
    assert answer.headers == (("Content-Type", "text/html; charset=utf-8"),)
    links = re.findall(r'href="\./([\w/]+)"', answer.body.decode())
    assert set(links) == {*ENDPOINTS, "metrics", "debug/vars", "stacksz"}
    for link in links:
        if link != "metrics":  # see test_metrics
            assert ask(_monitor(), f"/{link}").status in (200, 404)


def test_every_page_and_parameter_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()
    rows = dict(re.findall(r"^\| `/([\w/]*)` \|[^|]*\|(.*)\|$", text, re.MULTILINE))
    assert set(rows) == {"", *ENDPOINTS, "metrics", "debug/vars", "stacksz"}
    asked: list[str] = []

    class Recorder(Parameters):
        def text(self, name: str) -> str:
            asked.append(name)
            return ""

    for name, endpoint in ENDPOINTS.items():
        asked.clear()
        endpoint.from_url(Recorder())
        documented = set(re.findall(r"`([\w-]+)`", rows[name]))
        assert documented == set(asked) - {"js-enabled"}, name


def test_base_path() -> None:
    monitor = _monitor(Options(http_base_path="/a/nats"))
    assert ask(monitor, "/a/nats/varz").status == 200
    index = ask(monitor, "/a/nats")
    assert b'href="./nats/varz"' in index.body
    assert ask(monitor, "/a/nats/debug/vars").status == 200
    for target in ("/varz", "/a/natsvarz", "/a/nats/", "/", "/a", "/a/nats/none"):
        assert ask(monitor, target) == NOT_FOUND
    assert monitor.about.requests == {"/varz": 1, "/": 1}


@pytest.mark.parametrize("in_turns", [False, True])
def test_a_failure_of_ours_is_told_and_logged(monkeypatch, in_turns: bool) -> None:
    def fail(about: Any, asked: Any) -> Any:
        raise ValueError("oops")

    def fail_later(about: Any, asked: Any) -> Any:
        yield lambda resume: resume(None)
        raise ValueError("oops")

    broken = Endpoint(VarzOptions, VarzOptions.from_url, fail_later if in_turns else fail)
    monkeypatch.setitem(endpoints.ENDPOINTS, "varz", broken)
    logged: list[tuple[str, str]] = []
    answer = ask(Monitor(About(new_node(logged=logged), Options())), "/varz")
    assert answer == Answer(500, b"500 Internal Server Error", TEXT)
    assert logged == [("ERR", "Monitoring failed: ValueError: oops")]


def test_a_connection() -> None:
    monitor = _monitor()
    session = monitor.accept("127.0.0.1", 1)
    link = session.link = FakeLink(session)
    session.connected()
    request = b"GET /varz HTTP/1.1\r\nHost: x\r\n\r\n"
    session.receive(memoryview(request), 0, len(request))
    assert link.sent.startswith(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n")
    monitor.about.node.clock.advance(61 * SECOND)
    monitor.about.node.timers.run_due()
    assert link.aborted


def test_too_many_connections_cost_the_oldest_its_place() -> None:
    monitor = _monitor()
    links = []
    for number in range(258):
        session = monitor.accept("127.0.0.1", number)
        links.append(FakeLink(session))
        session.link = links[-1]
    assert [link.aborted for link in links] == [True, True] + [False] * 256
    monitor.close()
    assert all(link.aborted for link in links)
