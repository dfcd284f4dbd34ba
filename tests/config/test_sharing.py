"""What accounts may import: the same verdicts, in the same words, as nats-server's."""

import re
import subprocess
from pathlib import Path

import pytest

from headwater.base.errors import ConfigError
from headwater.config.load import from_text

_CONFIG = """
accounts {
  A { exports: [ %s ], imports: [ %s ] }
  B { exports: [ %s ], imports: [ %s ] }
  C { exports: [ %s ], imports: [ %s ] }
}
"""
# Exports and imports of A, B and C.
# Without a stream that has a response_threshold: nats-server refuses that or not, as the order of
# the two in a map of its own happens to be.
CASES = [
    ("{stream: foo}", "", "", "{stream:{account: A, subject: foo}}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: A, subject: bar}}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: X, subject: foo}}", "", ""),
    (
        "{stream: foo}",
        "",
        "",
        "{stream:{account: A, subject: foo}},{stream:{account: A, subject: foo}}",
        "",
        "",
    ),
    (
        "{stream: foo}",
        "",
        "",
        "{stream:{account: A, subject: foo}},{stream:{account: A, subject: foo}, prefix: x}",
        "",
        "",
    ),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.*}, to: 'bar'}", "", ""),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.*}, to: 'bar.*'}", "", ""),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.*}, to: 'bar.$1'}", "", ""),
    (
        "{stream: foo.*.*}",
        "",
        "",
        "{stream:{account: A, subject: foo.*.*}, to: 'bar.$2.$1'}",
        "",
        "",
    ),
    ("{stream: foo.*.*}", "", "", "{stream:{account: A, subject: foo.*.*}, to: 'bar.$1'}", "", ""),
    (
        "{stream: foo.*.*}",
        "",
        "",
        "{stream:{account: A, subject: foo.*.*}, to: 'bar.$1.$1.$2'}",
        "",
        "",
    ),
    (
        "{stream: foo.*}",
        "",
        "",
        "{stream:{account: A, subject: foo.*}, to: 'bar.{{wildcard(1)}}'}",
        "",
        "",
    ),
    (
        "{stream: foo.*}",
        "",
        "",
        "{stream:{account: A, subject: foo.*}, to: 'bar.{{partition(3,1)}}'}",
        "",
        "",
    ),
    ("{stream: foo.>}", "", "", "{stream:{account: A, subject: foo.>}, to: 'bar.>'}", "", ""),
    ("{stream: foo.>}", "", "", "{stream:{account: A, subject: foo.>}, to: 'bar'}", "", ""),
    ("{stream: foo.>}", "", "", "{stream:{account: A, subject: foo.>}, prefix: 'bar'}", "", ""),
    ("{stream: foo.>}", "", "", "{stream:{account: A, subject: foo.>}, prefix: 'bar.*'}", "", ""),
    ("{stream: foo.>}", "", "", "{stream:{account: A, subject: foo.*}}", "", ""),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.>}}", "", ""),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.x}, to: y}", "", ""),
    ("{stream: foo.*}", "", "", "{stream:{account: A, subject: foo.x}, to: 'y.*'}", "", ""),
    ("{stream: foo}", "{stream:{account: A, subject: foo}}", "", "", "", ""),
    ("{stream: foo, accounts:[C]}", "", "", "{stream:{account: A, subject: foo}}", "", ""),
    ("{stream: foo, accounts:[X]}", "", "", "", "", ""),
    ("{stream: foo, accounts:[]}", "", "", "{stream:{account: A, subject: foo}}", "", ""),
    ("{stream: foo},{stream: foo}", "", "", "", "", ""),
    ("{stream: 'foo..bar'}", "", "", "", "", ""),
    ("{service: 'foo..bar'}", "", "", "", "", ""),
    ("{service: 'foo bar'}", "", "", "", "", ""),
    ("{accounts:[B]}", "", "", "", "", ""),
    ("{stream: foo, response: stream}", "", "", "", "", ""),
    ("{stream: foo, latency: x}", "", "", "", "", ""),
    ("{service: foo, response: bogus}", "", "", "", "", ""),
    ("{service: foo, response: stream, latency: x}", "", "", "", "", ""),
    ("{service: foo, response: chunked, latency: x}", "", "", "", "", ""),
    ("{service: foo, latency: {sampling: 50}}", "", "", "", "", ""),
    ("{service: foo, latency: {sampling: 0, subject: x}}", "", "", "", "", ""),
    ("{service: foo, latency: {sampling: 150, subject: x}}", "", "", "", "", ""),
    ("{service: foo, latency: {sampling: headers, subject: 'x.*'}}", "", "", "", "", ""),
    ("{service: foo, latency: 'x.*'}", "", "", "", "", ""),
    ("{service: foo, latency: 'foo'}", "", "", "", "", ""),
    ("{service: foo, response_threshold: 1s}", "", "", "", "", ""),
    ("{service: foo, response: stream, response_threshold: 1s}", "", "", "", "", ""),
    ("{service: foo.*, account_token_position: 2}", "", "", "", "", ""),
    ("{service: foo.*, account_token_position: 1}", "", "", "", "", ""),
    ("{service: foo.*, account_token_position: 3}", "", "", "", "", ""),
    ("{service: foo, account_token_position: 1}", "", "", "", "", ""),
    (
        "{stream: 'foo.*', account_token_position: 2}",
        "",
        "",
        "{stream:{account: A, subject: foo.B}}",
        "",
        "",
    ),
    (
        "{stream: 'foo.*', account_token_position: 2}",
        "",
        "",
        "{stream:{account: A, subject: foo.C}}",
        "",
        "",
    ),
    (
        "{stream: 'foo.*', account_token_position: 2}",
        "",
        "",
        "{stream:{account: A, subject: foo.*}}",
        "",
        "",
    ),
    (
        "{stream: 'foo.*', accounts:[B], account_token_position: 2}",
        "",
        "",
        "{stream:{account: A, subject: foo.B}}",
        "",
        "",
    ),
    ("{service: foo}", "", "", "{service:{account: A, subject: foo}}", "", ""),
    ("{service: foo}", "", "", "{service:{account: A, subject: bar}}", "", ""),
    ("{service: foo}", "", "", "{service:{account: X, subject: foo}}", "", ""),
    ("{service: foo, accounts:[C]}", "", "", "{service:{account: A, subject: foo}}", "", ""),
    (
        "{service: foo}",
        "",
        "",
        "{service:{account: A, subject: foo}},{service:{account: A, subject: foo}}",
        "",
        "",
    ),
    (
        "{service: foo}",
        "",
        "",
        "{service:{account: A, subject: foo}, to: x},{service:{account: A, subject: foo}, to: y}",
        "",
        "",
    ),
    (
        "{service: foo},{service: bar}",
        "",
        "",
        "{service:{account: A, subject: foo}, to: x},{service:{account: A, subject: bar}, to: x}",
        "",
        "",
    ),
    (
        "{service: foo}",
        "",
        "{service: foo}",
        "{service:{account: A, subject: foo}}",
        "",
        "{service:{account: B, subject: foo}},{service:{account: A, subject: foo}}",
    ),
    ("{service: foo.*}", "", "", "{service:{account: A, subject: foo.*}, to: 'x'}", "", ""),
    ("{service: foo.*}", "", "", "{service:{account: A, subject: foo.*}, to: 'x.*'}", "", ""),
    ("{service: foo.*}", "", "", "{service:{account: A, subject: foo.*}, to: 'x.$1'}", "", ""),
    (
        "{service: foo.*.*}",
        "",
        "",
        "{service:{account: A, subject: foo.*.*}, to: 'x.$2.$1'}",
        "",
        "",
    ),
    (
        "{service: foo.*.*}",
        "",
        "",
        "{service:{account: A, subject: 'foo.$2.$1'}, to: 'x.*.*'}",
        "",
        "",
    ),
    ("{service: foo.*.*}", "", "", "{service:{account: A, subject: foo.*.*}, to: 'x.*'}", "", ""),
    ("{service: foo.*.*}", "", "", "{service:{account: A, subject: foo.*.*}, to: 'x.$1'}", "", ""),
    ("{service: foo.>}", "", "", "{service:{account: A, subject: foo.>}, to: 'x.>'}", "", ""),
    ("{service: foo.>}", "", "", "{service:{account: A, subject: foo.>}, to: 'x'}", "", ""),
    ("{service: foo.>}", "", "", "{service:{account: A, subject: foo.x}, to: 'x'}", "", ""),
    ("{service: foo.>}", "", "", "{service:{account: A, subject: foo.x}, to: 'x.*'}", "", ""),
    (
        "{service: foo.*}",
        "",
        "",
        "{service:{account: A, subject: foo.*}, to: 'x.{{wildcard(1)}}'}",
        "",
        "",
    ),
    ("{service: foo.*}", "", "", "{service:{account: A, subject: foo.*}, prefix: 'x'}", "", ""),
    ("{service: foo}", "", "", "{service:{account: A, subject: foo}, share: true}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: A, subject: foo}, share: true}", "", ""),
    ("", "", "", "{to: x}", "", ""),
    ("{service: foo}", "", "", "{service:{account: A}}", "", ""),
    ("{service: foo}", "", "", "{service:{subject: foo}}", "", ""),
    (
        "{service: foo}",
        "{service:{account: B, subject: foo}}",
        "{service: foo}",
        "{service:{account: A, subject: foo}}",
        "",
        "",
    ),
    (
        "{service: foo}",
        "{service:{account: B, subject: bar}, to: foo}",
        "{service: bar}",
        "{service:{account: A, subject: foo}, to: bar}",
        "",
        "",
    ),
    (
        "{service: foo}",
        "{service:{account: B, subject: bar}}",
        "{service: bar}",
        "{service:{account: A, subject: foo}}",
        "",
        "",
    ),
    (
        "{service: foo}",
        "{service:{account: C, subject: foo}}",
        "{service: foo}",
        "{service:{account: A, subject: foo}}",
        "{service: foo}",
        "{service:{account: B, subject: foo}}",
    ),
    ("{service: foo}", "{service:{account: A, subject: foo}, to: bar}", "", "", "", ""),
    ("{service: foo}", "{service:{account: A, subject: foo}}", "", "", "", ""),
    (
        "{stream: foo}",
        "{stream:{account: B, subject: foo}}",
        "{stream: foo}",
        "{stream:{account: A, subject: foo}}",
        "",
        "",
    ),
    (
        "{stream: foo}",
        "{stream:{account: B, subject: bar}, to: foo}",
        "{stream: bar}",
        "{stream:{account: A, subject: foo}, to: bar}",
        "",
        "",
    ),
    (
        "{stream: foo}",
        "{stream:{account: C, subject: foo}}",
        "{stream: foo}",
        "{stream:{account: A, subject: foo}}",
        "{stream: foo}",
        "{stream:{account: B, subject: foo}}",
    ),
    ("{stream: foo}", "", "", "{service:{account: A, subject: foo}}", "", ""),
    ("{service: foo}", "", "", "{stream:{account: A, subject: foo}}", "", ""),
    (
        "{service: foo, allow_trace: true}",
        "",
        "",
        "{service:{account: A, subject: foo}, allow_trace: true}",
        "",
        "",
    ),
    (
        "{stream: foo, allow_trace: true}",
        "",
        "",
        "{stream:{account: A, subject: foo}, allow_trace: true}",
        "",
        "",
    ),
    ("{stream: '>'}", "", "", "{stream:{account: A, subject: '$SYS.>'}}", "", ""),
    ("{service: '>'}", "", "", "{service:{account: A, subject: '$JS.API.>'}}", "", ""),
    (
        "{stream: foo},{service: foo}",
        "",
        "",
        "{stream:{account: A, subject: foo}},{service:{account: A, subject: foo}}",
        "",
        "",
    ),
    ("{service: foo}", "", "", "{service:{account: A, subject: foo}, to: 'a b'}", "", ""),
    ("{service: foo}", "", "", "{service:{account: A, subject: foo}, to: 'a..b'}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: A, subject: foo}, to: 'a..b'}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: A, subject: foo}, prefix: 'a..b'}", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: A, subject: 'foo..b'}}", "", ""),
    (
        "{stream: foo.*, accounts: [B]},{stream: foo.x}",
        "",
        "",
        "",
        "",
        "{stream:{account: A, subject: foo.x}}",
    ),
    (
        "{stream: foo.*},{stream: foo.x, accounts:[B]}",
        "",
        "",
        "",
        "",
        "{stream:{account: A, subject: foo.x}}",
    ),
    ("{stream: foo, bogus: 1}", "", "", "", "", ""),
    ("{stream: foo}", "", "", "{stream:{account: '$G', subject: foo}}", "", ""),
    ("{stream: foo, accounts: ['$G']}", "", "", "", "", ""),
    ("{stream: foo, accounts: ['$SYS']}", "", "", "", "", ""),
]


