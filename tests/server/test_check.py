"""What can be told of a configuration before a server starts."""

import asyncio
from pathlib import Path

import pytest

from headwater.base.errors import ConfigError
from headwater.base.log import Log
from headwater.cli.main import main
from headwater.config.load import from_text
from headwater.config.options import Options, TlsOptions
from headwater.server.check import check
from headwater.server.service import Service


def options(text: str, **environment: str) -> Options:
    return from_text(text, environment, "f.conf")


def error_of(text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as raised:
        check(options(text, **environment))
    return str(raised.value)


@pytest.fixture
def files(certificates):
    return {"CERT": str(certificates.cert_file), "KEY": str(certificates.key_file)}


def test_what_can_be_had(files):
    check(Options())
    check(options("tls { cert_file: $CERT, key_file: $KEY }", **files))
    check(options("accounts { A: { users: [ {user: a, password: b} ] } }"))


def test_files_that_are_no_certificates(files):
    text = error_of("\n  tls { cert_file: $KEY, key_file: $CERT }", **files)
    assert text.startswith("f.conf:2:3: tls: ")
    assert "no certificate and its key" in text
    text = error_of("tls { cert_file: $CERT, key_file: $KEY, ca_file: $KEY }", **files)
    assert text.startswith(f"f.conf:1:1: tls: {files['KEY']} holds no certificates")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "tls { cert_file: $CERT, key_file: $KEY, verify_and_map: true }",
            "f.conf:1:1: tls: users by certificate (verify_and_map) is not supported",
        ),
    ],
)
def test_what_is_not_done_yet_and_cannot_be_ignored(text, error, files):
    assert error_of(text, **files) == f"{error} by this version"


def test_a_server_does_not_start_without_what_it_is_asked_for():
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(ConfigError, match=r"verify_and_map.* is not supported"):
            Service(Options(tls=TlsOptions(verify_and_map=True)), loop, Log())
    finally:
        loop.close()


def test_the_command_says_it(tmp_path: Path, files, capsys):
    path = tmp_path / "server.conf"
    path.write_text(f"tls {{ cert_file: '{files['KEY']}', key_file: '{files['CERT']}' }}\n")
    assert main(["server", "-t", "-c", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"headwater: {path}:1:1: tls: ")
    path.write_text("accounts { A: { limits {} } }\n")
    assert main(["server", "-t", "-c", str(path)]) == 0
