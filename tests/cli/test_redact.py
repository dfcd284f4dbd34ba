"""Secrets of the command line."""

import sys
from pathlib import Path

import pytest

from headwater.cli import redact
from headwater.cli.redact import redact_command_line, redacted
from tests.server.processes import LOCAL, ServerProcess


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("python -m headwater server --user u --pass geheim -p 1", "--user u --pass xxxxxx -p 1"),
        ("server --pass=geheim", "--pass=xxxxxx"),
        ("server -auth geheim", "-auth xxxxxx"),
        ("server --auth=ge=heim", "--auth=xxxxxxx"),
        ("server --pass", "--pass"),
        ("server --passed geheim", "--passed geheim"),
        ("server pass geheim", "pass geheim"),
    ],
)
def test_only_secrets_are_hidden(words, expected):
    found = redacted(words.replace(" ", "\0").encode() + b"\0").decode()
    assert found.rstrip("\0").replace("\0", " ").endswith(expected)
    assert len(found) == len(words) + 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_nobody_sees_the_secrets_of_a_running_server(tmp_path):
    flags = (*LOCAL, "--user", "geheimrat", "--pass", "geheim", "-D")
    with ServerProcess(tmp_path, *flags) as server:
        server.wait_ready()
        shown = arguments(server.pid)
        assert shown[-6:] == ["--user", "geheimrat", "--pass", "xxxxxx", "-D", ""]


@pytest.mark.parametrize("text", ["", "1 (x) S 1", "1 (x) " + "a " * 60])
def test_a_system_without_such_a_list_is_left_alone(text, tmp_path, monkeypatch):
    monkeypatch.setattr(redact, "_PROCESS", tmp_path)
    assert not redact_command_line()
    (tmp_path / "stat").write_text(text)
    assert not redact_command_line()