@pytest.mark.hub
def test_same_verdicts_in_the_same_words(nats_server_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "server.conf"
    different = []
    for case in CASES:
        path.write_text(_CONFIG % case)
        found = subprocess.run(
            [nats_server_path, "-t", "-c", str(path)], capture_output=True, text=True, check=False
        )
        their = _words(found.stderr) if found.returncode else ""
        our = _words(_ours(path.read_text()))
        if bool(their) != bool(our) or their not in our:
            different.append((case, their, our))
    assert not different


@pytest.mark.parametrize(
    ("case", "error"),
    [
        (("{stream: a}", "", "", "{stream: {account: A, subject: a}}", "", ""), ""),
        (
            ("{stream: a}", "", "", "{stream: {account: A, subject: b}}", "", ""),
            'Error adding stream import "b": stream import not authorized',
        ),
        (
            ("{stream: a, accounts: [C]}", "", "", "{stream: {account: A, subject: a}}", "", ""),
            "not authorized",
        ),
        (
            (
                "{service: a.*, account_token_position: 2}",
                "",
                "",
                "{service: {account: A, subject: a.C}}",
                "",
                "",
            ),
            "not authorized",
        ),
        (
            (
                "{service: a}",
                "{service: {account: B, subject: a}}",
                "{service: a}",
                "{service: {account: A, subject: a}}",
                "",
                "",
            ),
            "import forms a cycle",
        ),
        (
            (
                "{stream: a.>}",
                "",
                "",
                "{stream: {account: A, subject: a.>}, prefix: b, to: c}",
                "",
                "",
            ),
            "can not have a 'prefix' and a 'to'",
        ),
        (("{stream: a, service: a}", "", "", "", "", ""), "a stream and a service"),
        (("{service: a, latency: {sampling: x, subject: b}}", "", "", "", "", ""), "a percentage"),
    ],
)
def test_verdicts(case: tuple[str, ...], error: str) -> None:
    assert error in _ours(_CONFIG % case)
    assert bool(error) == bool(_ours(_CONFIG % case))


def _ours(text: str) -> str:
    try:
        from_text(text, {}, "server.conf")
    except ConfigError as error:
        return str(error)
    return ""


def _words(text: str) -> str:
    found = re.search(r"server\.conf:\d+:\d+: (.*)", text)
    # Which account of a cycle is found first is left to chance.
    return re.sub(r'"[^"]*": (import forms a cycle)', r"\1", found[1] if found else text)
